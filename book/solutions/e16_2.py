"""Says in which of five nights the build was slower than the release: python3 e16_2.py DIRECTORY"""

import json
import sys
from pathlib import Path
from statistics import median

SLOWER = 1.02  # less may be noise


def ratio(night: Path) -> float:
    """The ratio of the build's time to the release's in the same round, on the same machine. We
    take the median of seven rounds, which doesn't depend on how bad the worst was."""
    found = json.loads(night.read_text())["results"]["c64"]
    return median(build["cpu_us"] / release["cpu_us"]
                  for build, release in zip(found["build"], found["release"], strict=True))


nights = {ratio(file): file.stem for file in Path(sys.argv[1]).glob("*.json")}
print(nights[max(nights)] if max(nights) > SLOWER else "none")
