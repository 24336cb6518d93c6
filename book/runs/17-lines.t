What an idea costs in lines: those that a stage has and the one before it has not.

  $ cd "$ROOT"
  $ for n in 1 2 3 4; do echo "$n to $((n + 1)): $(diff -ruN -x steps -x '*.md' part$n-* part$((n + 1))-* | grep -c '^+[^+]')"; done
  1 to 2: 154
  2 to 3: 278
  3 to 4: 257
  4 to 5: 272
