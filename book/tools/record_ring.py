#!/usr/bin/python3
"""Records the trace that the book's ring view replays. It's a real run of part6-uring on a ring of
eight entries, with three clients. One writes and is answered; one writes half a message, and then
nothing; one takes no answers. Then the server is stopped.

record_ring.py [SERVER]    writes book/fig/ring-trace.json and the figure of one moment in it

book/ring-view.md quotes some times of the trace, so read that text again afterwards.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build" / "default" / "part6-uring" / "part6-uring"
TRACE = ROOT / "book" / "fig" / "ring-trace.json"
DRAW = ROOT / "book" / "tools" / "draw_ring.mjs"
OPTIONS = ["--ring", "entries=8,buffers=4", "--read-timeout", "1s"]
A_MOMENT = 0.05  # s
TRIES = 5


class TooBusy(Exception):
    """The machine was too slow, so a client's time ran out before it could send."""


def message(payload: bytes) -> bytes:
    return struct.pack("<I", len(payload)) + payload


def connect(port: int, takes_little: bool = False) -> socket.socket:
    client = socket.socket()
    client.settimeout(10)
    if takes_little:  # small segments make the server's send buffer small, too
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 500)
    client.connect(("127.0.0.1", port))
    time.sleep(A_MOMENT)
    return client


def receive(client: socket.socket, count: int) -> None:
    while count > 0:
        received = len(client.recv(count))
        if received == 0:
            raise TooBusy("the server has closed a connection too early")
        count -= received


def descriptors(pid: int, listener: int, clients: dict[str, socket.socket]) -> dict[str, str]:
    """The names of the clients and the eventfd, by the server's descriptors."""
    named = {client.getsockname()[1]: name for name, client in clients.items()}
    named[0] = "listener"
    sockets = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        ours, theirs = (int(address.split(":")[1], 16) for address in fields[1:3])
        if ours == listener and theirs in named:
            sockets[f"socket:[{fields[9]}]"] = named[theirs]
    found = {}
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(entry)
        if name := sockets.get(target) or {"anon_inode:[eventfd]": "eventfd"}.get(target):
            found[entry.name] = name
    return found


def talk(server: subprocess.Popen[str], port: int) -> dict[str, str]:
    """Plays the clients. Returns which client had which descriptor."""
    a = connect(port)
    a.sendall(message(b"hi"))
    receive(a, 6)
    b = connect(port)
    b.sendall(message(b"you")[:5])
    c = connect(port, takes_little=True)
    clients = descriptors(server.pid, port, {"client A": a, "client B": b, "client C": c})

    server.send_signal(signal.SIGSTOP)  # so that the server finds both at once
    a.sendall(message(b"again"))
    b.sendall(b"ou")
    server.send_signal(signal.SIGCONT)
    receive(a, 9)
    receive(b, 7)
    a.close()
    b.sendall(message(b"silence")[:6])
    c.sendall(message(bytes(60_000)))
    time.sleep(1.3)  # longer than a message may take
    b.close()
    c.close()
    time.sleep(A_MOMENT)
    return clients


def record(server: Path, before: tuple[str, ...] = ()) -> dict[str, object]:
    """Records a run, with further tries if one fails. `before` are words in front of the server's
    command line."""
    for _ in range(TRIES - 1):
        with contextlib.suppress(TooBusy, ConnectionError, TimeoutError):
            return record_once(server, before)
    return record_once(server, before)


def record_once(server: Path, before: tuple[str, ...]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as directory:
        trace = Path(directory) / "trace.json"
        command = [*before, str(server), "--port", "0", *OPTIONS, "--trace", str(trace)]
        with subprocess.Popen(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as running:
            said = running.stdout.readline()
            if not said.startswith("listening on "):
                raise SystemExit(f"record_ring.py: the server says {said.strip()!r}")
            port = int(said.rsplit(":", 1)[1])
            try:
                clients = talk(running, port)
                running.send_signal(signal.SIGTERM)
                if running.wait(timeout=20) != 0:
                    raise SystemExit("record_ring.py: the server did not end well")
            except BaseException:
                running.kill()  # otherwise we would wait for the server
                raise
        events = json.loads(trace.read_text())
    return {"traceEvents": events, "otherData": {
        "command": f"./serve part6-uring {' '.join(OPTIONS)} --trace FILE",
        "kernel": os.uname().release.split("-")[0], "date": time.strftime("%Y-%m-%d"),
        "entries": 8, "completions": 16, "descriptors": clients}}


def text(recorded: dict[str, object]) -> str:
    """The JSON, with a line for each event."""
    events = ",\n".join(json.dumps(event) for event in recorded["traceEvents"])
    rest = json.dumps(recorded["otherData"], indent=2)
    return f'{{"otherData": {rest},\n"traceEvents": [\n{events}\n]}}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description="records the trace of the book's ring view")
    parser.add_argument("server", nargs="?", type=Path, default=SERVER, metavar="SERVER")
    TRACE.write_text(text(record(parser.parse_args().server)))
    subprocess.run(["node", DRAW], check=True)


if __name__ == "__main__":
    main()
