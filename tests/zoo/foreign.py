#!/usr/bin/python3
"""Which test finds each bug of the zoo in a server that is not ours: tests/zoo/foreign.md.

    foreign.py write   make the list anew, from the heads of the patches, from proofs.md and from
                       the findings of test_broken_loops.py
    foreign.py check   is it as it would be made?
    foreign.py holes   the tests of such bugs that no server of another make has failed

A patch breaks a stage. The same bug in a reader's server is found if its test is one that ./judge
asks on some level, and proven to be found if a server of tests/protocol/subjects fails that test.
"""

import argparse
import sys
from dataclasses import dataclass

sys.dont_write_bytecode = True

import proofs  # noqa: E402
from bug import Bug, all_bugs  # noqa: E402

sys.path[:0] = [str(proofs.PROTOCOL), str(proofs.SUBJECTS)]

from capabilities import LADDER  # noqa: E402
from harness.asked import levels_of_tests  # noqa: E402

LIST = proofs.ROOT / "tests" / "zoo" / "foreign.md"
HEAD = """# Which test finds each bug in a server that is not ours

The bugs of the zoo that a server in any language could have, the level of `./judge` and the test
that ask for them, and servers of `tests/protocol/subjects` that have failed this test; none of them
shares a line with the stages. `tests/zoo/foreign.py` makes the list, and `foreign.py holes` names
the tests that no such server has failed.

| bug | level | test | failed for |
| --- | --- | --- | --- |
"""
REST = """
What only a stage can have, because its test is about the stage's own mechanism, its own words or
its own functions:

"""
PLANTED = """
Defects that a review planted in a server of another make, one at a time, because no test asked for
what they break. The tests' own test, `test_broken_loops.py`, demands that each is found:

| defect | what it does | level | test |
| --- | --- | --- | --- |
"""
# The tests that a stage's bug is found by are not always those that ./judge asks.
ASKED_INSTEAD = {
    "accept-without-budget":
        "test_zoo_turns.py::test_a_client_is_served_before_all_new_connections_are_accepted",
    "interest-set-each-time":
        "test_weaknesses.py::test_an_entry_that_is_as_it_was_is_not_set_again",
    "standard-numbers-free":
        "test_logs.py::test_where_there_is_no_stderr_no_client_gets_the_log",
    "searched-from-the-start": "test_http.py::test_a_large_head_byte_by_byte_costs_linear_work",
    "workers-not-counted": "test_descriptors.py::test_a_limit_below_the_connections_is_said_once",
}


@dataclass(frozen=True)
class Row:
    """A bug, where ./judge asks for it, and what proves that it would find it elsewhere."""

    bug: Bug
    level: str
    test: str
    proven_by: tuple[str, ...]


def sorted_out() -> tuple[list[Row], list[Bug]]:
    """The bugs that any server can have, in the order of the levels, and the others."""
    levels, known, others = levels_of_tests(), proofs.read(), proofs.servers_of_another_make()
    rows, own = [], []
    for bug in all_bugs():
        if bug.test.startswith("finger/"):
            continue
        test = ASKED_INSTEAD.get(bug.name, bug.test.partition("[")[0])
        level = levels.get(test)
        if level is None:
            own.append(bug)
        else:
            proven = tuple(name for name in known[test] if name in others)
            rows.append(Row(bug, level, test, proven))
    order = [rung.name for rung in LADDER]
    return sorted(rows, key=lambda row: (order.index(row.level), row.bug.name)), own


def planted() -> list[str]:
    """A line for each defect of ending_blunders.py."""
    from ending_blunders import __name__ as module
    from loop_blunders import BLUNDERS
    from test_broken_loops import FINDINGS, PROVEN

    levels, lines = levels_of_tests(), []
    for name, part in BLUNDERS.items():
        if part.__module__ == module:
            test = FINDINGS[name].test.partition("[")[0] if name in FINDINGS else PROVEN[name]
            does = (part.__doc__ or "").strip().rstrip(".")
            lines.append(f"| {name} | {does} | {levels[test]} | `{test}` |")
    return lines


def table() -> str:
    """The list anew."""
    rows, own = sorted_out()
    lines = [f"| {row.bug.name} | {row.level} | `{row.test}` | "
             f"{', '.join(row.proven_by) or proofs.NOTHING} |" for row in rows]
    mechanism = [f"- {bug.name}: `{bug.test}`" for bug in own]
    return "\n".join([HEAD + "\n".join(lines), PLANTED + "\n".join(planted()),
                      REST + "\n".join(mechanism), ""])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("command", choices=["write", "check", "holes"])
    command = parser.parse_args().command
    if command == "write":
        LIST.write_text(table(), encoding="utf-8")
    elif command == "check" and table() != LIST.read_text(encoding="utf-8"):
        print("the list is not as it would be made; to write it: tests/zoo/foreign.py write")
        return 1
    elif command == "holes":
        rows, _ = sorted_out()
        holes = sorted({row.test for row in rows if not row.proven_by})
        print("\n".join(holes))
        return 1 if holes else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
