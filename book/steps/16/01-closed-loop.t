  $ cd "$STEPS"

The server does its best with one client. With more, they only wait.

  $ ./01-closed-loop
  clients: 1, 2 ms of work:  *\d{2,3} answers a second, latency +\d\.\d ms (re)
  clients: 2, 2 ms of work:  *\d{2,3} answers a second, latency +\d{1,2}\.\d ms (re)
  clients: 4, 2 ms of work:  *\d{2,3} answers a second, latency +\d{1,2}\.\d ms (re)
  clients: 8, 2 ms of work:  *\d{2,3} answers a second, latency (1[4-9]|[2-9]\d)\.\d ms (re)
  clients: 8, 4 ms of work:  *\d{2,3} answers a second, latency (2[8-9]|[3-9]\d|1\d\d)\.\d ms (re)
