  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"
  $ [ -x "$BUILD/finger/fingerd-machine" ] && valgrind --version > /dev/null || exit 80

What an exchange costs in user space, in both forms.

  $ tests/costs/exchange.py $BUILD
  fingerd +1\d,\d\d\d instructions an exchange (re)
  fingerd-machine +[678],\d\d\d instructions an exchange (re)
