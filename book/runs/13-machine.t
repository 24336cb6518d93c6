Skipped where fingerd-machine is not built.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"
  $ [ -x "$BUILD/finger/fingerd-machine" ] || exit 80

The daemon as a state machine, by hand.

  $ start $BUILD/finger/fingerd-machine --quiet --addr 127.0.0.1 --port 0 --users finger/users
  listening on 127\.0\.0\.1:\d+ (re)
  $ ask '/W bob\r\n'
  Name: bob^M$
  No Plan.^M$
  $ ask '..\r\n'
  Error: No such user^M$
  $ stop

What happens when a client is overdue, read down one column.

  $ grep Event::overdue, finger/steps/machine/table.h
      {State::read_query, Event::overdue, State::closed, Action::close},
      {State::open_home, Event::overdue, State::closed, Action::close},
      {State::open_plan, Event::overdue, State::closed, Action::close},
      {State::read_plan, Event::overdue, State::closed, Action::close},
      {State::write_response, Event::overdue, State::closed, Action::close},
      {State::write_error, Event::overdue, State::closed, Action::close},
      {State::linger, Event::overdue, State::closed, Action::close},

A row that is forgotten is an error of the compiler's.

  $ sed '/linger, Event::overdue/d' finger/steps/machine/table.h |
  >   g++ -std=c++23 -fsyntax-only -x c++ - 2>&1 | grep -o 'error: .*'
  error: static assertion failed: a state has no deadline
