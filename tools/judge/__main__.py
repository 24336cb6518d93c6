"""A server of the reader's own before the tests: what ./check does with --mine, --server,
--servers and --start. The options are explained there; ./check has looked at their form.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shlex
import shutil
import signal
import sys
from pathlib import Path
from typing import NoReturn

import junit
import page
import show
import starters
from climb import climb
from ladder import DEFAULT_LEVEL, RUNGS, STAGES, level_named
from runs import Judged, JudgeBroken, Run, run_level
from watch import Watched

STATE = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
REMEMBERED = STATE / "six-servers" / "mine.json"  # not in build/: who has no compiler has none
PASSED, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def say(text: str) -> None:
    """To stderr, as ./check does."""
    print(f"check: {text}", file=sys.stderr, flush=True)


def wrong_usage(text: str) -> SystemExit:
    """To be raised."""
    say(text)
    return SystemExit(WRONG_USAGE)


def why_not_runnable(command: str, directory: Path) -> str:
    """What is wrong with the command, or nothing."""
    try:
        word = next(iter(shlex.split(command)), "")
    except ValueError as error:
        return f"the command {command!r}: {error}".lower()
    if not shutil.which(directory / word if "/" in word else word):
        return f"there is no program {word!r} that can be run (in {directory})"
    if "{port}" not in command:
        return f"the command {command!r} has no {{port}}: write it where the port's number belongs"
    return ""


def write_reports(judged: list[Judged], options: argparse.Namespace) -> None:
    """The page and the XML that were asked for."""
    for path, write in ((options.report, page.write_page), (options.junit, junit.write_junit)):
        if not path:
            continue
        try:
            write(options.directory / path, judged)
        except OSError as error:
            raise SystemExit(f"check: cannot write {path}: {error.strerror}") from None
        say(f"wrote {path}")


def judge_server(options: argparse.Namespace) -> int:
    """One level of one server, with all that pytest says."""
    if reason := why_not_runnable(options.server, options.directory):
        raise wrong_usage(reason)
    level = level_named(options.level)
    if level is None:
        alike = difflib.get_close_matches(options.level, RUNGS + STAGES)
        meant = f"did you mean {' or '.join(alike)}?" if alike else (
            f"--level takes one of {', '.join(RUNGS + STAGES)}")
        raise wrong_usage(f"there is no level '{options.level}': {meant}")
    if not options.k:
        print(f"level {level} asks for:")
        show.show_what_is_asked(level)
    chosen = ("-k", options.k) if options.k else ()
    run = run_level(options.server, level, options.directory, *chosen, shown=True)
    if run.failures:
        show.show_groups(run.failures)
    write_reports([Judged("your server", options.server, [run])], options)
    counts = (f"{run.count(outcome)} {outcome}" for outcome in ("passed", "failed", "skipped"))
    print(f"\n{', '.join(counts)}")
    return PASSED if run.passed else FAILED


def recalled(options: argparse.Namespace) -> tuple[str, Path]:
    """The command and where it is run: given, and remembered for the next time, or remembered."""
    if options.mine:
        command, directory = options.mine, options.directory
    elif REMEMBERED.is_file():
        noted = json.loads(REMEMBERED.read_text(encoding="utf-8"))
        command, directory = noted["command"], Path(noted["directory"])
    else:
        raise wrong_usage("no server is remembered yet: ./check --mine 'CMD --port {port}'")
    if reason := why_not_runnable(command, directory):
        raise wrong_usage(reason)
    try:
        REMEMBERED.parent.mkdir(parents=True, exist_ok=True)
        noted = {"command": command, "directory": str(directory)}
        REMEMBERED.write_text(json.dumps(noted), encoding="utf-8")
    except OSError as error:
        say(f"the command will not be remembered: {error.strerror}: {REMEMBERED}")
    return command, directory


def judge_mine(options: argparse.Namespace) -> int:
    """The ladder, once or after each change of the program."""
    begin = options.begin or RUNGS[0]
    if begin not in RUNGS:
        raise wrong_usage(f"there is no level '{begin}'; the levels are {', '.join(RUNGS)}")
    command, directory = recalled(options)
    watched = Watched(command, directory)
    if options.watch and not watched.names():
        raise wrong_usage(f"--watch: the command names no file to watch: {command}")
    while True:
        changed = False

        def goes_on(run: Run) -> bool:
            nonlocal changed
            show.show_progress(run)
            changed = options.watch and (changed or watched.have_changed())
            return not changed

        show.show_start(command, options.watch)
        judged = climb("your server", command, directory, goes_on,
                       lambda run: show.show_level(run) if not changed else None, begin)
        if not changed:
            show.show_climb(judged)
            write_reports([judged], options)
        if not options.watch:
            return PASSED if judged.runs[-1].passed else FAILED
        if not changed:
            say(f"waiting for a change in {watched.names()} (Ctrl-C ends it)")
            watched.wait()


def judge_many(options: argparse.Namespace) -> int:
    """A table of servers: a line of the file is a name and a command."""
    path = options.directory / options.servers
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise wrong_usage(f"cannot read {options.servers}: {error.strerror}") from None
    pairs = [line.split(maxsplit=1) for line in lines
             if line.strip() and not line.lstrip().startswith("#")]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise wrong_usage(f"{options.servers}: each line is a name and a command")
    judged = []
    width = max(len(name) for name, _ in pairs)
    for name, command in pairs:
        reason = why_not_runnable(command, options.directory)
        one = Judged(name, command, [], reason) if reason else climb(
            name, command, options.directory)
        judged.append(one)
        show.show_row(one, width)
    write_reports(judged, options)
    return PASSED


def start(options: argparse.Namespace) -> int:
    """A first server to build upon."""
    language, to = options.start
    if language not in starters.LANGUAGES:
        raise wrong_usage(f"--start takes one of {', '.join(starters.LANGUAGES)}, not '{language}'")
    directory = options.directory / to
    if reason := starters.copy(language, directory):
        raise wrong_usage(reason)
    print(f"A first server is in {directory}, with a README. Next:\n")
    for command in (f"cd {shlex.quote(str(directory))}", *starters.first_commands(directory)):
        print(f"  {command}")
    return PASSED


class Parser(argparse.ArgumentParser):
    """Complains as ./check does."""

    def error(self, message: str) -> NoReturn:
        raise wrong_usage(message)


def main() -> int:
    """What was asked for; its exit status."""
    parser = Parser()
    parser.add_argument("--directory", type=Path, required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--mine", nargs="?", const="")
    what.add_argument("--server")
    what.add_argument("--servers")
    what.add_argument("--start", nargs=2)
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--from", dest="begin")
    parser.add_argument("--level", default=DEFAULT_LEVEL)
    parser.add_argument("-k")
    parser.add_argument("--report")
    parser.add_argument("--junit")
    options = parser.parse_args()
    for path in filter(None, (options.report, options.junit)):  # before a climb of some minutes
        if not (options.directory / path).parent.is_dir():
            raise wrong_usage(f"cannot write {path}: there is no such directory")
    if options.start:
        return start(options)
    if options.servers:
        return judge_many(options)
    return judge_server(options) if options.server else judge_mine(options)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it without a complaint
    try:
        sys.exit(main())
    except JudgeBroken as broken:
        print(broken, file=sys.stderr)
        say("the tests could not be run")
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
