  $ . "$ROOT/tools/shell.sh"

A server that believes any news from its successor leaves to one that has failed. What becomes of the
impostors depends on which of the two it looks at first; there is no server left for two successors.

  $ page 02-handover
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -      if (recv(successor, &byte, 1, 0) == 1) return;  // it serves
  > +      if (recv(successor, &byte, 1, 0) >= 0) return;  // it serves
  > END
  $ build page && ./page 2> /dev/null
  1 binds the port
  2 is handed the socket
  3 is handed the socket, and fails to start
  4 binds the port
  5 is handed the socket
  unanswered: [1-9]\d{2,3} of \d{4,} (re)
  two impostors: harm(ful|less) (re)
  [1]

Telling the proxy is not enough.

  $ without 'while (drain_first' 04-rolling && ./without
  - while (drain_first && server.connections > 0) std::this_thread::sleep_for(1ms);
  killed         [1-9]\d? of \d{2,} unanswered (re)
  drained first  [1-9]\d? of \d{2,} unanswered (re)
