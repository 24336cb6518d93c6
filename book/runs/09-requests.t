  $ . "$ROOT/tools/shell.sh"

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
