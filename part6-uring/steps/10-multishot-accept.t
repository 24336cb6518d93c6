  $ cd "$STEPS"

Ten clients are in the queue. One request takes them all, and the next one too; it ends
with a completion without the flag: for an error, or when it is cancelled. With one
request for each client, it takes as many as there is room for.

  $ ./10-multishot-accept
  broken, one request:         10 clients, 10 promises of more
                               10 in 4 places, 0 left in the queue
  another comes:                1 clients,  1 promises of more
  cancelled:                    0 clients,  0 promises of more, -ECANCELED
  no descriptor is left:        0 clients,  0 promises of more, -EMFILE
  there are some, asked again:  1 clients,  1 promises of more
  cancelled:                    0 clients,  0 promises of more, -ECANCELED
  fixed, four requests:         4 clients,  0 promises of more
                                4 in 4 places, 6 left in the queue
