"""E11.2, as one would write it first: reads all there is, and cuts it up afterwards."""

import sys

stream = sys.stdin.buffer.read()
while stream:
    size = int.from_bytes(stream[:4], "little")
    print(size, stream[4:4 + size].decode())
    stream = stream[4 + size:]
