  $ cd "$STEPS"

The first line of each pair is GCC 12's; a later compiler may close once, and run.

  $ ./15-named-first
  an aggregate in the expression: closed [12] (re)
  the same with a name:           closed 1
  c \? co_await a : co_await b:    closed [12] (re)
  an if and an else:              closed 1
  if \(co_await x\), its body:      (does not run|runs) (re)
  the same with a name:           runs
