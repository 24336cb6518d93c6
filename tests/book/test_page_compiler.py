"""The compiler of the Linux in the page: clang, which runs in Node here, and the tools that make a
program of its bitcode, natively and in the machine."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from blocks import ROOT
from page_machine import STATE, PageMachine

MADE = ROOT / "build" / "machine"
STEPS = [step for step in sorted(ROOT.glob("part?-*/steps/*.cc"))
         if '#include "' not in step.read_text()]
pytestmark = [pytest.mark.long, pytest.mark.timeout(3600),
              pytest.mark.skipif(not (MADE / "clang").exists() or os.geteuid() != 0,
                                 reason="no machine was made here, or needs root for chroot")]


@pytest.fixture(scope="module")
def bitcode() -> Iterator[Path]:
    """A directory of the compiling system with the bitcode of all steps."""
    made = MADE / "compiler" / "bitcode"
    made.mkdir(exist_ok=True)
    said = subprocess.run(["node", ROOT / "tools" / "machine" / "clang.mjs", made, *STEPS],
                          capture_output=True, text=True, check=True)
    print(said.stdout)
    yield made


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.parts[-3]}-{step.stem}")
def test_a_step_is_compiled(step: Path, bitcode: Path) -> None:
    there = f"""set -e; cd /bitcode; /backend {step.name}.bitcode object.o
                i686-linux-gnu-g++ object.o -luring -o program"""
    run = subprocess.run(["chroot", MADE / "compiler", "sh", "-c", there],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def machine() -> Iterator[PageMachine]:
    there = PageMachine(STATE, "compiler")
    yield there
    there.close()


def typed(machine: PageMachine, *commands: str) -> list[str]:
    answers = machine.ask(first=[], presses=[{"terminal": 0, "text": text} for text in commands])
    return [answer["printed"] for answer in answers]


def test_a_text_of_the_readers_own_becomes_a_program(machine: PageMachine) -> None:
    typed(machine, "steps part5; page 8; sed -i 's/listening on/waiting at/' page.cc")
    built, started, answer = typed(
        machine, "build page", "start ./page",
        "printf '\\2\\0\\0\\0hi' | timeout 3 ncat 127.0.0.1 $port | xxd -p")
    assert built == ""
    assert re.match(r"waiting at 127\.0\.0\.1:\d+", started)
    assert answer.strip() == "020000006869"


@pytest.mark.parametrize(("line", "said"), [
    ("int x = 1", r"mine\.cc:2:10: error: expected ';'"),
    ("int x = y;", r"mine\.cc:2:9: error: use of undeclared identifier 'y'"),
    ("int* x = 1;", r"mine\.cc:2:6: error: cannot initialize"),
    ("#include <sys/event.h>", r"'sys/event\.h' file not found(?s:.*)at home there are more"),
    ("int f(); int x = f();", r"undefined reference to `f\(\)'"),
])
def test_an_error_names_the_readers_file_and_line(
        machine: PageMachine, line: str, said: str) -> None:
    text = f"#include <cstdio>\\n{line}\\nint main() {{}}\\n"
    *_, built = typed(machine, "cd", f'printf "{text}" > mine.cc', "build mine")
    assert re.search(said, built), built
