#!/usr/bin/python3
"""The bug zoo: book/bugs/NAME.patch puts a mistake back and names the test that finds it.

    run.py apply              does every patch still apply?
    run.py refresh [NAME ...] write those again that don't, if only a comment or a line of context
                              beside them has changed; then `run` them. Default: every bug
    run.py run [NAME ...]     put each bug back, in a copy below build/zoo, and see its test fail;
                              the same test must pass without the bug. Default: every bug; with
                              --today a thirtieth of them. tests/finger/found_by.toml has more,
                              smaller ones.
    run.py build NAME [STAGE] build the stage with the bug, and print the path of the program

Exit status: 0 all is well, 1 something is wrong, 2 wrong usage.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date

sys.dont_write_bytecode = True

import changes  # noqa: E402
import refresh  # noqa: E402
import trial  # noqa: E402
import workshop  # noqa: E402
from bug import ROOT, Bug, NoSuchBug, all_names, named  # noqa: E402
from patch_file import ZooError, is_stage, program_of  # noqa: E402
from trial import Outcome, Trial  # noqa: E402
from workshop import say  # noqa: E402

PARTS = 30  # of the zoo, one for each day
INTERRUPTED = 130  # exit status after Ctrl-C


def check_that_all_apply() -> int:
    """Tries every patch on the project as it is, without changing it."""
    complaints = []
    names = all_names()
    for name in names:
        try:
            workshop.apply(named(name), ROOT, try_only=True)
        except ZooError as error:
            complaints.append(str(error))
    complaints += changes.complaints([named(name) for name in names])
    for complaint in complaints:
        print(complaint)
    print(f"{len(names)} patches, {len(complaints)} complaints")
    return 1 if complaints else 0


def write_again(names: Sequence[str]) -> int:
    """Refreshes the patches that don't apply any more."""
    status = 0
    for name in names:
        try:
            if text := refresh.refreshed(named(name)):
                named(name).file.write_text(text, encoding="utf-8")
                print(f"{name}: written again")
        except ZooError as error:
            print(error)
            status = 1
    return status


def build_bug(name: str, stage: str | None) -> int:
    """Builds a stage with the bug, and prints the program's path."""
    bug = named(name)
    stage = stage or bug.stages[0]
    if not is_stage(stage):
        raise ZooError(f"there is no stage '{stage}'")
    with workshop.occupied():
        workshop.renew()
        with workshop.changed_by(bug):
            workshop.build(bug.preset, [program_of(stage)], tests=False, shown=True)
            print(workshop.keep_executable(bug, stage))
    return 0


def run_all(names: Sequence[str]) -> int:
    """Hunts these bugs, and makes these changes of tests/finger/found_by.toml."""
    known, _ = changes.all_changes()
    chosen = [known[name] for name in names if name in known]
    status = run_bugs([name for name in names if name not in known]) if len(chosen) < len(
        names) else 0
    if not chosen:
        return status
    with workshop.occupied():
        found, missed = changes.run(chosen)
    print(f"{found} of {len(chosen)} changes found")
    return 1 if missed else status


def run_bugs(names: Sequence[str]) -> int:
    """Hunts these bugs."""
    bugs = [named(name) for name in names]
    counts: Counter[str] = Counter()
    with workshop.occupied():
        healthy = run_without_bugs(bugs)
        for bug in bugs:
            begin = time.monotonic()
            verdict, explanation = hunt(bug, healthy[bug.test, bug.preset])
            counts[verdict] += 1
            took = time.monotonic() - begin
            print(f"{verdict}: {bug.name} ({took:.0f} s): {explanation}", flush=True)
    others = "".join(f", {counts[word]} {word}" for word in ("missed", "skipped") if counts[word])
    print(f"{counts['found']} of {len(bugs)} bugs found{others}")
    return 1 if counts["missed"] else 0


def turn_of(names: Sequence[str], day: date) -> list[str]:
    """The names whose turn it is on this day; within thirty days, all names have had their turn."""
    return list(names[day.toordinal() % PARTS :: PARTS])


def run_without_bugs(bugs: Sequence[Bug]) -> dict[tuple[str, str], Trial]:
    """Runs each test once without any bug."""
    workshop.renew()
    say("building without any bug")
    trials: dict[tuple[str, str], Trial] = {}
    built = set()
    for bug in bugs:
        what = (bug.preset, *bug.targets, bool(bug.needs))
        try:
            if what not in built:
                workshop.build(bug.preset, bug.targets, tests=bool(bug.needs))
        except workshop.NotHere as error:
            trials[bug.test, bug.preset] = Trial(Outcome.SKIPPED, str(error), "")
        except ZooError as error:
            trials[bug.test, bug.preset] = Trial(Outcome.BROKEN, str(error), "")
        else:
            built.add(what)
    tests = dict.fromkeys((bug.test, bug.preset) for bug in bugs)
    say(f"running {len(tests)} test(s) without any bug")
    for test, preset in tests:
        if (test, preset) not in trials:
            trials[test, preset] = trial.run(test, preset)
    return trials


def hunt(bug: Bug, healthy: Trial) -> tuple[str, str]:
    """A verdict and its reason. A bug is found if its test fails with the bug and passes
    without."""
    if healthy.outcome is Outcome.SKIPPED:
        return "skipped", f"{bug.test}: {healthy.reason}"
    if healthy.outcome is not Outcome.PASSED:
        return "missed", f"{bug.test} {told(healthy)} without the bug, too: it proves nothing"
    try:
        with workshop.changed_by(bug):
            workshop.build(bug.preset, bug.targets, tests=bool(bug.needs))
            broken = trial.run(bug.test, bug.preset)
    except ZooError as error:
        return "missed", str(error)
    if broken.outcome is not Outcome.FAILED:
        return "missed", f"{bug.test} {told(broken)} with the bug; it should have failed"
    if bug.says not in broken.output:
        return "missed", f"{bug.test} fails with the bug, but not with the words '{bug.says}'" + (
            f"\n{broken.output}")
    return "found", f"{bug.test} fails with the bug, and passes without it\n    {broken.reason}"


def told(result: Trial) -> str:
    """The words for an unexpected result."""
    if result.outcome is Outcome.PASSED:
        return "passes"
    if result.outcome is Outcome.SKIPPED:
        return f"is skipped: {result.reason}"
    return f"{'fails' if result.outcome is Outcome.FAILED else 'breaks off'}: {result.reason}" + (
        f"\n{result.output}")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog="The heads of the patches are explained in tests/zoo/bug.py.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("apply", help="does every patch still apply? (seconds)")
    run = commands.add_parser(
        "run", help="put bugs back, one at a time, and see the tests find them (minutes)")
    run.add_argument("names", nargs="*", metavar="NAME", help="a bug; without any: all of them")
    run.add_argument("--today", action="store_true", help="those whose turn it is today")
    again = commands.add_parser(
        "refresh", help="write patches again beside which a comment has changed (seconds)")
    again.add_argument("names", nargs="*", metavar="NAME", help="a bug; without any: all of them")
    build = commands.add_parser(
        "build", help="build a stage with a bug; the program's path goes to stdout")
    build.add_argument("name", metavar="NAME", help="the bug")
    build.add_argument("stage", nargs="?", metavar="STAGE", help="where it could be in several")
    arguments = parser.parse_args()
    try:
        if arguments.command == "apply":
            return check_that_all_apply()
        if arguments.command == "build":
            return build_bug(arguments.name, arguments.stage)
        names = arguments.names or all_names()
        if arguments.command == "refresh":
            return write_again(names)
        names = arguments.names or [*names, *changes.all_changes()[0]]
        return run_all(turn_of(names, date.today()) if arguments.today else names)
    except ZooError as error:
        say(str(error))
        return 2 if isinstance(error, NoSuchBug) else 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
