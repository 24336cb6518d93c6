"""E9.2, as one would write it first: waits for the end, and trusts what it finds."""

import sys

data = sys.stdin.buffer.read()
while data:
    line, _, data = data.partition(b"\r\n")
    size = int(line, 16)
    sys.stdout.buffer.write(data[:size])
    data = data[size + 2:]
