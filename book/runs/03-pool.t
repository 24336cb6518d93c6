  $ exec 4< <(exec "$BUILD/part2-threads/part2-threads" --port 0 --workers 2); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ ncat() { command ncat "${@/5882/$port}"; }
  $ crowd() { for i in $(seq $1); do exec {fd}<>/dev/tcp/127.0.0.1/$port; fds+=($fd); done; }

Two workers and two silent clients: the third one waits.

  $ crowd 2
  $ printf '\2\0\0\0hi' | ncat --idle-timeout 2 127.0.0.1 5882
  Ncat: Idle timeout expired (2000 ms).
  [1]

One of the two leaves.

  $ exec {fds[0]}>&-
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd
  00000000: 0200 0000 6869                           ....hi

  $ kill $pid; wait $pid
