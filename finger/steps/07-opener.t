  $ cd "$STEPS"

The ring opens whatever the owner may read. The opener opens plans.

  $ ./07-opener
  by the ring, alice/.plan:       a plan
  by the ring, alice/.ssh/key:    a private key
  by the opener, account 0:       a plan
  by the opener, account 1:       EINVAL
  processor time an opening: \d+\.\d us by the ring, \d+\.\d us by the opener (re)
