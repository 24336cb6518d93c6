"""part5 and part6 with other options: what each brings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from contenders import CLIENT_CORE, SERVER_CORE, STAGES, Contender, built
from measures.experiment import ROUNDS_MIN, Experiment, Setting, Table, words
from measures.peers import in_words
from ratios import Ratio
from rounds import Job, Results
from workloads import Echo

PART5, PART6 = STAGES
CROWDS = (1, 64)
ROUND_SHARE = 0.75  # of a round's length: there are many
BOTH_CORES = f"{CLIENT_CORE},{SERVER_CORE}"


@dataclass(frozen=True)
class Variant:
    """A stage with other options, and the one that it is compared with."""

    title: str
    program: str
    options: tuple[str, ...]
    base: str = ""  # a title; else the stage as it is
    cores: str = SERVER_CORE

    @property
    def contender(self) -> Contender:
        return Contender(self.title, self.program, self.options, self.cores)


TWO_CORES = "may use both cores"
VARIANTS = (
    Variant(PART5, PART5, ()),
    Variant(PART6, PART6, ()),
    Variant(f"{PART6} --spin 1ms", PART6, ("--spin", "1ms")),
    *(variant for program in STAGES for variant in (
        Variant(f"{program}, {TWO_CORES}", program, (), program, BOTH_CORES),
        Variant(f"{program} --workers 2, {TWO_CORES}", program, ("--workers", "2"),
                f"{program}, {TWO_CORES}", BOTH_CORES))),
    Variant(f"{PART6} --ring sqpoll, {TWO_CORES}", PART6, ("--ring", "sqpoll"),
            f"{PART6}, {TWO_CORES}", BOTH_CORES),
)


def load_of(crowd: int) -> Echo:
    return Echo(f"c{crowd}", f"{crowd} connections, 64 bytes", crowd)


def jobs(setting: Setting) -> Iterable[Job]:
    for crowd in CROWDS if setting.thorough else CROWDS[1:]:
        load = load_of(crowd)
        for server in built((variant.contender for variant in VARIANTS), setting.build):
            yield Job(load.name, server.name,
                      partial(load.measure, server, setting.build,
                              setting.effort.seconds * ROUND_SHARE))


def ratio(results: Results, crowd: int, variant: Variant, number: str) -> Ratio | None:
    """To its base; None: it was not measured often enough."""
    servers = results.get(load_of(crowd).name, {})
    each = [[found[number] for found in servers.get(name, [])]
            for name in (variant.title, variant.base or variant.program)]
    return Ratio.of(*each) if min(map(len, each)) >= ROUNDS_MIN else None


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    variants = [it for it in VARIANTS if it.options or it.cores != SERVER_CORE]
    rows = [(f"{variant.title} / {variant.base}" if variant.base else variant.title, [
        in_words(found) if (found := ratio(results, crowd, variant, number)) else words("–")
        for crowd, number in ((1, "cpu_us"), (64, "cpu_us"), (1, "per_second"), (64, "per_second"))
    ]) for variant in variants]
    return {"features": Table(
        "What each option brings: ratios to the server without it",
        ["with the option", "CPU a message, 1 client", "CPU a message, 64 clients",
         "messages a second, 1 client", "messages a second, 64 clients"], rows,
        notes=["Median, lowest and highest of the rounds' ratios; where these two lie more than "
               "5 % apart, they alone.",
               "A server that may use both cores shares one of them with the client: on a machine "
               "of two cores, two workers or a polling thread of the kernel cannot show what they "
               "can do on more."])}


FEATURES_OF_A_RING = Experiment(("features",), jobs, tables)
