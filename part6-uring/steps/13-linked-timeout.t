  $ cd "$STEPS"

Two completions each time. A read that we cancelled and one that was too slow look the
same; their timeouts do not. Zero seconds where an hour was meant: too slow immediately.
Cut in two, the pair is a read without a limit and a timeout linked to nothing.

  $ ./13-linked-timeout
                                     the read     its timeout
  bytes are there                    5            -ECANCELED
  bytes come in time                 5            -ECANCELED
  nothing comes                      -ECANCELED   -ETIME
  cancelled by us                    -ECANCELED   -ECANCELED
  no such descriptor                 -EBADF       -ECANCELED
  length overwritten after submit    -ECANCELED   -ETIME
  broken: overwritten before submit  -ECANCELED   -ETIME
  broken: submitted one by one       5            -EINVAL
  until a deadline: a first read     5            -ECANCELED
  until the same: a second one       -ECANCELED   -ETIME
