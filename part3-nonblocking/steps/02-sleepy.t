  $ cd "$STEPS"

The same client four times: it thinks for 25 ms, asks, waits for the answer, and starts over. The
longer the sleep, the later the answer; the shorter the sleep, the more failed tries and the more
processor time. The last server does not try again, it blocks: the best answer for the least work.

  $ ./02-sleepy
  sleep 1 ms:   answer after +\d+\.\d\d ms, +[1-9]\d* tries in vain, +\d+ us of processor time (re)
  sleep 10 ms:  answer after +\d+\.\d\d ms, +[1-9]\d* tries in vain, +\d+ us of processor time (re)
  sleep 100 ms: answer after +\d+\.\d\d ms, +[1-9]\d* tries in vain, +\d+ us of processor time (re)
  blocking:     answer after +\d+\.\d\d ms, +0 tries in vain, +\d+ us of processor time (re)
