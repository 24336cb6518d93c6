"""Page faults of a large message, as the kernel counts them."""

from collections.abc import Callable

from harness.server import Server

PAYLOAD = bytes(64 * 1024)  # the largest message without --max-message
WARM_UP_MESSAGES = 50
MESSAGES = 200
TRIES = 3


def test_a_message_of_64_kib_finds_its_memory_there(start: Callable[..., Server]) -> None:
    # If an allocator gives memory back after each message, it has to fetch it again for the next,
    # page by page.
    server = start()
    client = server.connect()
    for _ in range(WARM_UP_MESSAGES):
        client.echo(PAYLOAD)
    for _ in range(TRIES):  # if a busy machine cuts a message differently, memory may grow once
        before = server.process.minor_faults()
        for _ in range(MESSAGES):
            client.echo(PAYLOAD)
        faults = server.process.minor_faults() - before
        print(f"{faults} page faults for {MESSAGES} messages")
        if faults == 0:
            break
    assert faults == 0
