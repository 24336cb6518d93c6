"""What a soak must have shown. Pure: samples in, complaints out."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

WARM_UP = 0.25  # of the samples: pools fill, rings of buffers are touched
MEMORY_GROWTH_KIB = 512  # what may come and go in a server with a few dozen clients
MEMORY_GROWTH = 0.1
DESCRIPTOR_GROWTH = 8  # two clients more or fewer at the moment of looking
LATENCY_GROWTH = 3.0  # the machine has other things to do
LATENCY_MS = 50.0
SAMPLES_MIN = 12


@dataclass(frozen=True)
class Sample:
    """A server at one moment, and its good clients since the moment before."""

    seconds: float
    memory_kib: float  # of its own, all of its processes together
    descriptors: int
    p50_ms: float
    p99_ms: float


@dataclass
class Report:
    """All that is known of a server."""

    samples: list[Sample] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    at_rest: dict[str, tuple[int, int]] = field(default_factory=dict)  # before and after
    failures: list[str] = field(default_factory=list)


def complaints(report: Report) -> list[str]:
    """What was not as it should be, in words."""
    found = [f"lost: {what}" for what in report.lost]
    found += report.failures
    if report.counts["answered"] == 0:
        found.append("nothing was answered")
    for what, (before, after) in report.at_rest.items():
        if after > before:
            found.append(f"{after} {what} at the end, when all clients had left; {before} before")
    warm = report.samples[int(len(report.samples) * WARM_UP) :]
    if len(report.samples) < SAMPLES_MIN:
        found.append(f"{len(report.samples)} samples are too few to tell")
        return found
    found += growth(warm, "KiB of memory", lambda sample: sample.memory_kib, MEMORY_GROWTH_KIB,
                    1 + MEMORY_GROWTH)  # fmt: skip
    found += growth(warm, "descriptors", lambda sample: sample.descriptors, DESCRIPTOR_GROWTH, 1)
    found += growth(warm, "ms, p50", lambda sample: sample.p50_ms, LATENCY_MS, LATENCY_GROWTH)
    return found


def growth(samples: Sequence[Sample], what: str, of: Callable[[Sample], float],
           more: float, times: float) -> list[str]:  # fmt: skip
    """A complaint, if the last third of them is by so much, and so many times, above the first."""
    third = len(samples) // 3
    first = median(of(sample) for sample in samples[:third])
    last = median(of(sample) for sample in samples[-third:])
    if last <= first + more or last <= first * times:
        return []
    return [f"{what}: {first:.1f} at first, {last:.1f} at last"]
