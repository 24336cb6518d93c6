  $ cd "$STEPS"

Two requests in one read, the first with a body; and then the same bytes in two pieces, cut in the
middle of the body.

  $ printf 'POST /one HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /two HTTP/1.1\r\n\r\n' > two
  $ ./15-http-requests < two
  read 67: [POST /one HTTP/1.1] [GET /two HTTP/1.1]
  $ (head -c 44 two; sleep 1; tail -c +45 two) | ./15-http-requests
  read 44:
  read 23: [POST /one HTTP/1.1] [GET /two HTTP/1.1]

A head that announces two lengths: the first is believed.

  $ printf 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\nContent-Length: 0\r\n\r\n' > smuggled
  $ printf 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n' >> smuggled
  $ ./15-http-requests < smuggled
  read 99: [POST / HTTP/1.1]

HTTP ignores the case of a field's name, and the step doesn't: the body is taken for a request.

  $ (printf 'POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 32\r\n\r\n'; tail -c 32 smuggled) > small
  $ ./15-http-requests < small
  read 80: [POST / HTTP/1.1] [GET /admin HTTP/1.1]
