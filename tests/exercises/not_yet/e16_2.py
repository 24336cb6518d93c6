"""Takes the night whose build was slowest, whatever the machine was like: python3 e16_2.py DIR"""

import json
import sys
from pathlib import Path
from statistics import mean

nights = {}
for file in Path(sys.argv[1]).glob("*.json"):
    build = json.loads(file.read_text())["results"]["c64"]["build"]
    nights[mean(each["cpu_us"] for each in build)] = file.stem
print(nights[max(nights)])
