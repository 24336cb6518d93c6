"""The output that a reader sees: coloured in a terminal, plain in a pipe."""

import os
import re
import shlex
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

from paths import JUDGE, ROOT
from levels import FOUNDATION, LEVEL_NAMES, LEVELS, Level
from level_runs import Judged, Run, Test, by_rule
from remembered import Remembered

from harness.hexdump import escaped

COLUMNS = 96
BAR = 20
LATE_START_SECONDS = 1.0  # every test waits for its server's start
BUSY_LOAD = 3  # for each processor; the tests alone make a load of about 1
BOLD, RED, GREEN, DIM = "1", "31", "32", "2"
CODES = re.compile(r"\033\[[\d;]*m")


def in_terminal() -> bool:
    """Whether to use colours and rewrite lines."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") \
        and os.environ.get("TERM") != "dumb"


def painted(text: str, *codes: str) -> str:
    """The text in that colour, if stdout shows colours."""
    return f"\033[{';'.join(codes)}m{text}\033[0m" if in_terminal() else text


def bar(done: int, of: int) -> str:
    """A progress bar, full only when everything is done."""
    length = BAR * done // of if of else 0
    full, empty = ("█", "░") if in_terminal() else ("#", ".")
    return full * length + empty * (BAR - length)


def columns() -> int:
    """How wide a line may be: as wide as a page, or as the terminal if that's narrower."""
    return min(COLUMNS, os.get_terminal_size().columns or COLUMNS) if in_terminal() else COLUMNS


def wrapped(text: str, indent: str = "") -> str:
    """The text in lines that fit the page."""
    return textwrap.fill(text, columns(), initial_indent=indent, subsequent_indent=indent,
                         break_on_hyphens=False, break_long_words=False)


def shortened(text: str, indent: str) -> str:
    """The text on one line, cut to fit the page."""
    return indent + textwrap.shorten(text, columns() - len(indent), placeholder=" ...")


def level_line(run: Run) -> str:
    """`framing       ####################  26 of 26`."""
    skipped = run.count("skipped")
    passed, of = run.count("passed"), len(run.names) - skipped
    colour = RED if run.failures else GREEN
    line = f"  {run.level:13} {painted(bar(passed, of), colour)} {passed:3} of {of}"
    if skipped:
        line += f", {skipped} skipped"
    if run.ended and len(run.tests) < len(run.names):
        line += f", stopped after {number(len(run.failures), 'failure')}"
    return line


def show_progress(run: Run) -> None:
    """Writes the line of a level that still runs, if stdout is a terminal."""
    if in_terminal():
        line = level_line(run) if run.names else f"  {run.level:13} its tests are being loaded"
        line += f", {run.seconds:.0f} s"
        is_narrow = len(CODES.sub("", line)) >= columns()  # the line would take two rows
        print(f"\r\033[K{CODES.sub('', line)[: columns() - 1] if is_narrow else line}", end="",
              flush=True)


def show_start(server: Remembered) -> None:
    """Writes the lines before the first level."""
    left_out = f" (without {', '.join(server.without)})" if server.without else ""
    print(f"your server: {escaped(server.command)}{left_out}\n", flush=True)


def show_level(run: Run) -> None:
    """Writes the line of a level that has ended."""
    erase()
    print(level_line(run), flush=True)
    show_skipped(run)


def erase() -> None:
    """Erases the line of a level that still runs."""
    if in_terminal():
        print("\r\033[K", end="")


def show_skipped(run: Run) -> None:
    """Says which tests couldn't run here, and why."""
    for reason, count in run.reasons.items():
        print(wrapped(f"{count} skipped: {reason}", "      "), flush=True)


def show_what_is_asked(level: str, asked: Sequence[Level]) -> None:
    """Says what each of these levels asks for, before the first test runs."""
    print(f"level {level} asks for:")
    for each in asked:
        print(wrapped(f"{each.name}: {each.asks}.", "  "), flush=True)


def show_failure(test: Test) -> None:
    """Shows one failure: what was sent, what came back, the server's output, the chapter, the
    rule."""
    print("  " + painted(test.sentence, BOLD))
    for cause in causes(test):
        print(painted(wrapped(cause, "    "), RED))
    for title, text in test.sections:
        if title != "the rule":
            print(f"\n  {title}:")
            print(textwrap.indent(text, "    "))
    print(f"\n  the rule, explained in {painted(test.chapter, BOLD)}:")
    print(wrapped(test.rule, "    "))


def causes(test: Test) -> list[str]:
    """The first lines of a failure: that the server broke down, if it did, and what its client
    noticed."""
    sections = dict(reversed(test.sections))  # of several servers, keep the first
    end = unasked_end(sections.get("the server", ""))
    return [*([f"the server {end}, and so:"] if end and end not in test.cause else []), test.cause]


def unasked_end(said: str) -> str:
    """How the server ended, if it broke down: often that's the cause of what its client noticed."""
    for line in said.splitlines()[1:2]:
        if line.startswith("ended") and not line.endswith("exit status 0"):
            return line.removesuffix(", unasked")
    return ""


def show_groups(failures: Sequence[Test]) -> None:
    """Shows the failures by the rule that they broke, because several often have one cause."""
    groups = by_rule(failures)
    print(f"\n{number(len(failures), 'failure')} under {number(len(groups), 'rule')}:")
    for (rule, chapter), tests in groups.items():
        print(wrapped(f"{len(tests)} x {rule} ({chapter})", "  "))
        for test in tests[:3]:
            print(f"      {test.sentence}")
        if len(tests) > 3:
            print(f"      and {len(tests) - 3} more")


def show_one_level(run: Run) -> None:
    """Shows each failure, then all failures by rule, and the counts."""
    for test in run.failures:
        print()
        show_failure(test)
    if run.failures:
        show_groups(run.failures)
        show_load(run.failures)
    show_no_pass(run)
    counts = (f"{run.count(outcome)} {outcome}" for outcome in ("passed", "failed", "skipped"))
    print(f"\n{', '.join(counts)}")


def show_no_pass(run: Run) -> None:
    """Says why a level counts as not passed if none of its tests failed."""
    if not run.passed and not run.failures:
        ran = f"{run.count('passed')} of {len(run.names)} tests ran" if run.tests else "no test ran"
        print(f"\n{run.level} is not passed: {ran}")


def show_climb(judged: Judged) -> None:
    """Shows where the climb ended: one failure, the distance covered, and the next level."""
    if not judged.runs:
        show_no_start(judged)
        return
    last = judged.runs[-1]
    if last.failures:
        show_stop(judged, last)
    for run in judged.runs:
        show_no_pass(run)
    if judged.first and judged.first.seconds > LATE_START_SECONDS:
        print(f"\n  it listened after {judged.first.seconds:.1f} s")
    levels = [level for level in LEVELS[judged.granted :] if level.name not in judged.without]
    missing = [level for level in levels
               if level.name not in {run.level for run in judged.runs if run.passed}]
    passed = len(levels) - len(missing)
    line = f"\n  {painted(bar(passed, len(levels)), GREEN)} {passed} of {len(levels)} levels"
    if judged.granted:
        line += f" from {LEVEL_NAMES[judged.granted]} on; those below it were not asked for"
    print(line)
    if not missing:
        print(wrapped("That was the last level. If you want more, --level part5-epoll asks for all "
                      "that the book's own server with epoll must do: it also counts your calls "
                      "of epoll_ctl, and grants no memory to the language.", "  "))
        return
    show_way_on(missing[0], judged.without)


def show_way_on(level: Level, without: Sequence[str]) -> None:
    """Says what to read now, and how to skip what we've asked already."""
    print(f"  next: {painted(level.name, BOLD)}, {level.chapter}")
    number = LEVEL_NAMES.index(level.name)
    if number:
        print(f"  to start from that level: {judge_command()} --from {level.name}")
    if level.name in FOUNDATION:
        print(f"  to skip this level: {judge_command()} --from {LEVEL_NAMES[number + 1]}")
    else:
        left_out = ",".join([*without, level.name])
        above = next((one for one in LEVEL_NAMES[number + 1 :] if one not in without), "")
        begin = f" --from {above}" if above else ""
        print(f"  if your server can't do this, continue without it: "
              f"{judge_command()} --without {left_out}{begin}")


def show_watched(judged: Judged, seconds: float, watched: Sequence[Path]) -> None:
    """Shows one failure, if any, and what we wait for."""
    if not judged.runs:
        show_no_start(judged)
    elif failures := judged.runs[-1].failures:
        erase()
        print(f"\n{painted(judged.runs[-1].level, BOLD)} is not passed yet:\n")
        show_failure(failures[0])
        show_load(failures[:1])
    else:
        show_climb(judged)
    more = f" and {number(len(watched) - 1, 'file')} more" if len(watched) > 1 else ""
    print("\n" + painted(wrapped(
        f"judged in {seconds:.1f} s, at {time.strftime('%H:%M:%S')}. Waiting for "
        f"{watched[0].name if watched else 'a file'}{more} to change; Ctrl-C ends", "  "), DIM),
        flush=True)


def show_mended(run: Run) -> None:
    """Says that the test which failed last time passes now."""
    erase()
    for test in run.tests[:1]:
        print(painted(f"  passes now: {test.sentence}\n", GREEN), flush=True)


def show_change(name: str) -> None:
    """Says why the server is judged again."""
    print(painted(f"\n--- {escaped(name)} has changed\n", BOLD), flush=True)


def show_load(failures: Sequence[Test]) -> None:
    """Says so if the machine is busy and that may have caused one of the failures, because it can
    spoil any measurement, even of memory."""
    if is_busy() and any(one.clock or one.measured for one in failures):
        print(f"\n  the machine is busy, with a load of {os.getloadavg()[0]:.0f}: try it again on "
              "a quiet one")


def is_busy() -> bool:
    """Whether the machine has more to do than the tests."""
    return os.getloadavg()[0] > BUSY_LOAD * (os.cpu_count() or 1)


def show_no_start(judged: Judged) -> None:
    """Shows why a server doesn't even listen, because no test can say more about it."""
    assert judged.first is not None
    print(painted(wrapped(judged.trouble, "  "), RED))
    print("\n  the server:")
    print(textwrap.indent(judged.first.said, "    "))


def show_stop(judged: Judged, last: Run) -> None:
    """Shows why the climb goes no higher."""
    level = LEVELS[LEVEL_NAMES.index(last.level)]
    failures = last.failures
    asks = wrapped(f"{level.name} asks: {level.asks}.").removeprefix(level.name)
    print(f"\n{painted(level.name, BOLD)}{asks}\n")
    rules = len(by_rule(failures))
    if len(failures) > 1:
        failed = number(len(failures), "test")
        print(f"{failed} failed, under {number(rules, 'rule')}. The first:\n")
    show_failure(failures[0])
    first = (failures[0].rule, failures[0].chapter)
    if others := {rule: tests for rule, tests in by_rule(failures).items() if rule != first}:
        print("\n  also broken:")
        for (rule, chapter), tests in others.items():
            print(wrapped(f"{rule} ({chapter})", "    "))
            print(shortened(f"{tests[0].sentence}: {tests[0].cause}", "      "))
    if len(last.tests) < len(last.names):
        left = number(len(last.names) - len(last.tests), "test")
        why = ("whatever they ask, this would come first" if last.has_seen_enough
               else "a level that has failed is given up after ten seconds more")
        print("\n" + wrapped(f"{left} of the level not run: {why}", "  "))
    show_load(failures[:1])
    words = [judged.command, "--level", last.level]
    if judged.without:
        words += ["--without", ",".join(judged.without)]
    words += ["-k", failures[0].name.partition("[")[0]]
    print("\n  this test alone; add --show to see the system calls of your server in between:")
    print(f"    {judge_command()} {escaped(shlex.join(words))}")


def judge_command() -> str:
    """How to call ./judge from here."""
    return "./judge" if Path.cwd() == ROOT else JUDGE


def number(count: int, word: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{count} {word}{'' if count == 1 else 's'}"
