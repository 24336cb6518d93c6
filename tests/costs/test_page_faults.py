"""Page faults of a large message, as the kernel counts them."""

from collections.abc import Callable
from pathlib import Path

from harness.server import Server

PAYLOAD = bytes(64 * 1024)  # the largest message, unless --max-message says otherwise
WARM_UP_MESSAGES = 50
MESSAGES = 200
TRIES = 3


def minor_faults(pid: int) -> int:
    """Of all its threads: the tenth field. proc_pid_stat(5)"""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[7])


def test_a_message_of_64_kib_finds_its_memory_there(start: Callable[..., Server]) -> None:
    # An allocator that gives memory back after each message fetches it again for the next, page
    # by page.
    server = start()
    client = server.connect()
    for _ in range(WARM_UP_MESSAGES):
        client.echo(PAYLOAD)
    for _ in range(TRIES):  # where a busy machine cuts a message otherwise, memory may grow once
        before = minor_faults(server.pid)
        for _ in range(MESSAGES):
            client.echo(PAYLOAD)
        faults = minor_faults(server.pid) - before
        print(f"{faults} page faults for {MESSAGES} messages")
        if faults == 0:
            break
    assert faults == 0
