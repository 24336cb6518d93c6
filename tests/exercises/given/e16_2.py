"""Writes five nights' measurements, from a machine that others use, too. Each night has seven
rounds of processor time a message, for the last release and that day's build, side by side. At most
one build is slower than the release, by 4 %.

python3 e16_2.py DIRECTORY SEED
"""

import json
import random
import sys
from pathlib import Path

NIGHTS = ("monday", "tuesday", "wednesday", "thursday", "friday")
ROUNDS = 7
MESSAGE_US = 5.0
SLOWER = 1.04


def slow_night(seed: int) -> str | None:
    """The night whose build is slower, or None for every fifth seed."""
    return random.Random(seed).choice(NIGHTS) if seed % 5 else None


def night(choice: random.Random, factor: float, hiccup: float) -> dict[str, object]:
    """The results of a build that takes `factor` times as long as the release."""
    machine = choice.uniform(0.8, 1.25)  # another night, another neighbour
    paces = [machine * choice.uniform(0.9, 1.2) for _ in range(ROUNDS)]

    def rounds(factor: float) -> list[dict[str, float]]:
        return [{"cpu_us": round(MESSAGE_US * pace * factor * choice.uniform(0.995, 1.005), 4)}
                for pace in paces]

    release, build = rounds(1.0), rounds(factor)
    choice.choice(build)["cpu_us"] *= hiccup
    return {"rounds": ROUNDS, "results": {"c64": {"release": release, "build": build}}}


def write(directory: Path, seed: int) -> None:
    """Writes all five nights."""
    directory.mkdir(parents=True, exist_ok=True)
    choice = random.Random(seed + 1000)
    slow = slow_night(seed)
    hiccups = choice.choice([name for name in NIGHTS if name != slow])
    for name in NIGHTS:
        found = night(choice, SLOWER if name == slow else 1.0, 1.5 if name == hiccups else 1.0)
        (directory / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
