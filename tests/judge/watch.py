"""Judges a server again whenever its files change, until Ctrl-C."""

import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import remembered
import report_text
from climb import climb
from level_runs import Judged, Run, run_level
from levels import LEVEL_NAMES
from remembered import Remembered

LOOK_SECONDS = 0.05
STILL_SECONDS = 0.1  # a linker, or an editor, writes a file in several steps
HURRY = "--patience=2"  # a wait that must fail need not last long, unless the machine is busy
FAILING_SECONDS = 1.0  # how long a level goes on that has failed
Look = dict[Path, tuple[int, int]]  # each file's time of change, and its size


class Changed(Exception):
    """The server has changed while we judged it."""


def look_at(command: str, directory: Path) -> Look:
    """Looks at each file that the command names, and for a script at the files of its kind beside
    it and a directory below. If the command names no file here, as `java Echo` and `go run .`, we
    look at all files of the directory and of `src`.
    """
    named = [file for word in shlex.split(command) if (file := directory / word).is_file()
             and not word.startswith("/usr/")]
    near = [other for file in named if file.suffix
            for pattern in (f"*{file.suffix}", f"*/*{file.suffix}")
            for other in file.parent.glob(pattern)]
    if not named:
        near = [*directory.glob("[!.]*"), *(directory / "src").rglob("*")]
    found = {}
    for file in dict.fromkeys([*named, *near]):
        try:
            about = file.stat()
        except OSError:
            continue  # it has just gone
        if file.is_file():
            found[file] = about.st_mtime_ns, about.st_size
    return found


def wait_for_change(look: Callable[[], Look], before: Look) -> Path:
    """Waits until something has changed, and no longer changes. Returns a file that has."""
    while (now := look()) == before:
        time.sleep(LOOK_SECONDS)
    while True:
        time.sleep(STILL_SECONDS)
        if (again := look()) == now:
            break
        now = again
    changed = [file for file in now.keys() | before.keys() if now.get(file) != before.get(file)]
    return min(changed, default=next(iter(before), Path()))


def watch(server: Remembered, begin: str, directory: Path) -> None:
    """Climbs from this level, and again from the one that failed after each change. Never
    returns."""

    def look() -> Look:
        return look_at(server.command, directory)

    def progress(run: Run) -> None:
        report_text.show_progress(run)
        if look() != before:
            raise Changed

    failed = ""
    while True:
        before = look()
        begun = time.monotonic()
        with suppress(Changed):
            judged = judge_in_a_hurry(server, begin, failed, directory, progress)
            if judged.runs:
                begin, failures = judged.stopped_at or LEVEL_NAMES[0], judged.runs[-1].failures
                failed = failures[0].name.partition("[")[0] if failures else ""
                remembered.remember(replace(server, level=judged.stopped_at), directory)
            report_text.show_watched(judged, time.monotonic() - begun, sorted(before))
        changed = wait_for_change(look, before)
        report_text.show_change(changed.name)


def judge_in_a_hurry(
    server: Remembered, begin: str, failed: str, directory: Path, progress: Callable[[Run], None]
) -> Judged:
    """Climbs, but first asks for the test that failed last, alone. If that still fails, nobody has
    to wait for the level."""

    def goes_on(run: Run) -> bool:
        progress(run)
        return True

    options = [] if report_text.is_busy() else [HURRY]
    if failed:
        run = run_level(server.command, begin, directory, *options, "-k", failed, progress=goes_on,
                        alone=True)
        if run.failures:
            return Judged(server.command, [run], "", LEVEL_NAMES.index(begin), server.without)
        report_text.show_mended(run)
    return climb(server.command, directory, progress, report_text.show_level, begin, server.without,
                 failing_seconds=FAILING_SECONDS, pytest_options=options)
