  $ . "$ROOT/tools/shell.sh"

A client has sent a message and the beginning of another when the stop comes, and the server, which
was suspended, has read neither. It gets the answer to the first, and the end of the stream. Another that is
in the backlog is reset.

  $ start part1
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; head -c 6 <&5 >/dev/null
  $ exec 6<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&6
  $ suspend; printf '\3\0\0\0bye\5\0\0\0hel' >&5
  $ kill $pid; kill -CONT $pid; exit_status
  exit status 0
  $ cat <&5 | xxd
  00000000: 0300 0000 6279 65                        ....bye
  $ cat <&6 | xxd; exec 6>&-
  cat: -: Connection reset by peer
