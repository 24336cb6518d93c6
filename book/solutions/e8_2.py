"""Does a peer that never reads cost a server more than a MiB? python3 e8_2.py PORT PID"""

import select
import socket
import struct
import sys
from pathlib import Path

BOUND_BYTES = 1 << 20
SENT_BYTES_MAX = 32 << 20
QUIET_SECONDS = 1
MESSAGES = 1000 * (struct.pack("<I", 1000) + bytes(1000))


def resident_bytes(pid):
    for line in Path("/proc", pid, "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    sys.exit(f"no process {pid}")


# [send]
def send_until_stuck(peer):
    """Sends without reading, until the server takes no more or hangs up, or all is sent."""
    sent = 0
    while sent < SENT_BYTES_MAX and select.select([], [peer], [], QUIET_SECONDS)[1]:
        try:
            sent += peer.send(MESSAGES[sent % len(MESSAGES):])
        except BlockingIOError:
            continue
        except ConnectionError:
            break  # which is also a way to treat a peer that doesn't read
    return sent


def main(port, pid):
    before = resident_bytes(pid)
    with socket.create_connection(("127.0.0.1", int(port))) as peer:
        peer.setblocking(False)
        sent = send_until_stuck(peer)
        grown = resident_bytes(pid) - before  # while the client is still connected
    print(f"it took {sent} bytes and grew by {grown}")
    return 1 if grown > BOUND_BYTES else 0
# [/send]


sys.exit(main(*sys.argv[1:]))
