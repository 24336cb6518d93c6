  $ exec 4< <(exec "$BUILD/part5-epoll/part5-epoll" --port 0 2>&1); echo=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ curl() { command curl -sS "${@/5882/$port}"; }

A browser's question, put to the echo server: `GET ` is a length of 542 million.

  $ curl --http1.1 http://127.0.0.1:5882/
  curl: \(\d+\) (Empty reply from server|Recv failure: Connection reset by peer) (re)
  [52]
  $ read -r -t 5 line <&4; echo "${line#*: }"
  closed: message too long
  $ kill $echo; wait $echo

The same loop with another session.

  $ exec 4< <(exec "$BUILD/part5-epoll/part5-epoll" --port 0 --protocol http); http=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ curl --http1.1 -i http://127.0.0.1:5882/
  HTTP/1.1 200 OK\r (esc)
  Content-Type: text/plain\r (esc)
  Content-Length: 6\r (esc)
  \r (esc)
  hello
  $ kill $http; wait $http
