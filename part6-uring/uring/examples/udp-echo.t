More datagrams than there are buffers, of all sizes, from two clients at a time.

  $ "$EXAMPLES/udp-echo" > out &
  $ server=$!
  $ until grep -qs listening out; do sleep 0.05; done
  $ cat > clients.py <<END
  > import socket, sys
  > port = int(sys.argv[1])
  > clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
  > for client in clients:
  >     client.settimeout(20)
  > clients[0].sendto(bytes(65507), ("127.0.0.1", port))
  > assert len(clients[0].recv(70000)) == 65507
  > for size in range(200):
  >     for number, client in enumerate(clients):
  >         client.sendto(bytes([number]) * (10 * size), ("127.0.0.1", port))
  >     if size % 20 == 19:
  >         for number, client in enumerate(clients):
  >             for _ in range(20):
  >                 assert set(client.recv(4096)) <= {number}
  > print("all came back to the client that sent them")
  > END
  $ /usr/bin/python3 clients.py $(sed 's/.*://' out)
  all came back to the client that sent them
  $ kill $server
