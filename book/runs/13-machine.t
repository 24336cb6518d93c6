Skipped where the state machine is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"
  $ [ -x "$BUILD/finger/steps/12-state-machine" ] || exit 80

The rows of the state in which a client begins.

  $ grep 'State::read_query, Event' $ROOT/finger/steps/12-state-machine.cc
      {State::read_query, Event::more, State::read_query},
      {State::read_query, Event::user, State::open_plan},
      {State::read_query, Event::filled, State::write},
      {State::read_query, Event::refused, State::write_error},
      {State::read_query, Event::failed, State::closed},
      {State::read_query, Event::overdue, State::closed},

The rows of the table by which alice's plan and the error about `..` are sent.

  $ grep -E 'Event::(user|refused|opened|filled|emptied|ended),' $ROOT/finger/steps/12-state-machine.cc
      {State::read_query, Event::user, State::open_plan},
      {State::read_query, Event::filled, State::write},
      {State::read_query, Event::refused, State::write_error},
      {State::open_plan, Event::opened, State::read_plan},
      {State::open_plan, Event::filled, State::write},
      {State::read_plan, Event::filled, State::write},
      {State::read_plan, Event::ended, State::closed},
      {State::write, Event::emptied, State::read_plan},
      {State::write, Event::ended, State::closed},
      {State::write_error, Event::ended, State::closed},

What happens when a client is overdue, read down one column.

  $ grep Event::overdue, finger/steps/12-state-machine.cc
      {State::read_query, Event::overdue, State::closed},
      {State::open_plan, Event::overdue, State::closed},
      {State::read_plan, Event::overdue, State::closed},
      {State::write, Event::overdue, State::closed},
      {State::write_error, Event::overdue, State::closed},

A row that is forgotten is an error of the compiler's.

  $ sed '/write_error, Event::overdue/d' finger/steps/12-state-machine.cc |
  >   g++ -std=c++23 -fsyntax-only -I . -x c++ - 2>&1 | grep -o 'error: .*'
  error: static assertion failed: a state lacks a row
