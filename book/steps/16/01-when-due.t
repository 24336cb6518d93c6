A server takes 50 ms for an answer, for any number of clients at once. A client with one connection
could ask it 20 times a second. At 100 a second, half of all messages would then take a second or
more; with a connection for each message that is due, they take what the server takes.

  $ cd "$STEPS"
  $ cat > "$CRAMTMP/slow.py" << 'END'
  > import asyncio
  > async def serve(reader, writer):
  >     while message := await reader.read(5):
  >         await asyncio.sleep(0.05)
  >         writer.write(message)
  >     writer.close()
  > async def main():
  >     server = await asyncio.start_server(serve, "127.0.0.1", 0)
  >     print(server.sockets[0].getsockname()[1], flush=True)
  >     await asyncio.sleep(60)
  > asyncio.run(main())
  > END
  $ exec 4< <(exec python3 "$CRAMTMP/slow.py" 2> "$CRAMTMP/errors"); server=$!; read -r port <&4
  $ ./01-when-due $port 100
  a second  answers         p50         p99         max  sent late, p99  connections
       100 +[23]\d\d +[5-9]\d\.\d\d ms +\d+\.\d\d ms +\d+\.\d\d ms +\d+\.\d\d ms +\d+ (re)
  $ kill $server

Nobody listens there, and the client says so.

  $ ./01-when-due 1 100 > "$CRAMTMP/table"
  (connect|send): Connection refused (re)
  [1]
