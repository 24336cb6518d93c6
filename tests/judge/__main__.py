"""./judge, whose --help explains the options."""

import argparse
import atexit
import difflib
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from _pytest.mark.expression import Expression

from paths import JUDGE
import remembered
import report_html
import report_text
import report_xml
import starters
import watch
import keeper
import machine
from climb import climb
from first_start import start_once
from capabilities import STAGES
from levels import DEFAULT_LEVEL, FOUNDATION, LEVEL_NAMES, LEVELS
from level_runs import Judged, JudgeBroken, Run, run_level
from remembered import Remembered

from harness.hexdump import escaped
from harness.output import told_if_unwritten

PASSED, FAILED, WRONG_USAGE, CANNOT = 0, 1, 2, 3
USAGE = Path(__file__).with_name("usage.txt")


def say(text: str) -> None:
    """Prints to stderr, as all of the commands do."""
    print(f"judge: {escaped(text)}", file=sys.stderr, flush=True)


def cannot(text: str) -> SystemExit:
    """Prints the text, and returns the exit to raise when the fault isn't the server's."""
    say(text)
    return SystemExit(CANNOT)


def wrong_usage(text: str) -> SystemExit:
    """Prints the text, and returns the exit to raise when the command line is wrong."""
    say(text)
    return SystemExit(WRONG_USAGE)


def parse() -> argparse.Namespace:
    """The command line as ./judge's callers may write it. With --start, CMD is the directory."""
    parser = argparse.ArgumentParser(prog="judge", usage="--help explains it", add_help=False)
    parser.add_argument("command", nargs="?", metavar="CMD")
    one_of = parser.add_mutually_exclusive_group()
    one_of.add_argument("--from", dest="begin")
    for option in ("--level", "--up-to"):
        one_of.add_argument(option)
    for option in ("-k", "--report", "--start", "--after"):
        parser.add_argument(option)
    parser.add_argument("--help", action="store_true")
    parser.add_argument("--without", default="")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--watch", action="store_true")
    options = parser.parse_args()
    options.k = expression_of(options.k)
    return options


def stage_named(word: str) -> str | None:
    """The stage whose name begins with the word, if only one does."""
    fitting = [stage for stage in STAGES if word and stage.startswith(word)]
    return fitting[0] if len(fitting) == 1 else None


def level_named(word: str, option: str, stages: Sequence[str] = ()) -> str:
    """The level of that name, or the stage whose name begins with the word."""
    if word in LEVEL_NAMES:
        return word
    if stages and (stage := stage_named(word)):
        return stage
    alike = stages if stages and word.startswith("part") else (
        difflib.get_close_matches(word, [*LEVEL_NAMES, *stages]))
    meant = f"did you mean {' or '.join(alike)}?" if alike else (
        f"{option} takes one of {', '.join([*LEVEL_NAMES, *stages])}")
    raise wrong_usage(f"there is no level '{word}': {meant}")


def why_not_runnable(command: str, directory: Path) -> str:
    """Why the command can't be run, or "" if it can."""
    try:
        word = next(iter(shlex.split(command)), "")
    except ValueError as error:
        return f"the command {command!r}: {error}".lower()
    if not shutil.which(directory / word if "/" in word else word):
        hint = ""
        if stage_named(word):
            hint = f"; for a stage of ours: ./check {word}"
        elif "=" in word or word == "cd":
            hint = "; no shell reads the command: type env NAME=VALUE …, or sh -c 'cd … && exec …'"
        return f"there is no program {word!r} that can be run (in {directory}){hint}"
    if "{port}" not in command:
        return f"the command {command!r} has no {{port}}: write it where the port's number belongs"
    return ""


def why_not_writable(path: str) -> str:
    """Why no report can be written to this path, or "" if one can."""
    directory = os.path.dirname(path) or "."
    if os.path.isdir(path):
        return "it is a directory"
    if not os.path.isdir(directory):
        return "there is no such directory"
    may_write = os.access(path if os.path.exists(path) else directory, os.W_OK)
    return "" if may_write else "no permission"


def expression_of(words: str | None) -> str | None:
    """Checks an expression for -k, which has parts of names as pytest writes them or, with blanks,
    as our sentences do."""
    for expression in (words, words and words.strip().replace(" ", "_")):
        if not expression:
            return None
        with suppress(Exception):  # pytest's releases raise different exceptions
            Expression.compile(expression)
            return expression
    raise wrong_usage(f"-k: '{words}' is no part of a test's name, nor several with and, or, not")


def write_report(judged: Judged, path: str) -> None:
    """Writes the page that the user asked for, or the XML."""
    write = report_xml.write if path.endswith(".xml") else report_html.write_page
    try:
        write(Path(path), judged)
    except OSError as error:
        raise cannot(f"cannot write {path}: {error.strerror}") from None
    say(f"wrote {path}")


def judge_one(options: argparse.Namespace) -> int:
    """Judges one server by a climb, or by the tests of some levels."""
    climbs = options.level is None and options.up_to is None and options.k is None
    if climbs:
        option = "--from"
        begin = options.begin and level_named(options.begin, option)
    else:
        option = "--level" if options.level else "--up-to"
        level = level_named(options.level or options.up_to or DEFAULT_LEVEL, option, STAGES)
    server = given_or_remembered(options)
    if climbs:
        level = begin or where_it_stopped(server)
    if level in (server.without if climbs else options.without.split(",")):
        raise wrong_usage(f"{option} {level}: that level is left out; name another one")
    if reason := machine.what_it_lacks():
        raise cannot(reason)
    if climbs and (reason := remembered.remember(server, Path.cwd())) and not options.report:
        say(f"the command will not be remembered: {reason}")
    report_text.show_start(server)
    if options.watch:
        watch.watch(server, level, Path.cwd())
    if climbs:
        judged = climb_and_show(server, level, options.show)
    else:
        judged = ask_one_level(
            server, level, options.k, alone=options.level is not None, show=options.show)
    if options.report:
        write_report(judged, options.report)
    return PASSED if judged.passed else FAILED


def where_it_stopped(server: Remembered) -> str:
    """The level at which the last climb stopped, or the lowest."""
    number = LEVEL_NAMES.index(server.level) if server.level in LEVEL_NAMES else 0
    level = next((one for one in LEVEL_NAMES[number:] if one not in server.without), LEVEL_NAMES[0])
    if level != LEVEL_NAMES[0]:
        say(f"it goes on from {level}; --from {LEVEL_NAMES[0]} begins anew")
    return level


def climb_and_show(server: Remembered, begin: str, show: bool) -> Judged:
    """Climbs from this level up to the first that fails."""
    judged = climb(server.command, Path.cwd(), report_text.show_progress, report_text.show_level,
                   begin, server.without)
    if judged.runs:
        remembered.remember(replace(server, level=judged.stopped_at), Path.cwd())
    if show and judged.runs:
        see_calls(server, judged.runs[-1])
    report_text.show_climb(judged)
    return judged


def see_calls(server: Remembered, run: Run) -> None:
    """Runs the first test that failed once more, with strace beside the server. A failure under a
    different rule may come from strace, which changes the speed of a call and who gets a signal."""
    if not run.failures:
        return
    failed = run.failures[0]
    traced = run_level(server.command, run.level, Path.cwd(), "--show", failed.name,
                       *(f"--without={one}" for one in server.without if one != run.level))
    if traced.failures and traced.failures[0].rule == failed.rule:
        run.tests[run.tests.index(failed)] = traced.failures[0]
    elif traced.failures:
        say("with strace beside it, the test fails in a different way: no calls shown")
    elif traced.count("passed"):
        say("with strace beside it, which makes each call slower, this test passes: no calls shown")
    else:
        say("this test traces the server itself, which only one can do: no calls shown")


def to_the_end(run: Run) -> bool:
    """Lets the tests go on, whatever has failed."""
    report_text.show_progress(run)
    return True


def ask_one_level(
    server: Remembered, level: str, expression: str | None, *, alone: bool, show: bool
) -> Judged:
    """Asks for all of the level's tests or for some; with `alone`, without those of
    lower levels."""
    number = LEVEL_NAMES.index(level) if level in LEVEL_NAMES else -1  # -1 for a stage
    up_to = LEVELS[: number + 1]
    asked = up_to[-1:] if alone else up_to
    if not expression:
        first = start_once(server.command)
        if first.trouble:  # every test would report the same
            judged = Judged(server.command, [], first.trouble, first=first)
            report_text.show_no_start(judged)
            return judged
        report_text.show_what_is_asked(level, asked)
    chosen = [f"--without={one}" for one in server.without if one != level]
    if expression:
        chosen += ["-k", expression]
    if alone and number > 0:
        chosen.append(f"--above={LEVEL_NAMES[number - 1]}")
    run = run_level(server.command, level, Path.cwd(), *chosen, progress=to_the_end)
    if expression and run.complete and not run.names:
        where = f"{'of' if alone else 'up to'} the level {level}"
        raise wrong_usage(f"-k: no test {where} has a name that fits '{expression}'")
    if expression:  # a part of a level doesn't fill its bar
        report_text.show_skipped(run)
    else:
        report_text.show_level(run)
    if show and run.failures:
        see_calls(server, run)
    report_text.show_one_level(run)
    return Judged(server.command, [run], chosen=expression or "",
                  without=tuple(one for one in server.without if one != level))


def given_or_remembered(options: argparse.Namespace) -> Remembered:
    """The command, and the levels that the user leaves out."""
    directory = Path.cwd()
    words = options.without.split(",") if options.without else []
    without = tuple(dict.fromkeys(level_named(word, "--without") for word in words))
    if needed := [level for level in without if level in FOUNDATION]:
        raise wrong_usage(f"--without {needed[0]}: every other level needs that one")
    if options.command is None:
        known = remembered.of(directory)
        if known is None:
            raise wrong_usage(
                f"no server is remembered for {directory}, because no climb has begun there: type "
                "./judge 'CMD --port {port}', where CMD starts your server, as python3 echo.py or "
                "./echo would")
        say(f"the server of the last climb from here: {known.command}")
        left_out = {*without, *known.without}
        server = replace(known, without=tuple(level for level in LEVEL_NAMES if level in left_out))
    else:
        server = Remembered(options.command, without)
    if reason := why_not_runnable(server.command, directory):
        raise wrong_usage(reason)
    return server


def start(options: argparse.Namespace) -> int:
    """Copies a first server for the reader to build on."""
    language = options.start
    if language not in starters.LANGUAGES:
        raise wrong_usage(f"--start takes one of {', '.join(starters.LANGUAGES)}, not '{language}'")
    directory = Path.cwd() / options.command
    there = [str(chapter) for chapter in starters.chapters(language)]
    after = options.after or there[0]
    if after not in there:
        raise wrong_usage(f"--after: in {language} there is a server after "
                          f"{'chapter 1 only' if len(there) == 1 else ', '.join(there)}")
    if reason := starters.copy(language, directory, int(after)):
        raise wrong_usage(reason)
    what = "A first server" if after == there[0] else f"The server after chapter {after}"
    print(f"{what} is in {directory}, with a README. Next:\n")
    for command in (f"cd {shlex.quote(str(directory))}", *starters.in_shell(language).split("\n")):
        print(f"  {command}")
    return PASSED


def main() -> int:
    """Does what the user asks for; returns the exit status."""
    try:
        return do_what_is_asked()
    except (JudgeBroken, OSError) as trouble:
        raise cannot(f"the tests could not be run: {trouble}") from None


@told_if_unwritten("judge", CANNOT)
def do_what_is_asked() -> int:
    """Returns the exit status."""
    options = parse()
    if options.help:  # in a checkout, the script that calls this has answered already
        print(USAGE.read_text(encoding="utf-8").replace("./judge", JUDGE), end="")
        return PASSED
    if options.show and not shutil.which("strace"):
        raise wrong_usage("--show needs strace (Debian: apt-get install strace)")
    # Complain now, and not after the minutes that the tests take.
    if options.report and (reason := why_not_writable(options.report)):
        raise wrong_usage(f"cannot write {options.report}: {reason}")
    return start(options) if options.start else judge_one(options)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends us without a complaint
    if scratch := os.environ.pop("JUDGE_SCRATCH", ""):  # judge.pyz has unpacked us there
        atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    sys.exit(keeper.keep(main))
