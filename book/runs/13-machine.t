Skipped where the state machine is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"
  $ [ -x "$BUILD/finger/steps/12-state-machine" ] || exit 80

A row that is forgotten is an error of the compiler's.

  $ sed '/read_plan, Event::overdue/d' finger/steps/12-state-machine.cc |
  >   g++ -std=c++23 -fsyntax-only -I . -x c++ - 2>&1 | grep -o 'error: .*'
  error: static assertion failed: a state lacks a row
