"""--trace: the life of every operation, in the format of chrome://tracing and
https://ui.perfetto.dev."""

import json
import os
import select
import subprocess
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import rules
from harness.client import Client
from harness.frames import frame
from harness.http import get
from harness.server import Server, Start
from harness.usage import expect_wrong_usage

pytestmark = pytest.mark.needs("trace")

Event = dict[str, Any]

# --read-timeout 100ms, one round of the loop, and a margin for a busy machine
UP_AFTER_US = 300_000
LATE_RECEIVES_MAX = 400
LINGERING_RECEIVES_MAX = 600  # enough for as much of a stream as the kernel can hold


def read(file: Path) -> list[Event]:
    """Reads the events, and checks that each has all that the format requires."""
    return check(file.read_text())


def check(text: str) -> list[Event]:
    """The events in this text, each of which has all that the format requires."""
    events = json.loads(text)
    for event in events:
        assert {"ph", "cat", "id", "name", "pid", "tid", "ts", "args"} <= set(event), event
        assert event["ph"] in "bne", event
    return events


def check_spans(events: list[Event]) -> Counter[str]:
    """Expects every operation to begin once and to end once, with its marks in between. Returns the
    number of operations by name."""
    open_since: dict[int, Event] = {}
    ended: set[int] = set()
    now = 0.0
    for event in events:
        assert event["ts"] >= now, f"time goes back: {event}"
        now = event["ts"]
        number = event["id"]
        assert number not in ended, f"after its end: {event}"
        if event["ph"] == "b":
            assert number not in open_since, f"begins twice: {event}"
            open_since[number] = event
            continue
        assert number in open_since, f"has not begun: {event}"
        assert event["name"] == open_since[number]["name"], event
        if event["ph"] == "e":
            assert isinstance(event["args"]["result"], int), event
            ended.add(number)
            del open_since[number]
    # The loop keeps one timeout in flight, for the earliest deadline. It ends with the ring.
    left = [event for event in open_since.values() if event["name"] != "timeout"]
    assert not left and len(open_since) <= 1, f"{len(open_since)} without an end: {open_since}"
    return Counter(event["name"] for event in events if event["ph"] == "b")


def check_descriptors(events: list[Event]) -> None:
    """Expects the descriptor to be named in every operation that has one, and in no other."""
    for event in events:
        if event["ph"] == "b":
            named = event["args"].get("fd")
            without = event["name"] in ("timeout", "nop")
            assert (named is None) if without else (named >= 0), event


def live_through_everything(server: Server) -> None:
    """Connects clients of every sort, at least one of which is still connected at the end."""
    for number in range(20):
        client = server.connect()
        client.echo(b"%d" % number, b"", bytes(40_000))
        (client.close, client.reset, client.half_close)[number % 3]()
    slow = server.connect(receive_buffer=4096)
    stream = frame(bytes(60_000)) * 50
    sent = slow.send_until_stuck(stream, pause=0.02)
    assert slow.exchange(stream[sent:], len(stream)) == stream
    silent = server.connect()
    server.connect().echo(b"idle from now on")
    silent.expect_end()  # because of --read-timeout
    late = server.connect()
    late.echo(b"here until the end")
    late.send(b"\5\0\0")


@pytest.mark.rule(rules.TRACE)
@pytest.mark.parametrize("ring", ["", "entries=4,completions=8,buffers=2", "sqpoll"])
def test_every_operation_has_an_end(start: Start, tmp_path: Path, ring: str) -> None:
    options = ("--ring", ring) if ring else ()
    server = start("--trace", str(tmp_path / "trace"), "--read-timeout", "300ms", *options)
    live_through_everything(server)
    server.expect_stop()
    events = read(tmp_path / "trace")
    names = check_spans(events)
    check_descriptors(events)
    assert names["recv"] > 60 and names["send"] > 60 and names["poll"] > 20, names


@pytest.mark.rule(rules.TRACE)
def test_a_trace_shows_whose_operation_it_was(start: Start, tmp_path: Path) -> None:
    server = start("--trace", str(tmp_path / "trace"))
    listener = set(server.process.first.sockets())
    client = server.connect()
    for _ in range(10):
        client.echo(b"hi")
    (connection,) = set(server.process.first.sockets()) - listener
    client.close()
    server.expect_stop()

    events = read(tmp_path / "trace")
    check_spans(events)
    whose = {e["id"]: e["args"].get("fd") for e in events if e["ph"] == "b"}
    for name, times in (("recv", 11), ("send", 10)):
        begun = [e["id"] for e in events if (e["ph"], e["name"]) == ("b", name)]
        assert len(begun) == times, f"{len(begun)} times {name} for ten messages"
        descriptors = {whose[number] for number in begun}
        assert descriptors == {connection}, f"{descriptors} in the trace of descriptor {connection}"
    assert {whose[e["id"]] for e in events if e["name"] == "poll"} == listener


@pytest.mark.rule(rules.TRACE)
def test_every_worker_has_a_trace_of_its_own(start: Start, tmp_path: Path) -> None:
    server = start("--trace", str(tmp_path / "trace"), "--workers", "3")
    clients = [server.connect() for _ in range(60)]  # enough for each worker to get some
    for client in clients:
        client.echo(b"whose am I?")
    server.expect_stop()
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["trace", "trace.1", "trace.2"], f"three workers have written {files}"
    traces = [read(tmp_path / file) for file in files]
    assert sum(check_spans(events)["recv"] for events in traces) >= 120
    threads = [{event["tid"] for event in events} for events in traces]
    assert all(len(thread) == 1 for thread in threads), "threads write into each other's file"
    assert len(set.union(*threads)) == 3


def send_without_end(client: Client) -> None:
    """Sends as fast as the server receives, until the server ends its stream."""
    client.send(get("/", f"Content-Length: {10**15}", method="POST"))
    body = bytes(1 << 20)
    client.socket.setblocking(False)
    look = select.poll()  # select(2) takes no descriptor above 1,023
    look.register(client.socket)
    while not any(event & select.POLLIN for _, event in look.poll(client.patience * 1000)):
        with suppress(BlockingIOError):
            client.socket.send(body)


@pytest.mark.needs("trace", "http", "read-timeout")
@pytest.mark.rule(rules.BYTES_DO_NOT_EXTEND)
def test_a_flooding_client_is_received_a_bounded_number_of_times_after_its_deadline(
    start: Start, tmp_path: Path
) -> None:
    server = start("--protocol", "http", "--read-timeout", "100ms", "--trace",
                   str(tmp_path / "trace"))  # fmt: skip
    send_without_end(server.connect())
    server.expect_stop()
    events = [event for event in read(tmp_path / "trace") if event["name"] == "recv"]
    begun = {event["id"]: event["ts"] for event in events if event["ph"] == "b"}
    time_is_up = min(begun.values()) + UP_AFTER_US
    late = sum(event["ph"] == "e" and event["args"]["result"] > 0
               and begun[event["id"]] > time_is_up for event in events)
    assert late <= LATE_RECEIVES_MAX + LINGERING_RECEIVES_MAX, (
        f"{late} receives got bytes when the time was up; it goes on for {LATE_RECEIVES_MAX}, and "
        "then discards what has come")


@pytest.mark.rule(rules.WRONG_USAGE)
def test_a_trace_without_a_name_is_wrong_usage(start: Start) -> None:
    expect_wrong_usage(start("--trace", "", ready=False), "--trace")


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("name", ["no/such/directory", "directory", "trace.1", "fifo"])
def test_a_trace_that_cannot_be_written_is_named(start: Start, tmp_path: Path, name: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "trace.1").mkdir()
    os.mkfifo(tmp_path / "fifo")  # nobody reads it
    file = tmp_path / name.removesuffix(".1")
    server = start("--workers", "2", "--trace", str(file), ready=False)
    assert server.wait_exit() == 1
    (line,) = server.stderr_text().splitlines()
    assert str(tmp_path / name) in line, f"the line does not name the file: {line}"
    assert "io_uring" not in line, f"the ring is blamed: {line}"
    assert server.stdout_text() == ""


@pytest.mark.rule(rules.TRACE)
@pytest.mark.parametrize("options", [
    ("--bogus",), ("--help",), ("--host", "192.0.2.1"), ("--port",),
], ids=lambda options: options[0])
def test_a_server_that_does_not_run_leaves_an_older_trace_alone(
    start: Start, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "trace"
    file.write_text("yesterday")
    if options == ("--port",):
        options = ("--port", str(start().address[1]))
    server = start("--trace", str(file), *options, ready=False)
    server.wait_exit()
    assert file.read_text() == "yesterday", f"with {options} it has written to the trace"


@pytest.mark.rule(rules.TRACE)
def test_a_trace_may_go_to_a_program_that_reads_a_fifo(start: Start, tmp_path: Path) -> None:
    fifo, copy = tmp_path / "fifo", tmp_path / "copy"
    os.mkfifo(fifo)
    # More than fits the FIFO is written before the program reads.
    reader = subprocess.Popen(["sh", "-c", f"exec < '{fifo}'; sleep 0.5; cat > '{copy}'"])
    # The open waits for a reader, which is there then, and sees no end before the server's.
    holder = os.open(fifo, os.O_WRONLY)
    server = start("--trace", str(fifo))
    os.close(holder)
    client = server.connect()
    for _ in range(300):
        client.echo(b"a message")
    server.expect_stop()
    reader.wait()
    check_spans(check(copy.read_text()))


@pytest.mark.rule(rules.TRACE)
def test_a_full_disk_ends_the_trace_and_not_the_server(start: Start) -> None:
    server = start("--trace", "/dev/full")
    stream = frame(b"a message") * 200
    assert server.connect().exchange(stream, len(stream)) == stream
    server.expect_stop()
