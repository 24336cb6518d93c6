"""A plain echo server with asyncio's streams, as most people would write one on the
first evening."""

import asyncio
import sys

MAX_MESSAGE = 65536


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            header = await reader.readexactly(4)
            length = int.from_bytes(header, "little")
            if length > MAX_MESSAGE:
                break
            writer.write(header + await reader.readexactly(length))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[2]))
    await server.serve_forever()


asyncio.run(main())
