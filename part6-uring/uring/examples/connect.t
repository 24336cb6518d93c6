The first address does not answer: the backlog of its listener is full. Nothing listens at the
second.

  $ cat > listeners.py <<END
  > import socket, time
  > full = socket.create_server(("127.0.0.2", 0), backlog=0)
  > port = full.getsockname()[1]
  > waiting = [socket.socket() for _ in range(3)]
  > for each in waiting:
  >     each.setblocking(False)
  >     each.connect_ex(("127.0.0.2", port))
  > good = socket.create_server(("127.0.0.1", port))
  > print(port, flush=True)
  > time.sleep(60)
  > END
  $ /usr/bin/python3 listeners.py > out &
  $ listeners=$!
  $ until grep -qs . out; do sleep 0.05; done
  $ port=$(cat out)
  $ "$EXAMPLES/connect" $port 127.0.0.2 127.0.0.3 127.0.0.1 | sed s/$port/PORT/
  connected to 127.0.0.1:PORT
  $ "$EXAMPLES/connect" $port 127.0.0.3 127.0.0.2
  timed out
  [1]
  $ "$EXAMPLES/connect" $port 127.0.0.3
  Connection refused
  [1]
  $ kill $listeners
