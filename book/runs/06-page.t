  $ . "$ROOT/tools/shell.sh"

The small server of chapter 6 with == where a rule of the chapter has != 0: after a reset it spins.

  $ two_seconds() { processor_time; sleep 2; processor_time; }
  $ page 02-poll-server small
  $ "$ROOT/book/tools/edit.py" small.cc << 'END'
  > -      if (entries[i].revents == 0 || echo(entries[i].fd)) {
  > +      if (entries[i].revents != POLLIN || echo(entries[i].fd)) {
  > END
  $ build small && start ./small
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; echo hi >&5; sleep 0.5; exec 5>&-; two_seconds
  \d+ ms (re)
  \d{2,} ms (re)

The page, with an interest of its reader's, at first the obvious one: who always asks for room spins.

  $ yours interest 08-poll-loop
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  short interest(const Client& client) {
  > -  return {};  // yours
  > +  return POLLIN | POLLOUT;
  >  }
  > END
  $ build page && start ./page; crowd 1; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d+ ms (re)
  \d{2,} ms (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  return POLLIN | POLLOUT;
  > +  return client.held.empty() && client.state != State::ending ? POLLIN : POLLOUT;
  > END
  $ build page && start ./page 0 --read-timeout 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ two_seconds
  \d?0 ms (re)
  \d?0 ms (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ timeout --foreground 1 cat <&5 | wc -c
  \d{7,} (re)

Out of descriptors: without parking, and with it.

  $ without 'fd < 0) parked_until' page && start ./without 2> /dev/null
  - if (fd < 0) parked_until = retry_time(now);
  listening on 127\.0\.0\.1:\d+ (re)
  $ prlimit --nofile=8 --pid $pid; crowd 9; two_seconds
  \d+ ms (re)
  \d{3,} ms (re)
  $ start ./page 2> /dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ prlimit --nofile=8 --pid $pid; crowd 9; two_seconds
  \d?0 ms (re)
  \d?0 ms (re)

A handler that writes nothing ends nothing.

  $ without eventfd_write page && start ./without
  - eventfd_write(wake, 1);
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill $pid; timeout 2 tail --pid=$pid -f /dev/null; echo "exit status $?"
  exit status 124
  $ kill -KILL $pid; start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill $pid; exit_status
  exit status 0
