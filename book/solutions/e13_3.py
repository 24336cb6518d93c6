"""Relays finger queries to some hosts only: python3 e13_3.py PORT NEXT_PORT HOST,HOST"""

import asyncio
import sys

HOPS_MAX = 2
DEADLINE_SECONDS = 2
QUERY_BYTES_MAX = 1024


class Refused(Exception):
    """In words for the peer."""


# [relay]
def next_hop(query, allowed):
    """Whom to ask, and what. The last host is asked, and hears of those before it."""
    rest, at, host = query.rpartition(b"@")
    if not at:
        raise Refused("No such user")
    if query.count(b"@") > HOPS_MAX or host.decode(errors="replace") not in allowed:
        raise Refused("Relay access denied")
    return host.decode(), rest


async def relay(query, writer, port, allowed):
    host, rest = next_hop(query, allowed)
    try:
        reader, asking = await asyncio.open_connection(host, port)
        try:
            asking.write(rest + b"\r\n")
            while piece := await reader.read(16384):
                writer.write(piece)
                await writer.drain()  # no more than the client takes
        finally:
            asking.close()
    except OSError as error:
        raise Refused("No answer") from error
# [/relay]


async def exchange(reader, writer, port, allowed):
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):  # over all of it, whoever is slow
            line = await reader.readuntil(b"\n")
            await relay(line.strip(), writer, port, allowed)
    except asyncio.IncompleteReadError:
        raise Refused("Unexpected EOF") from None
    except asyncio.LimitOverrunError:
        raise Refused("Maximum query length exceeded") from None
    except TimeoutError:
        raise Refused("No answer") from None


async def serve(reader, writer, port, allowed):
    try:
        await exchange(reader, writer, port, allowed)
    except Refused as why:
        writer.write(f"Error: {why}\r\n".encode())
    except ConnectionError:
        pass  # the client has gone
    writer.close()


async def main(port, next_port, allowed):
    server = await asyncio.start_server(lambda *streams: serve(*streams, next_port, allowed),
                                        "127.0.0.1", port, limit=QUERY_BYTES_MAX)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")))
