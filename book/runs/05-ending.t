Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80
  $ ln -s "$BUILD/part3-nonblocking/steps/04-patient-loop" "$CRAMTMP"; cd "$CRAMTMP"  # where it writes the calls

A message and then a length that is too long: the answer goes out, then the page's end of stream.
What the client still sends is discarded, until its two seconds are over.

  $ start ./04-patient-loop
  listening on 127\.0\.0\.1:\d+ (re)
  $ talk() { printf '\2\0\0\0hi\377\377\377\377' >&5; sleep 1; echo "more" >&5; sleep 2; }
  $ exec 5<>/dev/tcp/127.0.0.1/$port; calls_while talk; grep '^[a-z]*(4' calls | grep -v EAGAIN
  recvfrom(4, "\2\0\0\0hi\377\377\377\377", 65540, 0, NULL, NULL) = 10
  sendto(4, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6
  shutdown\(4, SHUT_WR\) += 0 (re)
  recvfrom(4, "more\n", 4096, 0, NULL, NULL) = 5
  close\(4\) += 0 (re)
  $ cat <&5 | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop

Without the line that says so, he never lingers: each of his turns is the first move again.

  $ without 'client.state = State::lingering' 04-patient-loop && start ./without
  - client.state = State::lingering;
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; calls_while talk
  $ grep -v EAGAIN calls | grep -o '^[a-z]*(4' | uniq -c
   +1 recvfrom\(4 (re)
   +1 sendto\(4 (re)
   +\d{3,} shutdown\(4 (re)
  $ stop
