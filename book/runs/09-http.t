  $ . "$ROOT/tools/shell.sh"

A browser's question, put to the echo server: `GET ` is a length of 542 million.

  $ start part5 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ curl -sS --http1.1 http://127.0.0.1:$port/
  curl: \(\d+\) (Empty reply from server|Recv failure: Connection reset by peer) (re)
  [52]
  $ tail -f log | grep -om 1 'closed: .*'
  closed: message too long

Two lengths in one head, the bytes of part5's step 15-http-requests: no guess is made.

  $ printf 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\nContent-Length: 0\r\n\r\n' > smuggled
  $ printf 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n' >> smuggled
  $ start part5 --protocol http
  listening on 127\.0\.0\.1:\d+ (re)
  $ ncat 127.0.0.1 $port < smuggled
  HTTP/1.1 400 Bad Request\r (esc)
  Content-Length: 0\r (esc)
  Connection: close\r (esc)
  \r (esc)
  $ stop
