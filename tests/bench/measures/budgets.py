"""part6 beside part5, other people's libraries and hand-written loops: counts, and part6's
limits."""

from dataclasses import dataclass

from contenders import (ECHO, OWN_BUFFERS, PART5, PART6, PLAIN, RING_BY_HAND, STAGES,
                        Contender)
from count import CROWD, count
from harness.strace import need_ptrace
from measures import cells
from measures.experiment import Grid, Measurement, Setting, Table, each
from measures.timings import echo
from measures.cells import Cell, Ratio, ranged, ratio_of, words
from rounds import Results
from workloads import LOADS, by_size

LARGER = {load.name: load for load in by_size(16)}
WHAT = {"cpu_us": "server CPU each", "p99_us": "p99"}


@dataclass(frozen=True)
class Bound:
    """`part6` must not take more than `at_most` times as much as `base` under one load. With
    `either_way`, the rounds' median and the best round of each, which noise disturbs least, must
    both say so."""

    load: str
    number: str
    base: str
    at_most: float = 1
    either_way: bool = False

    def ratio(self, results: Results) -> Ratio | None:
        return ratio_of(results, self.load, self.number, PART6, self.base)

    def verdict(self, results: Results) -> str:
        """Met or missed, if all rounds say so, or if they agree well enough for their median to
        decide."""
        ratio = self.ratio(results)
        if ratio is None:
            return "inconclusive"
        asked = [ratio.middle] if ratio.decided else [ratio.lowest, ratio.highest]
        if self.either_way:
            asked = [ratio.middle, self._of_the_best(results)]
        said = {each <= self.at_most for each in asked}
        if len(said) > 1:
            return "not quiet" if self.either_way else "inconclusive"
        return "met" if said.pop() else "missed"

    def found(self, results: Results) -> str:
        """The ratio, in words."""
        ratio = self.ratio(results)
        if ratio is None:
            return "too few rounds"
        return ranged(ratio) + (
            f"; of the best rounds {self._of_the_best(results):.2f}" if self.either_way else "")

    def _of_the_best(self, results: Results) -> float:
        mine, others = ([found[self.number] for found in results[self.load][name]]
                        for name in (PART6, self.base))
        return min(mine) / min(others)


BOUNDS = (
    *(Bound(load, "cpu_us", base) for load in LOADS for base in (PART5, PLAIN)),
    *(Bound(load, "cpu_us", RING_BY_HAND.name, 1.05, either_way=True) for load in ("c64", "c1000")),
    *(Bound(load, "p99_us", PART5) for load in LOADS),
    *(Bound(load, "cpu_us", PLAIN, 1.1) for load in LARGER),
)


def budgets(setting: Setting) -> Measurement:
    crowds = setting.up_to_most(*((1, 64, 1000) if setting.thorough else (1, 64)))
    compared = [it for it in ECHO if it.name in (*STAGES, PLAIN, RING_BY_HAND.name)]
    jobs = each([LOADS[f"c{crowd}"] for crowd in crowds], compared, echo, setting)
    plain = [it for it in compared if it.name in (PART6, PLAIN)]
    jobs += each(setting.fewer([*LARGER.values()]), plain, echo, setting)
    return Measurement(jobs, lambda results: {"budgets": verdicts(results)})


# M10.3: hand-written rings, each with a different kind of receive

RINGS = {PART6: "part6-uring", "peer-ring": "by hand, a multishot receive",
         RING_BY_HAND.name: "by hand, a receive for each message",
         OWN_BUFFERS.name: "the same, with a buffer for each client"}


def m10_3(setting: Setting) -> Measurement:
    loads = [LOADS["c64"], LOADS["c1000"]]
    compared = [Contender.of_words(words) for words in (PLAIN, *RINGS)]

    def tables(results: Results) -> dict[str, Table]:
        rows = [(label, [against_epoll(results, load.name, ring) for load in loads])
                for ring, label in RINGS.items()]
        return {"m10_3": Table(
            "A ring's processor time for a message, divided by that of plain epoll",
            ["ring", *(load.title for load in loads)], rows,
            notes=["Median, lowest and highest of the rounds. Those by hand echo bytes: they know "
                   "no messages, no limits and no timeouts, and neither does `peer-epoll`, by "
                   "which all are divided."])}

    return Measurement(each(loads, compared, echo, setting), tables)


def against_epoll(results: Results, load: str, ring: str) -> Cell:
    """A ratio, in words."""
    ratio = ratio_of(results, load, "cpu_us", ring, PLAIN)
    return words(ranged(ratio) if ratio else "too few rounds")


def counted(setting: Setting) -> Grid:
    need_ptrace()
    servers = ECHO if setting.thorough else [it for it in ECHO if it.name in (*STAGES, PLAIN)]
    return Grid(
        "What a message of 64 bytes costs each server, counted", "server",
        {"system calls, 1 client": cells.counted("calls_1"),
         f"system calls, {CROWD} clients": cells.counted(f"calls_{CROWD}"),
         f"instructions in user space, {CROWD} clients": cells.counted("instructions")},
        lambda _, server, setting: count(server, setting.build, setting.effort.counted),
        servers, ["counted"], counts=True,
        notes=["`strace` counts the calls, callgrind the instructions, and no clock is looked at: "
               f"with {CROWD} clients, a message of each is there when the server looks. The peers "
               "echo bytes: they know no messages, no limits and no timeouts."])


def verdicts(results: Results) -> Table:
    rows = []
    for bound in BOUNDS:
        if {PART6, bound.base} <= set(results.get(bound.load, {})):
            what = f"{WHAT[bound.number]}, {(LOADS | LARGER)[bound.load].title}"
            rows.append((f"{PART6} / {bound.base}: {what}", [
                words(f"≤ {bound.at_most:g}"), words(bound.found(results)),
                words(bound.verdict(results))]))
    return Table(
        "What part6 is held to", ["what", "bound", "found", "verdict"], rows,
        notes=["Ratios, taken round by round: median, lowest and highest. A bound is met or missed "
               "where every round says so, or where all lie within 5 % and their median says so; "
               "else nobody can tell. Where the best rounds are named, they and the median decide "
               "if they agree; if not, the machine was not quiet."])
