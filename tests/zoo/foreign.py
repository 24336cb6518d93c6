#!/usr/bin/python3
"""Which test finds each bug of the zoo in a server that is not ours.

    foreign.py list    the level of ./judge and the test that ask for each bug that a server in any
                       language could have, and servers of tests/protocol/subjects that have failed
                       this test; then the bugs that only a stage can have
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

from harness.asked import levels_of_tests  # noqa: E402
from ladder import LADDER  # noqa: E402

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


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("command", choices=["list", "holes"])
    rows, own = sorted_out()
    if parser.parse_args().command == "holes":
        holes = sorted({row.test for row in rows if not row.proven_by})
        print("\n".join(holes))
        return 1 if holes else 0
    for row in rows:
        print(f"{row.bug.name}: {row.level}, {row.test}: "
              f"{', '.join(row.proven_by) or proofs.NOTHING}")
    print("\nOnly a stage can have these, whose tests are about its own mechanism or words:")
    for bug in own:
        print(f"{bug.name}: {bug.test}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
