  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part2-threads/steps"

A client has sent a message and the beginning of another, and the server, suspended, has read
neither. The signal ends it at once, and the kernel closes the connection with input unread.

  $ start ./05-thread-each
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; head -c 6 <&5 >/dev/null
  $ suspend; printf '\3\0\0\0bye\5\0\0\0hel' >&5
  $ kill $pid; kill -CONT $pid; exit_status
  exit status 0
  $ cat <&5 | xxd
  cat: -: Connection reset by peer

The server that stops in good order answers the message, and does not wait for the rest of the other.

  $ start ./07-stop-them-all
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; head -c 6 <&5 >/dev/null
  $ suspend; printf '\3\0\0\0bye\5\0\0\0hel' >&5
  $ kill $pid; kill -CONT $pid; exit_status
  exit status 0
  $ cat <&5 | xxd
  00000000: 0300 0000 6279 65                        ....bye
