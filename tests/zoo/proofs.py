#!/usr/bin/python3
"""Which black-box test fails for which broken server.

    proofs.py list             all that is known, a line for each test: what proofs.md has, and what
                               other runs prove: those of the zoo's patches, whose heads name a
                               test, those of mistakes.py, and the suite's own tests of its broken
                               servers
    proofs.py run [NAME ...]   run the tests against these servers of tests/protocol/subjects,
                               without a NAME all of them, and note which tests fail (hours);
                               `--in test_http …` asks only tests whose names begin so
    proofs.py build            build the stages with the mistakes of mistakes.py, which `run` needs
                               for those
    proofs.py write            make proofs.md anew, with the tests that have come or gone
    proofs.py check            is it as it would be made?

A server is asked only for tests that no other of its kind has made fail: stages are one, servers of
tests/protocol/subjects another. What fails for it is noted if it fails twice, and passes for the
same server without its bug.

Exit status: 0; 1 when `check` finds something; 2 wrong usage.
"""

import argparse
import ast
import functools
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # not where tests import it, of which each process would compile all
    sys.dont_write_bytecode = True

import mistakes  # noqa: E402
from bug import all_bugs  # noqa: E402
from patch_file import ROOT  # noqa: E402

ASKED = {
    "broken_servers": ("--level", "closing"),
    "broken_loops": ("--level", "command-line", "--without", "workers"),
    "broken_workers": ("--level", "workers"),
}
PROTOCOL = ROOT / "tests" / "protocol"
SUBJECTS = PROTOCOL / "subjects"
LIST = ROOT / "tests" / "zoo" / "proofs.md"
NOTHING = "nothing yet"
PATIENCE = "3"
TEST_SECONDS = "90"
NO_TIME_LEFT = "Failed: Timeout"  # pytest's: it does not say what is wrong with the server
ROW = re.compile(r"\| `(test_\w+\.py::\w+)` \| (.*) \|")
HEAD = """# Which bug makes which test fail

A test that has never failed proves nothing. `tests/zoo/proofs.py` writes this list from runs of the
black-box tests against servers with a known bug that `broken_servers.py`, `broken_loops.py` or
`broken_workers.py` in `tests/protocol/subjects` starts. Where a bug names its test itself, as the
patches in `book/bugs` do, that is not repeated here; `tests/zoo/proofs.py list` has it all.

| test | fails for |
| --- | --- |
"""

Proofs = dict[str, list[str]]


def black_box_tests() -> list[str]:
    """Every test that is run against a server, as file::name."""
    return [f"{file.name}::{test}" for file in sorted(PROTOCOL.glob("test_*.py"))
            for test in tests_in(file.read_text(encoding="utf-8"))]


def tests_in(source: str) -> list[str]:
    """The tests of a file that say which capability they are about."""
    tree = ast.parse(source)
    of_file = any(isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
                  and is_about_a_capability(node.value) for node in tree.body)
    return [node.name for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            and (of_file or any(map(is_about_a_capability, node.decorator_list)))]


def is_about_a_capability(marks: ast.expr) -> bool:
    """Whether a mark `needs` or `lacks` is among these."""
    return re.search(r"pytest\.mark\.(needs|lacks)\(", ast.unparse(marks)) is not None


def noted() -> Proofs:
    """What the list says, of tests that are still there."""
    tests = set(black_box_tests())
    rows = ROW.findall(LIST.read_text(encoding="utf-8")) if LIST.is_file() else []
    return {test: re.findall(r"[\w.-]+", names) for test, names in rows
            if test in tests and names != NOTHING}


@functools.cache
def claimed() -> Proofs:
    """What bugs say themselves, and a run of each has shown."""
    sys.path[:0] = [str(PROTOCOL), str(SUBJECTS)]
    from test_broken_loops import FINDINGS as of_loops
    from test_broken_workers import FINDINGS as of_workers
    from test_own_server import FINDINGS as of_servers

    found: Proofs = {test: [] for test in black_box_tests()}
    for name, finding in (of_loops | of_servers | of_workers).items():
        found[finding.test.partition("[")[0]].append(name)
    for bug in all_bugs():
        if (test := bug.test.partition("[")[0]) in found:
            found[test].append(f"{bug.name}.patch")
    for name, beginning in mistakes.noticed_by():
        (test,) = (test for test in found if test.startswith(beginning))
        found[test].append(name)
    return found


def read() -> Proofs:
    """All that is known of each test."""
    found = noted()
    return {test: list(dict.fromkeys([*found.get(test, []), *names]))
            for test, names in claimed().items()}


def table(proofs: Proofs) -> str:
    """The list anew, without what is claimed."""
    rows = []
    for test, names in proofs.items():
        own = [name for name in names if name not in claimed()[test]]
        if own or not names:
            rows.append(f"| `{test}` | {', '.join(own) or NOTHING} |")
    return HEAD + "\n".join(rows) + "\n"


def write(proofs: Proofs) -> None:
    """Keeps it."""
    LIST.write_text(table(proofs), encoding="utf-8")


def note(proofs: Proofs, name: str, tests: Iterable[str]) -> None:
    """This bug makes these tests fail."""
    for test in tests:
        names = proofs[test]
        if not is_proven(names, name):
            names.append(name)


def is_proven(names: Sequence[str], name: str) -> bool:
    """Whether one of these is a stage with a bug, as this one is, or another server, as it is."""
    others = servers_of_another_make()
    return any((one in others) == (name in others) for one in names)


@functools.cache
def servers_of_another_make() -> frozenset[str]:
    """The broken servers of tests/protocol/subjects."""
    return frozenset().union(*bugs_of_programs().values())


def bugs_of_programs() -> dict[str, list[str]]:
    """Which bugs each program of tests/protocol/subjects can start."""
    sys.path.insert(0, str(SUBJECTS))
    programs = ("broken_servers", "broken_loops", "broken_workers")
    return {program: [name for name in importlib.import_module(program).BUGS if name != "none"]
            for program in programs}


@dataclass(frozen=True)
class Broken:
    """A server with a bug: what pytest is told about it, and about the same without the bug."""

    options: tuple[str, ...]
    sound: tuple[str, ...]
    tests: tuple[str, ...] = ("",)  # how the names begin of those that it is for
    mistake: str = ""


def in_python(program: str, name: str, *asked: str) -> Broken:
    """One that a program of tests/protocol/subjects starts."""
    sound, broken = (f"{sys.executable} {SUBJECTS / program} {bug} --port {{port}}"
                     for bug in ("none", name))
    return Broken(("--server", broken, *asked), ("--server", sound, *asked))


def of_stage(stage: str) -> tuple[str, ...]:
    """A stage that mistakes.py has built."""
    return ("--stage", stage, "--build-dir", str(mistakes.PROGRAMS))


def impostor(actual: str, stage: str, tests: tuple[str, ...]) -> Broken:
    """A stage that is asked what another can."""
    command = f"{mistakes.PROGRAMS / actual / actual} --port {{port}}"
    return Broken(("--server", command, "--level", stage), of_stage(stage), tests)


def broken_servers() -> dict[str, Broken]:
    """Each broken server by name."""
    found = {name: in_python(f"{program}.py", name, *ASKED[program])
             for program, names in bugs_of_programs().items() for name in names}
    found |= {name: Broken(of_stage(one.stage), of_stage(one.stage), one.tests, name)
              for name, one in mistakes.MISTAKES.items()}
    return found | {name: impostor(*one) for name, one in mistakes.IMPOSTORS.items()}


def failing(options: Sequence[str], tests: Sequence[str], mistake: str = "") -> dict[str, str]:
    """Which of the tests fail for this server, whatever their parameters, and why."""
    if not tests:
        return {}
    at_once = "0" if len(tests) < 4 else "3"
    with tempfile.TemporaryDirectory() as directory:
        results = Path(directory, "results")
        subprocess.run(
            [sys.executable, "-m", "pytest", *tests, "-q", "-n", at_once, "-p", "no:cacheprovider",
             *options, "--patience", PATIENCE, f"--timeout={TEST_SECONDS}",
             "--results", str(results)],
            cwd=PROTOCOL, env=os.environ | {"ZOO_MISTAKE": mistake},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )
        lines = results.read_text(encoding="utf-8").splitlines() if results.is_file() else []
    ended = [entry for line in lines if "test" in (entry := json.loads(line))]
    return {entry["test"].partition("[")[0].rpartition("/")[2]: entry["cause"]
            for entry in ended
            if entry["outcome"] == "failed" and not entry["cause"].startswith(NO_TIME_LEFT)}


def run(names: Sequence[str], beginnings: tuple[str, ...]) -> None:
    """Asks the broken servers, and writes the list after each."""
    servers = broken_servers()
    for name in names or servers:
        broken = servers[name]
        wanted = [test for test, known in read().items()
                  if not is_proven(known, name)
                  and test.startswith(broken.tests) and test.startswith(beginnings)]
        once = failing(broken.options, wanted, broken.mistake)
        sound = once.keys() - failing(broken.sound, sorted(once)).keys()
        twice = failing(broken.options, sorted(sound), broken.mistake)
        proofs = read()
        note(proofs, name, sorted(twice))
        write(proofs)
        print(f"{name}: {len(twice)} of {len(wanted)} tests fail", flush=True)
        for test, cause in sorted(twice.items()):
            print(f"  {test}: {cause}", flush=True)


def what_to_hunt(proofs: Proofs) -> list[str]:
    """For each test that nothing has made fail, the command that asks the broken servers."""
    return [f"nothing has made {test} fail yet; after tests/zoo/proofs.py build: "
            f"tests/zoo/proofs.py run --in {test}"
            for test, names in proofs.items() if not names]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    running = commands.add_parser("run", help="ask broken servers")
    running.add_argument("names", nargs="*", metavar="NAME")
    running.add_argument("--in", dest="beginnings", nargs="+", default=[""], metavar="TEST")
    commands.add_parser("build", help="build the stages with the mistakes of mistakes.py")
    commands.add_parser("list", help="all that is known")
    commands.add_parser("write", help="make the list anew")
    commands.add_parser("check", help="is the list as it would be made?")
    arguments = parser.parse_args()
    if arguments.command == "run":
        run(arguments.names, tuple(arguments.beginnings))
    elif arguments.command == "build":
        mistakes.build()
    elif arguments.command == "list":
        for test, names in read().items():
            print(f"{test}: {', '.join(names) or NOTHING}")
    elif arguments.command == "write":
        write(read())
        print(*what_to_hunt(read()), sep="\n")
    elif table(read()) != LIST.read_text(encoding="utf-8"):
        print("the list of proofs is not as it would be made: tests/zoo/proofs.py write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
