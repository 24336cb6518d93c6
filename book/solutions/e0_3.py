"""Sends back whole messages, on one thread: python3 e0_3.py PORT"""

import asyncio
import socket
import sys

MAX_MESSAGE = 65536


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The messages of one client, as long as they are whole and not too long."""
    while True:
        header = await reader.readexactly(4)
        if (length := int.from_bytes(header, "little")) > MAX_MESSAGE:
            return
        writer.write(header + await reader.readexactly(length))
        await writer.drain()  # waits while the client does not read


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One client, from its first byte to the end of its stream."""
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        try:
            await answer(reader, writer)
        except asyncio.IncompleteReadError:
            pass  # it has finished sending, on a message boundary or not
        writer.write_eof()
        async with asyncio.timeout(2):  # closing with unread input would reset the answers away
            while await reader.read(65536):
                pass
    except (OSError, TimeoutError):
        pass  # it is gone, or too slow; the others do not care
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


asyncio.run(main())
