  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ here=$PWD; cd "$(mktemp -d)"; ln -s "$here"/09-state-machine .
  $ mkdir -p users/alice users/bob
  $ printf 'Write a\nserver.\n' > users/alice/.plan
  $ start ./09-state-machine 0 users 2s
  listening on 127\.0\.0\.1:\d+ (re)

The states: read the query, open the plan, read the plan, write.

  $ ask 'alice\r\n'
  Write a^M$
  server.^M$
  $ ask '/W alice\r\n'
  Name: alice^M$
  Write a^M$
  server.^M$

From the query there is a way to write at once, and one from the open.

  $ ask '\r\n'
  alice^M$
  bob^M$
  $ ask 'bob\r\n'
  No Plan.^M$

And errors are written.

  $ ask 'mallory\r\n'
  Error: No such user^M$
  $ ask '../alice\r\n'
  Error: No such user^M$
  $ ask 'alice@elsewhere\r\n'
  Error: Relay access denied^M$

A client that says nothing has two seconds, in that state as in any other.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ SECONDS=0; cat <&5; [ $SECONDS -ge 1 ] && [ $SECONDS -lt 10 ]
  $ exec 5>&-
  $ stop

The rows of one state.

  $ grep '{State::open_plan,' "$ROOT/finger/steps/09-state-machine.cc"
      {State::open_plan, Event::more, State::open_plan},
      {State::open_plan, Event::opened, State::read_plan},
      {State::open_plan, Event::filled, State::write},
      {State::open_plan, Event::failed, State::closed},
      {State::open_plan, Event::overdue, State::closed},

A state that is left out does not compile. The compiler reads the file without one of its rows.

  $ sed '/read_plan, Event::overdue/d' "$ROOT/finger/steps/09-state-machine.cc" |
  >   g++ -std=c++23 -fsyntax-only -I "$ROOT" -x c++ - 2>&1 | grep -o 'error: .*'
  error: static assertion failed: a state lacks a row
