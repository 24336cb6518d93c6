Several clients at a time, of which one is still connected when the workers are told to stop.

  $ "$EXAMPLES/workers" 0 3 > out &
  $ server=$!
  $ until grep -qs listening out; do sleep 0.05; done
  $ cat > clients.py <<END
  > import socket, sys
  > clients = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(30)]
  > for number, client in enumerate(clients):
  >     client.sendall(b"%02d" % number)
  > for number, client in enumerate(clients):
  >     assert client.recv(2, socket.MSG_WAITALL) == b"%02d" % number
  > print("answered", flush=True)
  > clients[0].settimeout(20)
  > assert clients[0].recv(1) == b""
  > print("closed")
  > END
  $ /usr/bin/python3 clients.py $(sed 's/.*://' out) > said &
  $ clients=$!
  $ until grep -qs answered said; do sleep 0.05; done
  $ kill $server
  $ wait $server
  $ wait $clients
  $ sed 1d out; cat said
  stopped
  answered
  closed
