"""The judge that a page asks must find what ./judge finds. A pty stands in for the emulated
machine's serial line."""

import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rules
import starters
from harness.needed import need_program
from harness.proc import Process, wait_until
from harness.target import REPOSITORY
from levels import PORT_ONLY_LEVELS
from run_judge import FLEET, STARTERS, SUBJECTS, judge

pytestmark = pytest.mark.timeout(400)

AGENT = Path(__file__).with_name("agent.py")
STATE = REPOSITORY / "build" / "machine" / "own.state"  # of the emulated machine that has the agent
STARTER = (STARTERS / "python" / "echo.py").read_text()
GOOD = (SUBJECTS / "echo_server.py").read_text()
SILENT = STARTER.replace("connection.sendall", "bytes")
HANGS = "import time\n" + STARTER.replace("        serve(client)", "        time.sleep(1000)")
BUSY = STARTER.replace("        serve(client)", "        while True: pass")
IN_C, IN_CPP = ((STARTERS / name).read_text() for name in ("c/echo.c", "cpp/echo.cc"))


def broken(bug: str) -> str:
    """A server of the fleet that needs no argument but its port."""
    text = (SUBJECTS / "broken_servers.py").read_text()
    return text.replace("if __name__", f'sys.argv.insert(1, "{bug}")\nif __name__')


def after(chapter: int) -> str:
    """The server that *Your own server* makes of the first one up to that chapter."""
    with tempfile.TemporaryDirectory() as directory:
        starters.copy("python", Path(directory), chapter)
        return Path(directory, "echo.py").read_text()


SERVERS = {
    "good": GOOD,
    "after-2": after(2),
    "after-3": after(3),
    "healthy": broken("none"),
    "asyncio": (FLEET / "plain" / "asyncio_echo.py").read_text(),
    "starter": STARTER,  # ends with a traceback
    "one-message-per-wake-up": broken("one-message-per-wake-up"),
    "dies-of-a-reset": broken("dies-of-a-reset"),
    "drops-half-closed": broken("drops-half-closed"),
}
# Each of their tests waits for an answer that doesn't come.
WAITED_FOR = {"silent": SILENT, "hangs": HANGS, "busy": BUSY}


class Agent:
    """An agent, and a page that asks it."""

    def __init__(self, directory: Path) -> None:
        self._page, line = pty.openpty()
        tty.setraw(line)
        self.process = subprocess.Popen([sys.executable, AGENT], cwd=directory, stdin=line,
                                        stdout=line, stderr=subprocess.DEVNULL)
        os.close(line)
        self._lines = open(self._page, encoding="utf-8", closefd=False)
        self.levels = self.hear("levels")[-1]["levels"]

    def ask(self, **request: Any) -> None:
        os.write(self._page, json.dumps(request).encode() + b"\n")

    def hear(self, last: str) -> list[dict[str, Any]]:
        """Returns the agent's lines, up to one that has this key."""
        said: list[dict[str, Any]] = []
        while not said or last not in said[-1]:
            line = self._lines.readline()
            if line.startswith("{"):
                said.append(json.loads(line))
        return said

    def judge(self, judge: str, **request: Any) -> list[dict[str, Any]]:
        self.ask(judge=judge, **request)
        return self.hear("end")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._page)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    one = Agent(tmp_path_factory.mktemp("mine"))
    yield one
    one.close()


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_the_agent_finds_the_same_in_the_page(agent: Agent) -> None:
    """Runs the emulated machine in Node; tests/site runs it in a browser."""
    if not STATE.exists():
        pytest.skip("no machine was made here (tools/machine/make)")
    node = subprocess.Popen(
        [need_program("node"), REPOSITORY / "tools" / "machine" / "judge.mjs", STATE],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    requests = {name: {"judge": text} for name, text in (SERVERS | WAITED_FOR).items()}
    requests["C"] = {"judge": IN_C, "file": "echo.c"}
    told, _ = node.communicate("".join(json.dumps(one) + "\n" for one in requests.values()))
    there = {name: verdict(json.loads(line)) for name, line in zip(requests, told.splitlines())}
    here = {name: verdict(agent.judge(**request)) for name, request in requests.items()}
    assert there == here


def verdict(said: list[dict[str, Any]]) -> tuple[list[str], str]:
    """The levels that the server has, and the rule that it breaks."""
    return passed(said), failed(said)[0]["rule"] if failed(said) else ""


def passed(said: list[dict[str, Any]]) -> list[str]:
    return [one["level"] for one in said if one.get("passed")]


def failed(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in said if one.get("outcome") == "failed"]


@pytest.mark.parametrize("text", [
    *(pytest.param(text, id=name) for name, text in SERVERS.items()),
    *(pytest.param(text, id=name, marks=pytest.mark.long) for name, text in WAITED_FOR.items()),
])
def test_its_verdict_is_that_of_the_judge(agent: Agent, text: str, tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(text)
    judged = judge(f"{sys.executable} echo.py --port {{port}}", at=tmp_path)
    said = agent.judge(text)
    assert said[-1] == {"end": "climbed"}, said[-1]
    reached = int(re.search(r"(\d+) of \d+ levels", judged.said)[1])
    assert passed(said) == list(PORT_ONLY_LEVELS[:reached]), judged.said
    if reached < len(PORT_ONLY_LEVELS):
        # The order of failures depends on how many tests run at once.
        assert failed(said)[0]["rule"] in " ".join(judged.said.split()), judged.said
    else:
        assert not failed(said)


def test_the_levels_have_the_tests_of_the_judge(agent: Agent) -> None:
    assert list(agent.levels) == list(PORT_ONLY_LEVELS) and min(agent.levels.values()) > 5
    agent.ask()
    assert agent.hear("levels") == [{"levels": agent.levels}]


def test_a_failure_says_all_that_the_judge_says(agent: Agent) -> None:
    first = failed(agent.judge(STARTER))[0]
    assert (first["rule"], first["chapter"]) == (rules.SURVIVE.text, rules.SURVIVE.chapter)
    titles = [title for title, _ in first["sections"]]
    assert titles[0].startswith("what happened") and "the server" in titles
    server = dict(first["sections"])["the server"]
    assert server.startswith("$ python3 echo.py --port ") and "Traceback" in server
    assert 'echo.py", line 32, in <module>' in server and "agent.py" not in server


def test_a_server_that_does_not_even_start_is_told_with_its_words(agent: Agent) -> None:
    *_, trouble, end = agent.judge("import socket\ndef serve(:\n    pass\n")
    assert "ended with exit status 1" in trouble["trouble"] and end == {"end": "climbed"}
    assert "echo.py\", line 2" in trouble["said"] and "SyntaxError" in trouble["said"]


@pytest.mark.parametrize(("text", "file", "compiler"), [
    (IN_C, "echo.c", "tcc"), (IN_CPP, "echo.cc", "g++"),
])
def test_a_server_in_c_or_cpp_is_compiled_and_judged(
        agent: Agent, text: str, file: str, compiler: str) -> None:
    need_program(compiler)
    said = agent.judge(text, file=file)
    assert verdict(said) == (["framing"], rules.SURVIVE.text)
    assert dict(failed(said)[0]["sections"])["the server"].startswith("$ ./echo --port ")


def test_the_compiler_says_in_which_line_a_server_in_c_is_wrong(agent: Agent) -> None:
    need_program("tcc")
    wrong = IN_C.replace("const int on = 1;", "const int on = 1")
    # The compiler misses the semicolon in the next line.
    line = wrong[:wrong.index("const int on = 1")].count("\n") + 2
    trouble, end = agent.judge(wrong, file="echo.c")
    assert "cannot be compiled" in trouble["trouble"] and end == {"end": "climbed"}
    assert f"echo.c:{line}: error: " in trouble["said"]


def test_a_climb_that_begins_above_asks_for_what_is_below_in_the_end(agent: Agent) -> None:
    levels = list(PORT_ONLY_LEVELS)
    assert passed(agent.judge(GOOD, **{"from": "survival"})) == levels[1:] + levels[:1]


def test_a_stop_ends_the_climb_and_the_server(agent: Agent) -> None:
    agent.ask(judge=SILENT)
    agent.hear("level")
    children = Process(agent.process.pid).children
    assert wait_until(lambda: any(Process(one).children() for one in children()), 10)
    agent.ask(stop=True)
    assert agent.hear("end")[-1] == {"end": "stopped"}
    assert not children()
    assert passed(agent.judge(STARTER)) == ["framing"], "and the next climb is a whole one"
