"""part5 and part6 beside other people's libraries: counted, and what they are held to."""

from dataclasses import dataclass

from contenders import ECHO, PART5, PART6, RING_BY_HAND, SPINNING, STAGES
from count import CROWD, count
from measures.experiment import Measurement, Setting, Table, can_trace, each, table
from measures.idle import memory_of_the_silent
from measures.ladder import echo
from measures.cells import Cell, Ratio, counted, exactly, ranged, ratio_of, words
from rounds import Results
from workloads import ECHO_LOADS, LOADS, SPIN_LOAD

PLAIN, RING = "peer-epoll", "peer-ring"
LIBRARIES = ("peer-libuv", "peer-asio", "peer-asio-coroutines")
COUNTED, MEMORY = "counted", "memory"
MORE = ("c64-x16", "c64-16k")  # of the stages and the plain ones, where bounds are looked at
WHAT = {"cpu_us": "server CPU each", "per_second": "answers a second", "p99_us": "p99"}


@dataclass(frozen=True)
class Bound:
    """Something to be shown: `server` against `base` under one load. Without a limit it is only
    looked at. `either_way`: judged by the rounds' median and by the best round of each, which noise
    touches least, where both say the same."""

    load: str
    number: str
    server: str
    base: str
    at_most: float | None = None
    at_least: float | None = None
    either_way: bool = False

    @property
    def text(self) -> str:
        if self.at_most is None and self.at_least is None:
            return "–"
        return f"≥ {self.at_least:g}" if self.at_most is None else f"≤ {self.at_most:g}"

    def ratio(self, results: Results) -> Ratio | None:
        return ratio_of(results, self.load, self.number, self.server, self.base)

    def verdict(self, results: Results) -> str:
        """Met or missed, where all rounds say so, or where they agree well enough and their median
        says so."""
        if self.text == "–":
            return self.text
        ratio = self.ratio(results)
        if ratio is None:
            return "inconclusive"
        asked = [ratio.middle] if ratio.decided else [ratio.lowest, ratio.highest]
        if self.either_way:
            asked = [ratio.middle, self._of_the_best(results)]
        said = {self._holds(each) for each in asked}
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
                        for name in (self.server, self.base))
        return min(mine) / min(others)

    def _holds(self, ratio: float) -> bool:
        return ratio >= self.at_least if self.at_most is None else ratio <= self.at_most


BOUNDS = (
    *(Bound(f"c{crowd}", "cpu_us", PART5, base, at_most=most)
      for base, most in ((PLAIN, 1.1), *((library, 1.05) for library in LIBRARIES))
      for crowd in (1, 64, 1000)),
    *(Bound(load, "cpu_us", PART6, base, at_most=1)
      for load in ("c1", "c64", "c1000", "c64-x16") for base in (PART5, PLAIN)),
    Bound("c64-16k", "cpu_us", PART6, PART5, at_most=1),
    Bound("c64-16k", "cpu_us", PART6, PLAIN, at_most=1.05),
    *(Bound(load, "cpu_us", PART6, RING_BY_HAND.name, at_most=1.05, either_way=True)
      for load in ("c64", "c1000", "c64-x16", "c64-16k")),
    *(Bound(load.name, "p99_us", PART6, PART5, at_most=1) for load in ECHO_LOADS),
    Bound("spin", "per_second", SPINNING.name, PART6, at_least=1.8),
    # For comparison: what a ring by hand needs.
    *(Bound(load.name, "cpu_us", RING, PLAIN) for load in ECHO_LOADS),
    Bound("spin", "cpu_us", SPINNING.name, PART6),
)
COUNTED_BOUNDS = (  # load, server, number, at most
    (COUNTED, PART5, "calls_1", 3.05),
    (COUNTED, PART5, f"calls_{CROWD}", 2.1),
    (COUNTED, PART6, "calls_1", 2.05),
    (COUNTED, PART6, f"calls_{CROWD}", 0.1),
    (MEMORY, PART6, "own", 1280),
)
COUNTED_TITLES = {
    "calls_1": "system calls a message, 1 connection",
    f"calls_{CROWD}": f"system calls a message, {CROWD} connections",
    "own": "bytes of its own memory an idle client",
}


def held_to(setting: Setting) -> Measurement:
    """Both names."""
    crowds = setting.up_to_most(*((1, 64, 1000) if setting.thorough else (1, 64)))
    jobs = []
    for crowd in crowds if setting.wants("budgets") else ():
        jobs += each([LOADS[f"c{crowd}"]], ECHO, echo, setting)
    if setting.wants("budgets") and setting.thorough:
        plain = [it for it in ECHO if it.name in (*STAGES, PLAIN, RING, RING_BY_HAND.name)]
        jobs += each([LOADS[name] for name in MORE], plain, echo, setting)
        jobs += each([SPIN_LOAD], [SPINNING, *(it for it in ECHO if it.name == PART6)], echo,
                     setting)
        jobs += each([MEMORY], [it for it in ECHO if it.name == PART6], memory_of_the_silent,
                     setting, once=True)
    if setting.wants("budgets", "counted") and can_trace("budgets and counted"):
        every = setting.thorough and setting.wants("counted")
        servers = [it for it in ECHO if every or it.name in (*STAGES, PLAIN)]
        jobs += each([COUNTED], servers, lambda _, server, setting: count(
            server, setting.build, setting.effort.counted), setting, once=True)
    return Measurement(jobs, lambda results: {
        "budgets": budgets(results), "counted": counted_ones(results)})


def counted_ones(results: Results) -> Table:
    return table(
        "What a message of 64 bytes costs each server, counted", results, "server",
        [(name, COUNTED, name) for name in results.get(COUNTED, {})],
        {"system calls, 1 client": counted("calls_1"),
         f"system calls, {CROWD} clients": counted(f"calls_{CROWD}"),
         f"instructions in user space, {CROWD} clients": counted("instructions")},
        notes=["`strace` counts the calls, callgrind the instructions, and no clock is looked at: "
               f"with {CROWD} clients, a message of each is there when the server looks. The peers "
               "echo bytes: they know no messages, no limits and no timeouts."])


def budgets(results: Results) -> Table:
    rows: list[tuple[str, list[Cell]]] = []
    for load, name, number, most in COUNTED_BOUNDS:
        if name in results.get(load, {}):
            found = exactly(results, load, name, number)
            rows.append((f"{name}: {COUNTED_TITLES[number]}", [
                words(f"≤ {most:g}"), found, words("met" if found["exact"] <= most else "missed")]))
    for bound in BOUNDS:
        if {bound.server, bound.base} <= set(results.get(bound.load, {})):
            what = f"{WHAT[bound.number]}, {LOADS[bound.load].title}"
            rows.append((f"{bound.server} / {bound.base}: {what}", [
                words(bound.text), words(bound.found(results)), words(bound.verdict(results))]))
    return Table(
        "What part5 and part6 are held to", ["what", "bound", "found", "verdict"], rows,
        notes=["First what is counted, which is exact; then ratios, taken round by round: median, "
               "lowest and highest. A bound is met or missed where every round says so, or where "
               "all lie within 5 % and their median says so; else nobody can tell. Where the "
               "best rounds are named, they and the median decide if they agree; if not, the "
               "machine was not quiet.",
               "What has no bound is here for comparison: `peer-ring` echoes bytes with a ring by "
               "hand, and with `--pair` as `part6` asks its ring."])
