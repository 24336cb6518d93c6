  $ . "$ROOT/tools/shell.sh"

Chapter 8's page speaks HTTP, with a take of its reader's.

  $ yours take 19-under-attack web
  $ "$ROOT/book/tools/edit.py" web.cc << 'END'
  >  bool take(Client& client) {
  > -  return {};  // yours
  > +  if (!client.in.ends_with("\r\n\r\n")) return client.in.size() < message_bytes_max;
  > +  client.held += "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
  > +  client.in.clear();
  > +  return true;
  >  }
  > END
  $ build web && start ./web
  listening on 127\.0\.0\.1:\d+ (re)
  $ curl -sS --http1.1 -i http://127.0.0.1:$port/
  HTTP/1.1 200 OK\r (esc)
  Content-Length: 6\r (esc)
  \r (esc)
  hello

A head's announced length, read by its reader, and what becomes of two in one head.

  $ yours announced_length 15-http-requests requests
  $ printf 'POST /one HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /two HTTP/1.1\r\n\r\n' > two
  $ build requests && ./requests < two
  read 67: [POST /one HTTP/1.1] [helloGET /two HTTP/1.1]
  $ "$ROOT/book/tools/edit.py" requests.cc << 'END'
  >  std::size_t announced_length(const std::string& head) {
  > -  return {};  // yours
  > +  constexpr std::string_view field = "\r\nContent-Length:";
  > +  const std::size_t at = head.find(field);
  > +  return at == head.npos ? 0 : std::strtoul(head.c_str() + at + field.size(), nullptr, 10);
  >  }
  > END
  $ build requests && ./requests < two
  read 67: [POST /one HTTP/1.1] [GET /two HTTP/1.1]
  $ (head -c 44 two; sleep 1; tail -c +45 two) | ./requests
  read 44:
  read 23: [POST /one HTTP/1.1] [GET /two HTTP/1.1]
  $ printf 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\nContent-Length: 0\r\n\r\n' > smuggled
  $ printf 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n' >> smuggled
  $ ./requests < smuggled
  read 99: [POST / HTTP/1.1]
  $ "$ROOT/book/tools/edit.py" requests.cc << 'END'
  > -  const std::size_t at = head.find(field);
  > +  const std::size_t at = head.rfind(field);
  > END
  $ build requests && ./requests < smuggled
  read 99: [POST / HTTP/1.1] [GET /admin HTTP/1.1]

Without SO_REUSEPORT, a port has one owner.

  $ without 'SO_REUSEPORT, ' 17-full-loops && ./without 0 2
  - check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt");
  bind: Address already in use
  [1]

Two loops with one map of clients: each counts its tokens from 2.

  $ ln -s "$BUILD/part5-epoll/steps/20-page-with-loops" .
  $ page 20-page-with-loops shared
  $ "$ROOT/book/tools/edit.py" shared.cc << 'END'
  > -thread_local std::map<Token, Client> clients;             // a token never comes back
  > +std::map<Token, Client> clients;             // a token never comes back
  > END
  $ each() { crowd 64; for c in "${clients[@]}"; do printf '\2\0\0\0hi' >&$c; done; sleep 1
  >   for c in "${clients[@]}"; do timeout --foreground 0.1 head -c 6 <&$c; done; }
  $ build shared && start ./shared 0 --workers 2 2> errors; each 2> /dev/null | wc -c
  listening on 127\.0\.0\.1:\d+ (re)
  (?!384)\d{1,3} (re)
  $ kill -KILL $pid 2>> errors; start ./20-page-with-loops 0 --workers 2; each | wc -c
  listening on 127\.0\.0\.1:\d+ (re)
  384
  $ stop
