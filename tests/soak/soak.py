#!/usr/bin/python3
"""Lets servers run for a while among clients of every kind, and looks whether anything grows.

    cmake --build build/default && /usr/bin/python3 tests/soak/soak.py --minutes 30

part5 and part6, with two loops each, and fingerd, all at the same time; fingerd is told to reload
every two seconds. Good clients check every byte of their answers, beside slow and hostile ones and
those that only come and go. In the end memory, descriptors and latency must be what they were after
a short time, and nothing may be lost.
Prints what it found; the exit status is 1 where something was not as it should be.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / name) for name in ("protocol", "finger"))]

from harness.limits import raise_descriptor_limit  # noqa: E402
from harness.proc import wait_until  # noqa: E402
from harness.subject import DEFAULT_BUILD  # noqa: E402
from judge import complaints  # noqa: E402
from servers import SERVERS, Running  # noqa: E402

SAMPLES = 60
INTERVAL_SECONDS_MIN = 1.0
REST_SECONDS = 30.0  # after the last client, until a server must have let all of them go


def observe(running: Sequence[Running], seconds: float) -> None:
    """Looks at all of them, again and again."""
    began, samples = time.monotonic(), int(max(1, min(SAMPLES, seconds / INTERVAL_SECONDS_MIN)))
    for number in range(1, samples + 1):
        due = began + seconds * number / samples
        while (left := due - time.monotonic()) > 0:
            time.sleep(min(0.5, left))
            for one in running:
                one.disturb()
        for one in running:
            one.look(time.monotonic() - began)
        if sys.stderr.isatty():
            print(f"\r\033[Ksoak: {due - began:.0f} of {seconds:.0f} s", end="", file=sys.stderr)


def soak(build: Path, names: Sequence[str], seconds: float) -> dict[str, Running]:
    """All of it: starts them, observes, and ends them."""
    running = {name: SERVERS[name](name, build) for name in names}
    try:
        for one in running.values():
            one.start()
        observe([*running.values()], seconds)
        for one in running.values():
            one.end_clients()
        for one in running.values():
            wait_until(one.is_at_rest, REST_SECONDS, 0.1)
            one.stop()
    finally:
        for one in running.values():
            one.close()
    return running


def table(running: dict[str, Running]) -> str:
    """A line for each server: what it did, and its numbers at first and at last."""
    lines = []
    for name, one in running.items():
        seen = sorted(one.report.counts.items())
        counts = ", ".join(f"{number:,} {what}" for what, number in seen)
        lines.append(f"{name}: {counts}; {one.disturbances:,} {one.disturbance}")
        for field in ("memory_kib", "descriptors", "p99_ms"):
            values = [getattr(sample, field) for sample in one.report.samples]
            third = max(1, len(values) // 3)
            lines.append(f"    {field}: {median(values[:third]):.1f}, then "
                         f"{median(values[third:-third] or values):.1f}, then "
                         f"{median(values[-third:]):.1f}; at most {max(values):.1f}")  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--servers", nargs="+", metavar="NAME", choices=SERVERS,
                        help=f"of {', '.join(SERVERS)}; without: all that can run here")
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, metavar="DIR")
    arguments = parser.parse_args()
    build, seconds = arguments.build.resolve(), arguments.minutes * 60
    names = []
    for name in arguments.servers or SERVERS:
        if why := SERVERS[name].missing(build):
            print(f"{name} is left out: {why}", file=sys.stderr)
        else:
            names.append(name)
    if not names:
        sys.exit("soak: there is nothing to look at")
    raise_descriptor_limit()
    running = soak(build, names, seconds)
    print(table(running))
    wrong = [f"{name}: {what}"
             for name, one in running.items() for what in complaints(one.report)]  # fmt: skip
    print("\n".join(f"WRONG {what}" for what in wrong) or "all is as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
