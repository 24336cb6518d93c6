"""E4.1: a room in which everybody hears what anybody says."""

import threading

import pytest

from harness.client import Client
from harness.proc import wait_until
from harness.server import Server

pytestmark = pytest.mark.program("{port}")

WELCOME = b"welcome\n"
LINES = 300


def enter(server: Server) -> Client:
    """Connects a client, and waits until it's in the room."""
    client = server.connect()
    assert client.receive(len(WELCOME)) == WELCOME, "whoever enters is told `welcome`"
    return client


def said_by(which: int) -> list[bytes]:
    return [b"%d says %d%s\n" % (which, number, b"!" * (number % 90)) for number in range(LINES)]


def hear(client: Client, lines: int) -> list[bytes]:
    """Receives this many lines."""
    heard = b""
    while heard.count(b"\n") < lines:
        piece = client.receive_what_is_there(65536)
        assert piece, f"the stream ended after {heard.count(10)} of {lines} lines"
        heard += piece
    return heard.splitlines(keepends=True)


def test_the_others_hear_what_one_says(server: Server) -> None:
    """A client that enters gets `welcome`. A line goes to all other clients in the room, and not
    back to its sender."""
    clients = [enter(server) for _ in range(3)]
    clients[0].send(b"good morning\n")
    for client in clients[1:]:
        assert client.receive(13) == b"good morning\n"
    clients[0].expect_silence()


def test_a_line_is_said_when_it_is_complete(server: Server) -> None:
    """A line is passed on only when it is complete."""
    speaker, listener = enter(server), enter(server)
    speaker.send_in_pieces(b"he", b"ll")
    listener.expect_silence()
    speaker.send_in_pieces(b"o\nand", b" more\n")
    assert listener.receive(15) == b"hello\nand more\n"


def test_all_hear_whole_lines_in_one_order(server: Server) -> None:
    """Five clients talk at once. Every line arrives complete and once, and each speaker's lines in
    order. Any two listeners hear the lines of the others in the same order."""
    clients = [enter(server) for _ in range(5)]
    speakers = [threading.Thread(target=client.send, args=(b"".join(said_by(which)),))
                for which, client in enumerate(clients)]
    for speaker in speakers:
        speaker.start()
    heard = [hear(client, 4 * LINES) for client in clients]
    for speaker in speakers:
        speaker.join()
    for listener, lines in enumerate(heard):
        for which in set(range(5)) - {listener}:
            own = [line for line in lines if line.startswith(b"%d " % which)]
            assert own == said_by(which), f"{listener} has not heard {which} in order"
    of_last = [[line for line in lines if line[:1] in b"234"] for lines in heard[:2]]
    assert of_last[0] == of_last[1], "two listeners have heard the same lines in another order"


def test_whoever_leaves_leaves_the_others_alone(server: Server) -> None:
    """Clients leave with a close or a reset. Those that stay hear each other, and the server frees
    the descriptors of the others."""
    speaker, listener = enter(server), enter(server)
    at_rest = server.process.descriptor_count()
    for number in range(20):
        guest = enter(server)
        guest.send(b"hello\n")
        assert listener.receive(6) == b"hello\n"
        guest.reset() if number % 2 else guest.close()
    server.wait_for_descriptors(at_rest)
    speaker.send(b"still here\n")
    assert listener.receive(11) == b"still here\n"


def test_who_does_not_listen_holds_up_nobody(server: Server) -> None:
    """One client in the room never reads. The others hear everything; the silent client may be
    closed."""
    speaker, listener = enter(server), enter(server)
    enter(server)  # sends and reads nothing
    line = b"x" * 4000 + b"\n"
    for _ in range(3000):
        speaker.send(line)
        assert listener.receive(len(line)) == line
    assert wait_until(server.is_alive, 1)
