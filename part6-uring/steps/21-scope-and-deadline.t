  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS"/[0-9]* .

A limit for each receive lets a client that dribbles get all of its message in, and more.

  $ start ./17-coroutine-echo 0 --read-timeout 500ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ dribble() { printf '\20\0\0\0'; while printf x; do sleep 0.1; done; }
  $ TIMEFORMAT='%R s'
  $ exec 5<>/dev/tcp/127.0.0.1/$port; dribble >&5 | { time wc -c <&5; }
  20
  (1\.9|[2-9]\.)\d+ s (re)

The page without its stop, and without its look at the clock: the deadline passes, and ends nothing.

  $ page 21-scope-and-deadline page12
  $ build page12 && start ./page12 0 --read-timeout 500ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 2 cat <&5; echo $?
  124

With the look, the client leaves in time.

  $ "$ROOT/book/tools/edit.py" page12.cc << 'END'
  >        if (operation != nullptr) operation->complete(result);  // else the answer to a cancel
  >      }
  > +    const auto now = Clock::now();
  > +    for (const auto& [due, deadline] : Deadline::by_time) {
  > +      if (due > now) break;
  > +      if (!deadline->cancelled) deadline->cancel();
  > +    }
  >    }
  > END
  $ build page12 && start ./page12 0 --read-timeout 500ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; dribble >&5 | { time wc -c <&5; }
  0
  [01]\.\d+ s (re)

Those whose message has arrived while the process was suspended stay. It takes four reads: the last
two would begin after the deadline. Without the look at the socket, they are sent away.

  $ message() { printf '\20\47\0\0'; head -c 10000 /dev/zero; }
  $ in_time() { crowd 40; kill -STOP $pid
  >   for c in ${clients[@]}; do message >&$c; done; sleep 2.5; kill -CONT $pid
  >   for c in ${clients[@]}; do head -c 10004 <&$c; done 2>/dev/null | wc -c; }
  $ start ./page12 0 --read-timeout 2s; in_time
  listening on 127\.0\.0\.1:\d+ (re)
  400160
  $ without 'got = recv' page12
  - if (got == -ECANCELED) got = recv(client.fd, room.data(), room.size(), MSG_DONTWAIT);
  $ start ./without 0 --read-timeout 2s; in_time
  listening on 127\.0\.0\.1:\d+ (re)
  0

A stop of the server without a scope, and of the one whose scopes go with children in them.

  $ forty() { crowd 40; suspend
  >   for c in ${clients[@]}; do printf '\2\0\0\0hi' >&$c; done; kill -INT $pid; kill -CONT $pid
  >   for c in ${clients[@]}; do head -c 6 <&$c; done 2>/dev/null | wc -c; exit_status; }
  $ start ./17-coroutine-echo; forty
  listening on 127\.0\.0\.1:\d+ (re)
  0
  exit status 0
  $ without '// yours' page12
  - std::exit(0);  // yours
  $ start ./without; kill -INT $pid; wait $pid; echo "exit status $?"
  listening on 127\.0\.0\.1:\d+ (re)
  terminate called without an active exception
  exit status 134

Each is owed what had arrived.

  $ "$ROOT/book/tools/edit.py" page12.cc << 'END'
  > -  std::exit(0);  // yours
  > +  tasks.cancel();
  > +  co_await tasks.join();  // its accept may have brought one more client
  > +  close(listener);
  > +  for (Client* client : Client::here) client->end_stream();
  > +  co_await clients.join();
  >  }
  > END
  $ build page12 && start ./page12 && forty
  listening on 127\.0\.0\.1:\d+ (re)
  240
  exit status 0

Without the flag, a task that was cancelled begins what no cancel is for.

  $ without 'cancelled = true' page12
  - cancelled = true;
  $ start ./without
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -INT $pid; timeout 2 tail --pid=$pid -f /dev/null; echo $?
  124
  $ kill -KILL $pid

A byte that comes after both directions are shut brings on a reset, which destroys the answers.

  $ long() { for i in {1..20}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; }
  $ owed() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; sleep 0.5; kill -INT $pid; sleep 0.3
  >   printf x >&5; cat <&5 | wc -c; }
  $ start ./page12; owed
  listening on 127\.0\.0\.1:\d+ (re)
  cat: -: Connection reset by peer
  (?!1310800)\d+ (re)
  $ "$ROOT/book/tools/edit.py" page12.cc << 'END'
  >    if (!stopping && shutdown(client.fd, SHUT_WR) == 0) co_await discard(client);
  > +  if (stopping) co_await wait_until_acknowledged(client);  // a stop may begin while it lingers
  >    shutdown(client.fd, SHUT_WR);
  > END
  $ build page12 && start ./page12 && owed
  listening on 127\.0\.0\.1:\d+ (re)
  1310800

If the page waited like that on any other day, a client that never reads would keep its place.

  $ never_reads() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; sleep 4; ss -tnHp sport = :$port; }
  $ start ./page12 0 --read-timeout 300ms; never_reads | grep -c pid
  listening on 127\.0\.0\.1:\d+ (re)
  0
  [1]
  $ sed 's/if (stopping) co_await/co_await/' page12.cc > always.cc
  $ build always && start ./always 0 --read-timeout 300ms; never_reads | grep -c pid
  listening on 127\.0\.0\.1:\d+ (re)
  1

A client that lingers when the stop begins.

  $ lingers() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; printf '\377\377\377\377' >&5; sleep 0.7
  >   kill -INT $pid; sleep 0.3; printf x >&5; cat <&5 | wc -c; }
  $ start ./page12; lingers
  listening on 127\.0\.0\.1:\d+ (re)
  cat: -: Connection reset by peer
  (?!1310800)\d+ (re)
  $ "$ROOT/book/tools/edit.py" page12.cc << 'END'
  >    void end_stream() {
  > +    if (lingering) return deadline.cancel();
  >      shutdown(fd, SHUT_RD);
  > END
  $ build page12 && start ./page12 && lingers
  listening on 127\.0\.0\.1:\d+ (re)
  1310800

A client that takes none of its answers holds up the stop for as long as that may take.

  $ start ./page12; exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  listening on 127\.0\.0\.1:\d+ (re)
  [124]
  $ kill -INT $pid; timeout 2 tail --pid=$pid -f /dev/null; echo $?
  124
  $ kill -KILL $pid
  $ "$ROOT/book/tools/edit.py" page12.cc << 'END'
  >    for (Client* client : Client::here) client->end_stream();
  > +  Deadline end(drain_patience);
  > +  Scope last;
  > +  last.spawn(give_up(end, signals));
  >    co_await clients.join();
  > +  end.cancel();
  > +  co_await last.join();
  >  }
  > END
  $ build page12 && start ./page12 0 --drain-timeout 1s
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ time { kill -INT $pid; wait $pid; }; echo "exit status $?"
  [1-9]\.\d+ s (re)
  exit status 0

Without a client, a stop takes no time.

  $ start ./page12; time { kill -INT $pid; wait $pid; }
  listening on 127\.0\.0\.1:\d+ (re)
  0\.\d+ s (re)

It is the step now. Silent clients leave at once, if their stream is ended.

  $ sed '/^ *\/\/ \[/d' $ROOT/part6-uring/steps/21-scope-and-deadline.cc | diff page12.cc -
  $ silent() { crowd 5; time { kill -INT $pid; wait $pid; }; }
  $ start ./page12; silent
  listening on 127\.0\.0\.1:\d+ (re)
  [01]\.\d+ s (re)
  $ without 'client->end_stream' 21-scope-and-deadline
  - for (Client* client : Client::here) client->end_stream();
  $ start ./without; silent
  listening on 127\.0\.0\.1:\d+ (re)
  5\.\d+ s (re)

The other lines of the stop. If the accept isn't asked to end, the stop never ends; and a client that
nobody waits for has its answers destroyed.

  $ without tasks.cancel 21-scope-and-deadline
  - tasks.cancel();
  $ start ./without; crowd 5; kill -INT $pid; timeout 7 tail --pid=$pid -f /dev/null; echo $?; kill -KILL $pid
  listening on 127\.0\.0\.1:\d+ (re)
  124
  $ without clients.join 21-scope-and-deadline
  - co_await clients.join();
  $ start ./without; owed
  listening on 127\.0\.0\.1:\d+ (re)
  cat: -: Connection reset by peer
  (?!1310800)\d+ (re)
  $ stop
