"""Each operation that the loop offers is called in a test of the loop, with its arguments."""

import re

from project import ROOT

TABLE = ROOT / "part6-uring" / "uring" / "loop.h"
TESTS = ROOT / "tests" / "unit" / "uring"


def test_a_test_calls_each_operation_of_the_loop() -> None:
    public = TABLE.read_text().partition(" public:\n  auto nop()")[2]
    offered = {"nop", *re.findall(r"^  auto (\w+)\(", public, re.MULTILINE)}
    assert len(offered) > 30, "the table is not found"
    tests = "\n".join(file.read_text() for file in TESTS.glob("*_test.cc"))
    called = set(re.findall(r"(?:loop|l|outer|inner)(?:\.|->)(\w+)\(", tests))
    assert offered <= called, f"no test calls {sorted(offered - called)}"
