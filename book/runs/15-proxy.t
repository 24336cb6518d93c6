  $ . "$ROOT/tools/shell.sh"

A client talks to the proxy, and its message reaches the server.

  $ cmake --build $BUILD --target uring-proxy > /dev/null
  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ server=$pid pid=
  $ start $BUILD/part6-uring/uring/examples/proxy 0 127.0.0.1 $port
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop; kill $server
