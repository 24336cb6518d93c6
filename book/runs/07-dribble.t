  $ exec 4< <(exec "$BUILD/part5-epoll/part5-epoll" --port 0 --read-timeout 1s --verbose 2> log)
  $ pid=$!; read -r _ _ address <&4; port=${address#*:}
  $ ncat() { command ncat "${@/5882/$port}"; }

Six bytes make a message. Each comes well within a second of the one before.

  $ (for byte in 2 0 0 0 150 151; do printf "\\$byte"; sleep 0.4; done) | ncat 127.0.0.1 5882 | wc -c
  0
  $ sed 's/.*closed: /closed: /' log | tail -n 1
  closed: timed out

  $ kill $pid; wait $pid
