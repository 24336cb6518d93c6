  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"; cp "$ROOT/part6-uring/steps/19-one-call.cc" page.cc; build page

The second page echoes bytes, and knows no messages.

  $ stop; $ROOT/judge './page {port}' | grep -E 'framing  |levels'
    framing       ################....  21 of 25
    .................... 0 of 18 levels
