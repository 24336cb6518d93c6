"""Level after level, up to the first that fails."""

from collections.abc import Callable, Sequence
from pathlib import Path

from first_start import start_once
from levels import LEVELS, LEVEL_NAMES
from level_runs import Judged, Run, run_level

FAILING_SECONDS = 10  # a server that answers nothing fails every test of a level, each after a wait


def climb(
    command: str,
    directory: Path,
    progress: Callable[[Run], None],
    arrived: Callable[[Run], None],
    begin: str = LEVEL_NAMES[0],
    without: tuple[str, ...] = (),
    ask: Callable[..., Run] | None = None,
    failing_seconds: float = FAILING_SECONDS,
    pytest_options: Sequence[str] = (),
) -> Judged:
    """Runs at each level only the tests that the level below didn't have. `arrived` sees each level
    at its end.

    The climb takes the levels below `begin` for granted, and leaves out the levels in `without` and
    the tests that need them. `ask` runs the tests of a level; without one, run_level does.

    A level that fails runs to its end unless that takes `failing_seconds`. If only tests that look
    at a clock have failed, the climb runs these again, alone, because a machine that was busy for a
    moment isn't the server's fault.
    """
    ask = ask or run_level

    def goes_on(run: Run) -> bool:
        progress(run)
        return run.failing_seconds < failing_seconds

    def to_the_end(run: Run) -> bool:
        progress(run)
        return True

    granted = LEVEL_NAMES.index(begin)
    first = start_once(command)
    judged = Judged(command, [], first.trouble, granted, without, first)
    if first.trouble:
        return judged
    below = LEVEL_NAMES[granted - 1] if granted else ""
    for level in LEVELS[granted:]:
        if level.name in without:
            continue
        options = [*pytest_options, *(f"--without={name}" for name in without)]
        if below:
            options.append(f"--above={below}")
        run = ask(command, level.name, directory, *options, progress=goes_on)
        if run.may_be_the_machine:
            names = {test.name.partition("[")[0] for test in run.failures}
            again = ask(command, level.name, directory, *options, "-k", " or ".join(names),
                              progress=to_the_end)
            if again.passed:  # a second run, because the first may not have reached all tests
                run = ask(command, level.name, directory, *options, progress=goes_on)
        judged.runs.append(run)
        arrived(run)
        if not (run.passed or run.was_skipped):
            break
        below = level.name
    return judged
