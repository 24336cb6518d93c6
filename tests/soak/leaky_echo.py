"""An echo server with one defect that only time shows: leaky_echo.py DEFECT --port PORT."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

MAX_MESSAGE = 65536
LIMIT_SECONDS = 8.0
kept: list[object] = []


async def answer(defect: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Messages, until the client leaves."""
    if defect == "keeps memory":
        kept.append(bytearray(5_000))
    while True:
        async with asyncio.timeout(LIMIT_SECONDS):
            head = await reader.readexactly(4)
            size = int.from_bytes(head, "little")
            if size > MAX_MESSAGE:
                return
            payload = await reader.readexactly(size)
        kept.append(None)
        if defect == "loses one in a thousand" and len(kept) % 1000 == 0:
            return
        writer.write(head + payload)
        await writer.drain()


async def main(defect: str) -> None:
    """Until SIGTERM."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            await answer(defect, reader, writer)
        if defect == "keeps descriptors":
            kept.append(writer)
            writer.write_eof()
            return
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("listening on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


asyncio.run(main(sys.argv[1]))
