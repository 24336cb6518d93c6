"""What a server has counted: asked for as Prometheus would, and read as strictly."""

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.proc import wait_until
from harness.server import Server
from harness.verdict import ContractBroken, hide_from_traceback

__tracebackhide__ = hide_from_traceback

SCRAPERS_MAX = 16  # that a server answers at the same time
SCRAPES = 20  # so many, and each process that may answer has answered one

Samples = dict[str, float]  # by name and labels, as they are written

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'\{[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*"\}'
SAMPLE = re.compile(rf"(?P<name>{NAME})(?P<labels>{LABELS})? (?P<value>[0-9.e+-]+|\+Inf)")
COUNTERS = re.compile(r"\S+ counters: \S")
COMMENT = re.compile(rf"# (?P<kind>HELP|TYPE) (?P<name>{NAME}) (?P<text>\S.*)")
TYPES = ("counter", "gauge", "histogram")


def connect(where: str, patience: float) -> socket.socket:
    """A connection to an address and port, or to a path."""
    if "/" in where:
        scraper = socket.socket(socket.AF_UNIX)
        scraper.settimeout(patience)
        scraper.connect(where)
        return scraper
    host, _, port = where.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=patience)


def ask(where: str, request: bytes, patience: float) -> bytes:
    """What comes back until the end of the stream."""
    with connect(where, patience) as scraper:
        scraper.sendall(request)
        answer = b""
        while piece := scraper.recv(65536):
            answer += piece
    return answer


def scrape(where: str, patience: float) -> Samples:
    """One scrape, checked."""
    answer = ask(where, b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n", patience)
    head, blank, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.0 200 OK\r\n") or not blank:
        raise ContractBroken(f"this is no answer to a scrape: {answer[:200]!r}")
    if f"Content-Length: {len(body)}\r\n".encode() not in head + b"\r\n":
        raise ContractBroken(f"{len(body)} bytes came, and the head says {head!r}")
    return parse(body.decode("ascii"))


def parse(text: str) -> Samples:
    """Every sample, of which each has been announced with its type and a help text."""
    samples: Samples = {}
    types: dict[str, str] = {}
    helped = set()
    if not text.endswith("\n"):
        raise ContractBroken("the last line has no end")
    for line in text.splitlines():
        if comment := COMMENT.fullmatch(line):
            if comment["kind"] == "HELP":
                helped.add(comment["name"])
            elif comment["text"] not in TYPES or comment["name"] in types:
                raise ContractBroken(f"no type, or a second one: {line!r}")
            else:
                types[comment["name"]] = comment["text"]
            continue
        sample = SAMPLE.fullmatch(line)
        if not sample:
            raise ContractBroken(f"this line is neither a comment nor a sample: {line!r}")
        family = re.sub("_(bucket|sum|count)$", "", sample["name"])
        if types.get(family) != "histogram":
            family = sample["name"]
        name = sample["name"] + (sample["labels"] or "")
        if family not in types or family not in helped or name in samples:
            raise ContractBroken(f"not announced, or told twice: {line!r}")
        if types[family] == "counter" and not family.endswith("_total"):
            raise ContractBroken(f"a counter's name ends with _total: {line!r}")
        samples[name] = float(sample["value"])
    check_histograms([name for name, kind in types.items() if kind == "histogram"], samples)
    check_with_promtool(text)
    return samples


def check_histograms(names: list[str], samples: Samples) -> None:
    """Buckets never fall, and the last is the count."""
    for name in names:
        counts = [count for key, count in samples.items() if key.startswith(f"{name}_bucket")]
        if counts != sorted(counts) or counts[-1] != samples[f'{name}_bucket{{le="+Inf"}}']:
            raise ContractBroken(f"the buckets of {name} are no cumulated counts: {counts}")
        if counts[-1] != samples[f"{name}_count"] or samples[f"{name}_sum"] < 0:
            raise ContractBroken(f"{name} has another count, or a sum below 0")


def check_with_promtool(text: str) -> None:
    """Prometheus' own opinion, where it is installed."""
    if shutil.which("promtool") is None:
        return
    said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True)  # fmt: skip
    if said.returncode != 0:
        raise ContractBroken(f"promtool: {said.stdout}{said.stderr}")


def wait_for(server: Server, where: str, holds: Callable[[Samples], bool]) -> Samples:
    """Scrapes until that is so. Error: what was wrong with the last scrape."""
    found: Samples = {}
    wrong = ContractBroken("nothing was scraped")

    def look() -> bool:
        nonlocal wrong
        found.clear()
        try:
            found.update(scrape(where, server.patience))
        except ContractBroken as error:  # of the server before it, which closes it in mid-answer,
            wrong = error  # or of what this one says
            return False
        wrong = ContractBroken(f"that is not so: {found}")
        return holds(found)

    if not wait_until(look, server.patience):
        raise wrong
    return found


def expect_always(where: str, name: str, wanted: float, patience: float) -> None:
    """However often it is asked: no other process answers at the same address."""
    for _ in range(SCRAPES):
        found = scrape(where, patience)[name]
        if found != wanted:
            raise ContractBroken(f"{name} is {found:g}, not {wanted:g}: another one has answered")


def expect_to_remain(where: str, name: str, wanted: float, patience: float) -> None:
    """In the end however often it is asked: the process before it may answer for a moment."""

    def remains() -> bool:
        try:
            expect_always(where, name, wanted, patience)
        except ContractBroken:
            return False
        return True

    wait_until(remains, patience)
    expect_always(where, name, wanted, patience)  # two that take turns may look like one for once


def outcome(found: Samples, name: str) -> float:
    """How many exchanges have ended so."""
    return found[f'fingerd_exchanges_total{{outcome="{name}"}}']


def ask_by_signal(server: Server) -> dict[str, str]:
    """The words of the line that SIGUSR1 has logged."""
    before = len(server.log_lines())
    server.send_signal(signal.SIGUSR1)

    def told() -> list[str]:  # an exchange's line may come in between
        return [line for line in server.log_lines()[before:] if COUNTERS.match(line)]

    if not wait_until(lambda: bool(told()), server.patience):
        raise ContractBroken(f"no line tells of counters: {server.log_lines()[before:]}")
    words = told()[0].partition(" counters: ")[2]
    pairs = (word.rpartition("=") for word in words.split())
    return {name.rstrip("<"): value for name, _, value in pairs}


@pytest.fixture
def where(tmp_path: Path) -> str:
    """A path at which a server may listen for scrapers."""
    return str(tmp_path / "metrics")
