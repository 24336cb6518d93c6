The server in Python, and one that has forgotten what a half-close is.

  $ cd "$ROOT"
  $ ./judge 'python3 tests/protocol/subjects/echo_server.py --port {port}' -k half_close 2>&1 | tail -n 1
  \d+ passed, 0 failed, 0 skipped (re)
  $ broken='python3 tests/protocol/subjects/broken_servers.py drops-half-closed'
  $ ./judge "$broken --port {port}" -k 1-bytes-of-it | grep -A 17 'what happened'
    what happened, in milliseconds:
           0  server    is started
       *\d+  the test  connects and leaves, to see whether it listens (re)
       *\d+  server    listens on port \d+ (re)
       *\d+  client 1  connects (re)
       *\d+  client 1  sent 15 bytes: 03 00 00 00 6f 6e 65 03 00 00 00 74 77 6f 0a \|\.\.\.\.one\.\.\.\.two\.\| (re)
       *\d+  client 1  shut down its sending side, still reading (re)
       *\d+  client 1  got  the end of the stream (re)
      ! *\d+  the test  finds: the server ended the stream after 0 of the 7 bytes of answer 1 of 2 (re)
  
    the server:
      \$ python3 tests/protocol/subjects/broken_servers\.py drops-half-closed --port \d+ (re)
      still running
      nothing on stderr
  
    the rule, explained in book/03-closing.md#an-end-on-one-side:
      A client that shuts down its sending side still gets the answer to every complete message,
      in full, and then the end of the stream.
