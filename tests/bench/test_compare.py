"""The statistics of compare.py, exactly, and its form. No speed: that depends on the machine."""

import os
import re
import stat
import subprocess
import sys
from math import comb
from pathlib import Path

import compare
import pytest
from compare import Verdict
from contenders import DEFAULT_BUILD as BUILD

SCRIPT = Path(compare.__file__)
STAGE = BUILD / "part5-epoll" / "part5-epoll"
needs_build = pytest.mark.skipif(
    not STAGE.is_file() or not (BUILD / "tests" / "bench" / "load").is_file(),
    reason="build part5-epoll and load")
needs_two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
# A server whose cost is that it's interpreted. It echoes bytes, which is enough for small messages.
INTERPRETED = """
import selectors, socket
listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
ready = selectors.DefaultSelector()
ready.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        if key.fileobj is listener:
            ready.register(listener.accept()[0], selectors.EVENT_READ)
        elif piece := key.fileobj.recv(4096):
            key.fileobj.sendall(piece)
        else:
            ready.unregister(key.fileobj)
            key.fileobj.close()
"""
HEAD = r"(\S+): \d+\.\d\d us of processor time a message, by the median"
RATIO, RANGE = r"\d+\.\d{3}", r"(?:\d+\.\d{3} to \d+\.\d{3}|-)"
ROW = rf"(\S+) +({RATIO}) +({RANGE}) +(\d+) of (\d+) +(real|inconclusive)"


def around(below: int, above: int) -> list[float]:
    """So many ratios below 1 and above it, all different, in no order."""
    return [1 + k / 1000 for k in range(1, above + 1)] + [1 - k / 1000 for k in range(1, below + 1)]


@pytest.mark.parametrize(("rounds", "same"), [
    (1, None), (9, None), (10, 10), (11, 11), (12, 12), (20, 17), (30, 24), (40, 30), (60, 42),
])
def test_the_bar(rounds: int, same: int | None) -> None:
    assert compare.bar(rounds) == same


@pytest.mark.parametrize("rounds", range(1, 200))
def test_luck_reaches_the_bar_once_in_370_and_one_below_it_more_often(rounds: int) -> None:
    same = compare.bar(rounds)
    if same is None:
        assert 2 / 2**rounds > 1 / 370
        return
    assert compare.luck(same, rounds) <= 1 / 370 < compare.luck(same - 1, rounds)


def test_luck_is_counted_in_coins() -> None:
    """Three coins fall in eight ways: two alike, all three alike."""
    assert compare.luck(3, 3) == 2 / 8 and compare.luck(2, 3) == 1
    assert compare.luck(9, 9) == 2 / 512
    assert round(1 / compare.luck(42, 60)) == 374
    assert round(1 / compare.luck(41, 60)) == 161


@pytest.mark.parametrize(("rounds", "first"), [
    (1, None), (5, None), (6, 1), (9, 2), (20, 6), (40, 14), (60, 22),
])
def test_the_interval_begins_at_this_ratio(rounds: int, first: int | None) -> None:
    assert compare.place(rounds) == first


def test_the_interval_of_sixty_holds_the_median_97_times_in_100() -> None:
    """It misses if fewer than 22 of the ratios, or more than 38, are below the median."""
    hits = sum(comb(60, below) for below in range(22, 39))
    assert round(hits / 2**60, 2) == 0.97
    assert Verdict.of([n / 100 for n in range(60, 0, -1)]).interval == (0.22, 0.39)


@pytest.mark.parametrize(("below", "above", "real"), [
    (18, 42, True), (19, 41, False), (42, 18, True), (41, 19, False), (30, 30, False),
    (10, 30, True), (11, 29, False), (3, 17, True), (4, 16, False), (0, 9, False), (0, 10, True),
])
def test_the_word(below: int, above: int, real: bool) -> None:
    verdict = Verdict.of(around(below, above))
    assert (verdict.slower, verdict.rounds, verdict.real) == (above, below + above, real)


def test_a_ratio_of_1_is_neither() -> None:
    assert Verdict.of([1.0] * 60).cells() == ("1.000", "1.000 to 1.000", "0 of 60", "inconclusive")


def test_what_is_said_of_the_rounds_is_about_ratios_within_a_round() -> None:
    """A machine that gets ten times as slow meanwhile moves no ratio."""
    a = [1.0 * slowed for slowed in range(1, 11)]
    lines = compare.report(["a", "./slower"], [a, [1.25 * cost for cost in a]])
    assert lines == [
        "a: 5.50 us of processor time a message, by the median",
        "          ratio  interval        slower in",
        "./slower  1.250  1.250 to 1.250  10 of 10   real",
    ]


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, "--build", BUILD, *words], cwd=cwd, text=True,
                          capture_output=True, timeout=120)


@needs_build
@needs_two_cores
def test_a_server_beside_itself_and_one_with_a_cost(tmp_path: Path) -> None:
    """Each is measured in each round, and has its line: that's all that we ask."""
    planted = tmp_path / "planted"
    planted.write_text(f"#!{sys.executable}\n{INTERPRETED}")
    planted.chmod(planted.stat().st_mode | stat.S_IXUSR)
    ran = run("part5", "part5", "./planted", "--rounds", "2", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    head, columns, *rows = ran.stdout.splitlines()
    assert (found := re.fullmatch(HEAD, head)) and found[1] == "part5"
    assert columns.split() == ["ratio", "interval", "slower", "in"]
    told = [re.fullmatch(ROW, row) for row in rows]
    assert [row and row.group(1, 3, 5, 6) for row in told] == [
        ("part5", "-", "2", "inconclusive"), ("./planted", "-", "2", "inconclusive")]


@needs_two_cores
@pytest.mark.parametrize(("words", "said"), [
    (["part5"], "one server has nothing to be compared with"),
    (["./no-such-server", "./nor-this"], "compare: there is no program ./no-such-server"),
    (["part5", "part5", "--rounds", "0"], "takes a number from 1, not '0'"),
    (["/bin/true", "/bin/true", "--rounds", "1"], "no ready line"),
])
def test_what_cannot_be_compared_is_named(words: list[str], said: str, tmp_path: Path) -> None:
    ran = run(*words, cwd=tmp_path)
    assert ran.returncode != 0 and not ran.stdout
    assert said in ran.stderr and "Traceback" not in ran.stderr
