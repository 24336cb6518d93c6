"""Clients that break off, reset, dribble and talk nonsense: the server serves the next one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rules
from harness.examples import for_each_example
from harness.frames import distinct_payloads, frame, frames, header
from harness.server import Server
from harness.verdict import ContractBroken

STREAM = frames([b"", b"one", b"and another one"])


def still_serves(server: Server) -> None:
    """The next client is served as if nothing had happened."""
    with server.connect() as client:
        client.echo(b"anybody there?")
        client.half_close()
        client.expect_end()


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_a_client_that_vanishes_at_any_byte_harms_nobody(server: Server) -> None:
    for cut in range(len(STREAM)):
        with server.connect() as client:
            client.send(STREAM[:cut])
    still_serves(server)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_a_client_that_resets_at_any_byte_harms_nobody(server: Server) -> None:
    for cut in range(len(STREAM)):
        client = server.connect()
        client.send(STREAM[:cut])
        client.reset()
    still_serves(server)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_a_reset_with_answers_on_their_way_harms_nobody(server: Server) -> None:
    for _ in range(10):
        client = server.connect(receive_buffer=4096)
        client.try_send(frame(bytes(50_000)) * 4)
        client.reset()
    still_serves(server)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_answering_a_client_that_has_left_does_not_end_the_server(server: Server) -> None:
    # The end of its stream first, the reset after it: then a write says EPIPE and raises SIGPIPE.
    for _ in range(5):
        client = server.connect()
        client.echo(b"accepted")
        server.pause()
        client.send(frames(distinct_payloads(12, 5000)))
        client.half_close()
        client.wait_until_in_kernel()
        client.reset()
        server.resume()
        with server.connect() as next_one:
            next_one.echo(b"next")


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_a_storm_of_resets_harms_nobody(server: Server) -> None:
    for number in range(300):
        client = server.connect()
        if number % 3:
            client.try_send(frame(b"answered to nobody") * (number % 3))
        client.reset()
    still_serves(server)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_clients_that_connect_and_leave_without_a_word_harm_nobody(server: Server) -> None:
    for _ in range(200):
        server.connect().close()
    still_serves(server)


@pytest.mark.needs("survival")
@pytest.mark.rule(rules.SURVIVE)
def test_random_bytes_end_at_most_their_own_connection(server: Server) -> None:
    server.limit_memory(1 << 30)  # some of it announces more than the machine has

    @given(nonsense=st.binary(max_size=2000))
    def check(nonsense: bytes) -> None:
        with server.connect() as client:
            client.try_send(nonsense)
            client.try_send(header(0xFFFFFFFF))  # so that there is an end, whatever came before
            try:
                client.half_close()
                client.receive_until_end()
            except ContractBroken as broken:
                if not broken.by_reset:
                    raise  # nonsense may earn a reset, but not silence

    for_each_example(check)
    still_serves(server)
