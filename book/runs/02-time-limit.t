  $ . "$ROOT/tools/shell.sh"

A client sends a whole message, a byte every half second. The time is for all of it.

  $ start part1 --read-timeout 2s
  listening on 127\.0\.0\.1:\d+ (re)
  $ dribble() { for byte in '\5' '\0' '\0' '\0' h e l l o; do printf $byte; sleep 0.5; done; }
  $ SECONDS=0; exec 5<>/dev/tcp/127.0.0.1/$port; (dribble >&5 &); cat <&5; echo "$SECONDS s"
  [23] s (re)
  $ stop
