"""The ring view shows what has happened: the trace is one, and what follows from it is true."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest
import record_ring
from blocks import ROOT
from harness.needed import need_built, need_program, need_ring
from harness.strace import need_ptrace
from pages import BOOK, complain

REPLAY = Path(__file__).with_name("replay.mjs")
SERVER = ROOT / "build" / "default" / "part6-uring" / "part6-uring"

ROW = re.compile(r"^\| (\d+) \| (.+) \|$", re.MULTILINE)
WORDS_MAX = 25

# What book/ring-view.md says of a step, in the words of the step. Another trace has other numbers.
TOLD = {
    1: "operation 1, read, eventfd", 2: "poll, listener", 3: "takes 2 entries",
    4: "makes 1 completion", 6: "recv, client A", 8: "timeout", 9: "takes 3 entries",
    10: "makes 1 completion", 12: "send, client A", 13: "takes 1 entry", 16: "recv, client A",
    18: "makes 1 completion", 23: "makes 1 completion", 25: "recv, client B",
    27: "makes 1 completion", 32: "makes 2 completions", 35: "send, client A",
    37: "takes 2 entries", 43: "takes 2 entries", 45: "client A: 0.", 47: "recv, client B: 6",
    53: "recv, client C: 20480", 58: "send, client C", 61: "send, client C: 23424",
    62: "send, client C", 65: "send, client C: 10736", 66: "send, client C", 69: "timeout: -62",
    70: "timeout", 82: "recv, client B, is to end", 85: "makes 2 completions",
    87: "recv, client B", 90: "timeout: -62", 91: "send, client C, is to end",
    96: "send, client C", 99: "send, client C: 2928", 103: "recv, client B: 0",
    105: "send, client C: -104", 106: "makes 1 completion", 109: "listener, is to end",
    110: "is to end", 111: "takes 3 entries", 114: "The head moves to 34",
}


@pytest.fixture(scope="module")
def trace() -> dict:
    return json.loads(record_ring.TRACE.read_text())


def replayed(file: Path) -> list[dict]:
    run = subprocess.run([need_program("node"), REPLAY, file], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_trace_is_one_for_chrome(trace: dict) -> None:
    """Spans that begin, may have marks, and end, in the order of time. The loop's own timeout ends
    with the ring."""
    events, open_spans, before = trace["traceEvents"], {}, 0.0
    for event in events:
        assert event["cat"] == "operation" and event["ts"] >= before
        before = event["ts"]
        if event["ph"] == "b":
            assert event["id"] not in open_spans
            open_spans[event["id"]] = event["name"]
        elif event["ph"] == "n":
            assert open_spans[event["id"]] == event["name"] and event["args"]
        else:
            assert event["ph"] == "e" and isinstance(event["args"]["result"], int)
            assert open_spans.pop(event["id"]) == event["name"]
    assert list(open_spans.values()) in ([], ["timeout"])


def test_the_trace_has_what_the_page_speaks_of(trace: dict) -> None:
    marks = [event["args"] for event in trace["traceEvents"] if event["ph"] == "n"]
    assert {"asked": "cancel"} in marks
    names = set(trace["otherData"]["descriptors"].values())
    assert names == {"listener", "eventfd", "client A", "client B", "client C"}


def test_heads_follow_tails_and_nothing_is_left(trace: dict) -> None:
    steps = replayed(record_ring.TRACE)
    before = {"sqHead": 0, "sqTail": 0, "cqHead": 0, "cqTail": 0}
    for step in steps:
        assert all(step[name] >= before[name] for name in before), step["text"]
        assert 0 <= step["sqTail"] - step["sqHead"] <= trace["otherData"]["entries"]
        assert 0 <= step["cqTail"] - step["cqHead"] <= trace["otherData"]["completions"]
        before = {name: step[name] for name in before}
    last = steps[-1]
    assert len(last["flight"]) <= 1  # the loop's own timeout, which ends with the ring
    assert last["sqHead"] == last["sqTail"]
    assert last["cqHead"] == last["cqTail"]


def test_the_page_tells_of_the_steps_as_they_are() -> None:
    steps = replayed(record_ring.TRACE)
    rows = ROW.findall((BOOK / "ring-view.md").read_text())
    assert [int(number) for number, _ in rows] == list(TOLD)
    for number, words in TOLD.items():
        assert words in steps[number - 1]["text"], number
    complain([f"{number}: {sentence}" for number, sentence in rows
              if len(sentence.split()) > WORDS_MAX or not sentence.endswith(".")])


def test_every_scene_says_what_to_watch() -> None:
    program = ('import { scenes } from "./scenes.js"; import { readFileSync } from "node:fs";'
               'console.log(JSON.stringify(scenes(readFileSync(process.argv[1], "utf8"))))')
    run = subprocess.run([need_program("node"), "--input-type=module", "-e", program,
                          BOOK / "ring-view.md"], capture_output=True, text=True, check=True,
                         cwd=BOOK / ".vitepress" / "theme" / "ring")
    found = json.loads(run.stdout)
    assert len(found) == 7 and found[0]["first"] == 0
    assert all(one["next"] == other["first"] for one, other in zip(found, found[1:]))
    complain([f"{scene['title']}: {scene['watch']}" for scene in found
              if len(scene["watch"].split()) < 5 or scene["watch"][-1] not in ".?"])


def test_an_operation_is_in_one_place_from_its_request_until_it_is_taken() -> None:
    """Nothing is lost on its way down or up, and nothing is in two places."""
    open_now: set[int] = set()
    for number, step in enumerate(replayed(record_ring.TRACE), 1):
        if step["kind"] == "request" and "is to end" not in step["text"]:
            open_now.add(step["number"])
        elif step["kind"] == "take":
            open_now.remove(step["number"])
        for places in step["places"]:
            main = {which: at for which, at in places}
            assert set(main) == open_now, number
            later = [which for which, at in places if at == "flight"]
            assert len(later) == len(set(later)), number
            assert {which for which, at in places if at == "cq"}.isdisjoint(later), number
            assert {which for which, at in places if at == "sq"}.isdisjoint(later), number


def test_a_recording_that_fails_leaves_no_server(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that still serves would be waited for, for ever."""
    server = tmp_path / "server"
    server.write_text("#!/bin/sh\necho $$ >>'%s'\necho listening on 127.0.0.1:1\nexec sleep 60\n"
                      % (tmp_path / "started"))
    server.chmod(0o700)

    def gives_up(*_: object) -> None:
        raise record_ring.TooBusy

    monkeypatch.setattr(record_ring, "talk", gives_up)
    with pytest.raises(record_ring.TooBusy):
        record_ring.record(server)
    started = (tmp_path / "started").read_text().split()
    assert len(started) == record_ring.TRIES
    assert not any(Path("/proc", pid).exists() for pid in started)


def test_the_still_figure_is_of_this_trace() -> None:
    run = subprocess.run([need_program("node"), record_ring.DRAW, "--check"], capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr


def submissions(calls: Path) -> list[int]:
    """How many entries each io_uring_enter was given, as strace saw it; those with none are out."""
    for _ in range(100):
        if "+++ exited" in (text := calls.read_text()):
            break
        time.sleep(0.05)
    counts = [int(count) for count in re.findall(r"^io_uring_enter\(\d+, (\d+)", text, re.M)]
    return [count for count in counts if count > 0]


def test_what_the_kernel_takes_is_what_it_was_given(tmp_path: Path) -> None:
    """The trace does not tell of the calls. What the view concludes is what strace sees, unless a
    busy machine has cut one turn into two calls with nothing between them."""
    need_program("node")
    need_ptrace()
    need_built(SERVER)
    need_ring()
    for number in range(record_ring.TRIES):
        calls, file = tmp_path / f"calls-{number}", tmp_path / f"trace-{number}.json"
        strace = ("strace", "-D", "-o", str(calls), "-e", "trace=io_uring_enter")
        file.write_text(record_ring.text(record_ring.record(SERVER, strace)))
        taken = [step["sqHead"] for step in replayed(file) if step["kind"] == "enter"]
        seen, concluded = submissions(calls), [n - before for before, n in zip([0, *taken], taken)]
        if seen == concluded:
            break
    assert seen == concluded
