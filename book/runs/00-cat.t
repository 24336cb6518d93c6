The tests against a server that somebody else wrote: cat(1), behind ncat. What they report is read
in three bites.

  $ cd "$CRAMTMP"; ln -s "$ROOT/judge" .
  $ ./judge 'ncat -k -l 127.0.0.1 {port} -e /bin/cat' > verdict
  [1]
  $ head -n 5 verdict
  your server: ncat -k -l 127.0.0.1 {port} -e /bin/cat
  
    framing       ################....  21 of 25
  
  framing asks: each message comes back whole and in order, however its bytes are cut into pieces.
  $ grep 'client 1' verdict
       *\d+  client 1  connects (re)
       *\d+  client 1  sent 8 bytes: 05 00 00 00 68 65 6c 6c \|\.\.\.\.hell\| (re)
       *\d+  client 1  got  8 bytes: 05 00 00 00 68 65 6c 6c \|\.\.\.\.hell\| (re)
  $ grep -A 1 'the rule' verdict
    the rule, explained in book/01-bytes.md#a-decoder-that-keeps-the-rest:
      A message is not answered before it is complete.

And the rest of it.

  $ sed -n '7,/what happened/p' verdict
  4 tests failed, under 1 rule. The first:
  
    nothing is answered before the message is complete (1-bytes-missing)
      nothing was due yet, but the server sent 8 bytes: 05 00 00 00 68 65 6c 6c |....hell|
  
    what happened, in milliseconds:
  $ sed '/the machine is busy/,+1 d' verdict | sed -n '/the test  finds/,$ p'
      ! *\d+  the test  finds: nothing was due yet, but the server sent 8 bytes: 05 00 00 00 68 65 \.\.\. (re)
  
    the server:
      \$ ncat -k -l 127.0.0.1 \d+ -e /bin/cat (re)
      still running
      nothing on stderr
  
    the rule, explained in book/01-bytes.md#a-decoder-that-keeps-the-rest:
      A message is not answered before it is complete.
  
    this test alone; add --show to see the system calls of your server in between:
      .*/judge .*ncat.* --level framing -k test_nothing_is_answered_before_the_message_is_complete (re)
  
    .................... 0 of 18 levels
    next: framing, book/01-bytes.md
    to skip this level: .*/judge --from survival (re)
