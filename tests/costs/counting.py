"""Counts the cost of a message in a running server: system calls, instructions. No clock is
involved."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import callgrind
from harness.client import Client
from harness.server import Server
from harness.strace import Strace, need_ptrace

PAYLOAD = bytes(64)
WARM_UP_ROUNDS = 20


def echo_together(server: Server, clients: Sequence[Client], rounds: int) -> None:
    """Sends one message from every client at a time, and lets the server find them together."""
    for _ in range(rounds):
        if len(clients) > 1:
            server.pause()  # so that all of them wait when the server looks, however fast it is
        for client in clients:
            client.send_messages(PAYLOAD)
        if len(clients) > 1:
            server.resume()
        for client in clients:
            client.expect(PAYLOAD)


def system_calls_a_message(server: Server, connections: int, messages: int) -> float:
    """Returns how many system calls a message takes, in all threads together, counted by strace."""
    clients = [server.connect() for _ in range(connections)]
    echo_together(server, clients, WARM_UP_ROUNDS)
    rounds = messages // connections
    with Strace(server) as tracer:
        echo_together(server, clients, rounds)
    return sum(tracer.calls().values()) / (rounds * connections)


def instructions_a_message(
    start: Callable[[tuple[str, ...]], Server], connections: int, messages: int,
    by: str = "function",
) -> dict[str, float]:
    """Returns how many instructions a message takes in user space, by function or by file, counted
    by valgrind's callgrind. `start` starts the server with these words in front of its command
    line. Kills the server, because valgrind lets no signal reach a process that waits in
    io_uring_enter(2).
    """
    need_ptrace()  # callgrind_control has to wake a server that waits in a system call
    with tempfile.TemporaryDirectory(prefix="callgrind-") as directory:
        profile = Path(directory) / "profile"
        server = start((*callgrind.TOOL, f"--callgrind-out-file={profile}"))
        try:
            clients = [server.connect() for _ in range(connections)]
            echo_together(server, clients, WARM_UP_ROUNDS)
            dump_instructions(server, profile, 1, by)
            rounds = messages // connections
            echo_together(server, clients, rounds)
            counted = dump_instructions(server, profile, 2, by)
        finally:
            server.close_clients()
            server.kill()
            server.may_be_gone = True
    return {name: count / (rounds * connections) for name, count in counted.items()}


def dump_instructions(server: Server, profile: Path, part: int, by: str) -> dict[str, int]:
    """Returns the instructions since the last dump; this dump has number `part`."""
    words = ["callgrind_control", "--dump", str(server.pid)]
    said = subprocess.run(words, capture_output=True, text=True)
    file = profile.with_name(f"{profile.name}.{part}")
    assert file.is_file(), f"callgrind wrote nothing: {said.stdout}{said.stderr}"
    return callgrind.instructions(file, by)
