"""The server of loop_workers.py with one defect each, of a kind that a single loop cannot have.

python3 broken_workers.py BUG --port PORT; the bugs are those in BUGS, `none` is the healthy one.
"""

import argparse
import sys

import loop_options
from bug_names import bugs_of
from loop_options import NEVER, parse_options
from loop_server import Connection, Loop, serve
from loop_workers import WORKERS_MAX, Worker, Workers


class WakesTheFirst(Workers):
    """Where a place has come free, has one worker look for a client that waits: enough for one."""

    def wake(self) -> None:
        if self.stopping:
            super().wake()
        else:
            self.loops[0].wake()


class ComplainsForItself(Worker):
    """Each worker knows when it has last reported a shortage itself."""

    report_shortage = Loop.report_shortage


class WaitsAfterAFailure(Workers):
    """Has one worker's failure end the others in order, however long that takes."""

    def give_up(self, why: str) -> None:
        self.options.drain_timeout = NEVER
        super().give_up(why)


class OneIsForTheSignals(Workers):
    """One of the workers waits for signals, and serves nobody."""

    def __init__(self, options: argparse.Namespace) -> None:
        options.workers -= 1
        super().__init__(options)


class OneIsEnough(Workers):
    """Takes the option, and has one worker whatever it says."""

    def __init__(self, options: argparse.Namespace) -> None:
        options.workers = 1
        super().__init__(options)


class _LateAtTheFirst(Connection):
    """Gives back its place when its time is up, if it is the first worker's."""

    def time_out(self) -> None:
        if self.loop is not self.loop.workers.loops[0]:
            self.loop.options.max_connections -= 1
        super().time_out()


class LateOnesKeepOtherPlaces(Worker):
    """Each worker but the first forgets to count down a client whose time is up."""

    connection_type = _LateAtTheFirst


class AnyNumberWillDo(Workers):
    """Does not look at its numbers."""

    @staticmethod
    def prepare() -> None:
        loop_options.number = lambda _least, _most: int


BUGS: dict[str, type[Workers] | type[Worker]] = {"none": Workers} | bugs_of(__name__)


def workers_with(part: type[Workers] | type[Worker]) -> type[Workers]:
    """The server of which this is a part, with the rest as it should be."""
    if issubclass(part, Workers):
        return part
    return type("Broken", (Workers,), {"worker_type": part})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bug", choices=BUGS)
    part = BUGS[parser.parse_args(sys.argv[1:2]).bug]
    if hasattr(part, "prepare"):
        part.prepare()
    serve(workers_with(part), parse_options(sys.argv[2:], workers_max=WORKERS_MAX))


if __name__ == "__main__":
    main()
