Skipped where strace is not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"

The page of chapter 8, as its reader makes it of chapter 7's. A client sends a byte now and then. If
each gave it more time, it would have as much as it likes.

  $ page 8
  $ dribble() { for byte in 2 0 0 0 150 151; do printf "\\$byte" >&5; sleep 0.4; done; }
  $ dribbled() { exec 5<>/dev/tcp/127.0.0.1/$port; (dribble 2> /dev/null &); time wc -c <&5; sleep 2; }
  $ TIMEFORMAT='%R s'; build page && start ./page 0 --read-timeout 1s; dribbled
  listening on 127\.0\.0\.1:\d+ (re)
  0
  [012]\.\d+ s (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    client.in.append(bytes, static_cast<std::size_t>(got));
  > +  client.deadline = patience_ends();
  > END
  $ build page && start ./page 0 --read-timeout 1s; dribbled
  listening on 127\.0\.0\.1:\d+ (re)
  6
  [3-9]\.\d+ s (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    client.in.append(bytes, static_cast<std::size_t>(got));
  > -  client.deadline = patience_ends();
  > END

A client that sends empty messages, four zeros each, as fast as it can, and never reads.

  $ flood() { exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5; }
  $ build page && start ./page 0 --read-timeout 5s; memory | grep RSS; flood; memory | grep RSS; queues
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  VmRSS: \d{4} (re)
  State Recv-Q Send-Q
  ESTAB [1-9]\d+ [1-9]\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

It has taken no byte for its five seconds, and the server closes it. But the kernel keeps the
answers and the end of the stream, whatever becomes of the process.

  $ gone; queues
  State Recv-Q Send-Q
  FIN-WAIT-1 0 [1-9]\d+ (re)
  $ kill -9 $pid; wait $pid; echo "exit status $?"
  exit status 137
  $ wc -c <&5
  [1-9]\d{5,} (re)

A client asks for eight million bytes, and at first takes its answers slowly, 25,000 bytes five times
a second. There is no room to report for three seconds.

  $ read_slowly() { for i in {1..20}; do sleep 0.2; head -c 25000; done; head -c 7500000; }
  $ slowly() { (head -c 8000000 /dev/zero >&5 2> /dev/null &); read_slowly <&5 2> /dev/null | wc -c; }
  $ start ./page 0 --read-timeout 3s; exec 5<>/dev/tcp/127.0.0.1/$port; slowly
  listening on 127\.0\.0\.1:\d+ (re)
  [1-7]\d{6} (re)

But its kernel does take some.

  $ sip() { for i in {1..8}; do head -c 50000; sleep 0.2; done; }
  $ start ./page 0 --read-timeout 0; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ (head -c 8000000 /dev/zero >&5 2> /dev/null &); sleep 1
  $ (sip <&5 > /dev/null &); calls_while send_queue; grep -c sendto calls
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  0
  [1]
  $ given unacknowledged
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    Time noted = {};                // the deadline that is in the set
  > +  int unacknowledged = 0;         // bytes, when we last sent or looked
  >  };
  >  // …
  > -  if (sent < 0) return not_now();
  > +  if (sent < 0 && !not_now()) return false;
  > +  if (sent < std::ssize(client.held)) client.unacknowledged = unacknowledged_bytes(client.fd);
  > +  if (sent < 0) return true;
  >    client.held.erase(0, static_cast<std::size_t>(sent));
  >  // …
  > -bool expire(Client& client) { return client.state != State::lingering && hang_up(client); }
  > +bool expire(Client& client) {
  > +  if (client.state == State::lingering) return false;
  > +  if (!client.held.empty()) {
  > +    // yours
  > +  }
  > +  return hang_up(client);
  > +}
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    if (!client.held.empty()) {
  > -    // yours
  > +    const int before = std::exchange(client.unacknowledged, unacknowledged_bytes(client.fd));
  > +    if (client.unacknowledged < before) {  // the client's kernel has taken some answers
  > +      client.deadline = patience_ends();
  > +      return true;
  > +    }
  >    }
  > END
  $ build page && start ./page 0 --read-timeout 3s; exec 5<>/dev/tcp/127.0.0.1/$port; slowly
  listening on 127\.0\.0\.1:\d+ (re)
  8000000
  $ start ./page 0 --read-timeout 2s; flood; time gone
  listening on 127\.0\.0\.1:\d+ (re)
  [0-9]\.\d+ s (re)

The server is suspended while a message comes in time, and hangs up without a look at it.

  $ late() { exec 5<>/dev/tcp/127.0.0.1/$port; sleep 0.1; kill -STOP $pid; sleep 0.2
  >   printf "$1" >&5; sleep 2; kill -CONT $pid; head -c 6 <&5 | wc -c; }
  $ start ./page 0 --read-timeout 1s; late '\2\0\0\0hi'
  listening on 127\.0\.0\.1:\d+ (re)
  0
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    if (client.state == State::lingering) return false;
  > -  if (!client.held.empty()) {
  > +  if (client.held.empty()) {
  > +    char byte;
  > +    if (recv(client.fd, &byte, 1, MSG_PEEK) > 0) return advance(client);  // we are late ourselves
  > +  } else {
  >      const int before = std::exchange(client.unacknowledged, unacknowledged_bytes(client.fd));
  > END
  $ build page && start ./page 0 --read-timeout 1s; late '\2\0\0\0hi'
  listening on 127\.0\.0\.1:\d+ (re)
  6
  $ start ./page 0 --read-timeout 1s; time late '\2\0\0\0h'
  listening on 127\.0\.0\.1:\d+ (re)
  0
  2\.\d+ s (re)

Places that do not come back are soon all taken.

  $ leave() { exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0h' >&5; exec 5>&-; }
  $ without 'clients.erase(token)' page && start ./without 0 --max-connections 20
  - clients.erase(token);
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..20}; do leave; done; printf '\2\0\0\0hi' | timeout 3 ncat 127.0.0.1 $port | xxd
  $ start ./page 0 --max-connections 20
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..20}; do leave; done; printf '\2\0\0\0hi' | timeout 3 ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

A stop, with messages that have arrived.

  $ unread() { crowd 200; suspend; for c in "${clients[@]}"; do head -c 100000 /dev/zero >&$c; done
  >   kill $pid; kill -CONT $pid; for c in "${clients[@]}"; do head -c 100000 <&$c; done 2> /dev/null | wc -c; }
  $ start ./page; unread
  listening on 127\.0\.0\.1:\d+ (re)
  (?!20000000)\d+ (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +// Every client that is here gets what it is owed.
  > +void drain() {
  > +  while (!clients.empty()) {
  > +    for (auto next = clients.begin(); next != clients.end();) {
  > +      auto& [token, client] = *next++;  // settle may erase it
  > +      settle(token, advance(client));
  > +    }
  > +    std::this_thread::sleep_for(5ms);  // no event reports an acknowledgement
  > +  }
  > +}
  > +
  >  void run_loop(int listener) {
  >  // …
  >      if (park != parked) watch_listener(listener, !park);
  >    }
  > +  close(listener);  // the kernel resets the connections in its queue
  > +  drain();
  >  }
  > END
  $ build page && start ./page; unread
  listening on 127\.0\.0\.1:\d+ (re)
  20000000

But it waits for a client that says no more, until the time is over.

  $ time exit_status
  exit status 0
  [2-9]\.\d+ s (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  > +  if (got < 0 && errno == EAGAIN && stopping) return false;  // all that had arrived is answered
  >    if (got < 0) return not_now();
  >    if (got == 0) return false;
  > END
  $ build page && start ./page; unread; time exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  20000000
  exit status 0
  [01]\.\d+ s (re)

A byte after the signal: a close before all is acknowledged brings on a reset.

  $ owed() { exec 5<>/dev/tcp/127.0.0.1/$port; head -c 2000000 /dev/zero >&5
  >   arrived; kill $pid; sleep 0.5; head -c $1 /dev/zero >&5; head -c 2000000 <&5 | wc -c; }
  $ start ./page; owed 1
  listening on 127\.0\.0\.1:\d+ (re)
  head: error reading 'standard input': Connection reset by peer
  \d{5,6} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -// The second: discards input, until the client's end of the stream.
  > +// The second: discards input, until the client's end of the stream. A stop waits only until all
  > +// answers are acknowledged.
  >  bool discard(Client& client) {
  >    char discarded[receive_bytes];
  >    const ssize_t got = recv(client.fd, discarded, sizeof discarded, 0);
  > -  return got < 0 ? not_now() : got > 0;
  > +  if (got < 0 && !not_now()) return false;
  > +  return stopping ? unacknowledged_bytes(client.fd) > 0 : got != 0;
  >  }
  >  // …
  > -  if (got < 0 && errno == EAGAIN && stopping) return false;  // all that had arrived is answered
  > +  if (got < 0 && errno == EAGAIN && stopping) return hang_up(client);  // all is answered
  > END
  $ build page && start ./page; owed 1; time exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  2000000
  exit status 0
  [01]\.\d+ s (re)
  $ start ./page; owed 16M
  listening on 127\.0\.0\.1:\d+ (re)
  2000000

A client takes no answers. A second signal is to end the stop at once, but not one that comes along
with the first.

  $ twice() { exec 5<>/dev/tcp/127.0.0.1/$port; head -c 2000000 /dev/zero >&5; arrived
  >   kill $pid; kill $pid; sleep 0.5; time { kill $pid; wait $pid; }; }
  $ start ./page; twice
  listening on 127\.0\.0\.1:\d+ (re)
  [4-9]\.\d+ s (re)
  $ given second-signal
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      on_stop();
  > -    std::this_thread::sleep_for(drain_limit);
  > -    _exit(0);  // some client has held us up for long enough
  > +    wait_for(signals, 100ms);  // for the same stop: timeout(1) sends two
  > +    wait_for(signals, drain_limit);
  > +    _exit(0);  // another one, or some client has held us up for long enough
  >    }).detach();
  > END
  $ build page && start ./page; twice
  listening on 127\.0\.0\.1:\d+ (re)
  0\.\d+ s (re)

The project has this page, too; only its head differs.

  $ diff -w page.cc $ROOT/part5-epoll/steps/19-under-attack.cc | grep '^[<>] [^/]'
  [1]
  $ stop
