"""The rules that the tests hold a server to, which rules.md lists."""

import re
from pathlib import Path

from harness.rule import LIVES, SAYS_READY, Rule

PAGE = Path(__file__).with_name("rules.md")
ROW = re.compile(r"^\| ([A-Z_]+) \| (.+) \| \[\w+\]\(\.\./\.\./(\S+)\) \|$", re.MULTILINE)

SURVIVE = LIVES
READY_LINE = SAYS_READY
globals().update({name: Rule(text, place)
                  for name, text, place in ROW.findall(PAGE.read_text(encoding="utf-8"))})
