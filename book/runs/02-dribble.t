  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

A client sends a whole message, a byte every half second, to a server with two seconds for a
message. With a limit for each call, it gets its answer, and two seconds more. With a deadline, it's
cut off.

  $ trap 'rm -f patient patient.cc limit' EXIT

  $ echo 'timeval t{2, 0}; setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);' > limit
  $ sed '/accept(/r limit' $ROOT/part1-blocking/steps/07-whole-server.cc > patient.cc
  $ g++ -std=c++23 patient.cc -o patient
  $ dribble() { for byte in '\5' '\0' '\0' '\0' h e l l o; do printf $byte; sleep 0.5; done; }
  $ start ./patient
  listening on 127\.0\.0\.1:\d+ (re)
  $ SECONDS=0; exec 5<>/dev/tcp/127.0.0.1/$port; (dribble >&5 &); cat <&5 | xxd; echo "$SECONDS s"
  00000000: 0500 0000 6865 6c6c 6f                   ....hello
  [678] s (re)
  $ start ./08-a-minute-each 0 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ SECONDS=0; exec 5<>/dev/tcp/127.0.0.1/$port; (dribble >&5 &); cat <&5 | xxd; echo "$SECONDS s"
  [23] s (re)
  $ stop
