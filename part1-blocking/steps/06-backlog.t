  $ cd "$STEPS"

Three clients are connected although the server has accepted none. The fourth and the fifth have
sent their SYN and get no answer: the kernel keeps the queue at its limit, and the limit is one
more than you asked for.

  $ ./06-backlog
  port \d+, backlog 2, nobody calls accept (re)
  client 1: connected
  client 2: connected
  client 3: connected
  client 4: SYN sent, no answer
  client 5: SYN sent, no answer
  queue: 3 of 2
