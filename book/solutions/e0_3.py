"""Sends back whole messages, on one thread: python3 e0_3.py PORT"""

import asyncio
import sys

MAX_MESSAGE = 65536


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One client: its messages, until its stream ends or announces one that is too long."""
    try:
        while True:
            header = await reader.readexactly(4)
            if (length := int.from_bytes(header, "little")) > MAX_MESSAGE:
                break
            writer.write(header + await reader.readexactly(length))
            await writer.drain()  # waits while the client does not read
    except (asyncio.IncompleteReadError, OSError):
        pass  # it has finished sending, on a message boundary or not, or it is gone
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


asyncio.run(main())
