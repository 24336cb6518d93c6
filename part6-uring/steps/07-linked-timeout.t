  $ cd "$STEPS"

Two completions each time. A read that we cancelled and one that was too slow look the
same; their timeouts do not. Zero seconds where an hour was meant: too slow immediately.
Cut in two, the pair is a read without a limit and a timeout linked to nothing.

  $ ./07-linked-timeout
                                     asked for  the read     its timeout
  bytes are there                    an hour    5            -ECANCELED
  bytes come in time                 an hour    5            -ECANCELED
  nothing comes                      10 ms      -ECANCELED   -ETIME
  cancelled by us                    an hour    -ECANCELED   -ECANCELED
  no such descriptor                 an hour    -EBADF       -ECANCELED
  length overwritten after submit    10 ms      -ECANCELED   -ETIME
  broken: overwritten before submit  an hour    -ECANCELED   -ETIME
  broken: submitted one by one       10 ms      5            -EINVAL
  until a deadline: a first read     20 ms      5            -ECANCELED
  until the same: a second one       the rest   -ECANCELED   -ETIME

The same where the monotonic clock is not the machine's, if we may have such a place.

  $ elsewhere='unshare --time --monotonic 1000000 --fork'
  $ $elsewhere true 2>/dev/null || elsewhere=
  $ $elsewhere ./07-linked-timeout | tail -n 2
  until a deadline: a first read     20 ms      5            -ECANCELED
  until the same: a second one       the rest   -ECANCELED   -ETIME
