  $ cd "$STEPS"

Two hundred clients connect before any is accepted, and the kernel has already
distributed them; the numbers differ from run to run. Three workers accept all of
theirs. The clients of the fourth go on waiting, though three workers are idle.

  $ ./11-reuseport-counts
  queued for the four: [1-9]\d [1-9]\d [1-9]\d [1-9]\d (re)
  three accept all they get: 1\d\d; the first is busy, and [1-9]\d wait for it (re)
