Skipped where fingerd-machine is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"
  $ [ -x "$BUILD/finger/fingerd-machine" ] || exit 80

The rows of the table by which alice's plan and the error about `..` are sent.

  $ grep -E 'Event::(user|refused|opened|filled|emptied|ended),' $ROOT/finger/steps/machine/table.h
      {State::read_query, Event::user, State::open_home, Action::open_home},
      {State::read_query, Event::refused, State::write_error, Action::send},
      {State::open_home, Event::opened, State::open_plan, Action::open_plan},
      {State::open_plan, Event::opened, State::read_plan, Action::read},
      {State::read_plan, Event::filled, State::write_response, Action::send},
      {State::read_plan, Event::ended, State::linger, Action::end_stream},
      {State::write_response, Event::emptied, State::read_plan, Action::read},
      {State::write_response, Event::ended, State::linger, Action::end_stream},
      {State::write_error, Event::ended, State::linger, Action::end_stream},
      {State::linger, Event::ended, State::closed, Action::close},

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
