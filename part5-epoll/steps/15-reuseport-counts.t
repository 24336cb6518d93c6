  $ cd "$STEPS"

Two hundred clients connect before anybody accepts, and the kernel has already
dealt them out; the numbers differ from run to run. Three workers take all of
theirs. The clients of the fourth go on waiting, though three workers are idle.

  $ ./15-reuseport-counts
  queued for the four: [1-9]\d [1-9]\d [1-9]\d [1-9]\d (re)
  three accept all they get: 1\d\d; the first is busy, and [1-9]\d wait for it (re)
