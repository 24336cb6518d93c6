#!/usr/bin/python3
"""Sends back whole messages: tools/inetd 5882 ./e0_3.py"""

import sys

MAX_MESSAGE = 65536

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
while len(header := stdin.read(4)) == 4:
    length = int.from_bytes(header, "little")
    if length > MAX_MESSAGE:
        break
    payload = stdin.read(length)
    if len(payload) < length:
        break
    stdout.write(header + payload)
    stdout.flush()
