  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part2-threads/steps"

A client has sent five thousand messages and the beginning of another, and the server, suspended, has
read none. The signal ends it at once, though on a busy machine the client's thread may answer some
before, and the kernel closes the connection with input unread.

  $ start ./02-thread-each
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; head -c 6 <&5 >/dev/null
  $ suspend; printf '\3\0\0\0bye%.0s' {1..5000} >&5; printf '\5\0\0\0hel' >&5
  $ kill $pid; kill -CONT $pid; exit_status
  exit status 0
  $ cat <&5 | wc -c
  cat: -: Connection reset by peer
  ([0-2]?\d)?\d{1,3} (re)

The server that stops in good order answers them all, and does not wait for the rest of the last.

  $ start ./04-stop-them-all
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; head -c 6 <&5 >/dev/null
  $ suspend; printf '\3\0\0\0bye%.0s' {1..5000} >&5; printf '\5\0\0\0hel' >&5
  $ kill $pid; kill -CONT $pid; exit_status
  exit status 0
  $ cat <&5 | wc -c
  35000
