  $ . "$ROOT/tools/shell.sh"

  $ start part5 --read-timeout 1s --verbose 2> log
  listening on 127\.0\.0\.1:\d+ (re)

Six bytes make a message. Each comes well within a second of the one before.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; for byte in 2 0 0 0 150 151; do printf "\\$byte" >&5; sleep 0.4; done
  $ wc -c <&5
  0
  $ sed 's/.*closed: /closed: /' log | tail -n 1
  closed: timed out
  $ stop
