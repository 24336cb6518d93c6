"""The rules that the tests hold a server to, read from rules.md."""

import re
from pathlib import Path

from harness import rule
from harness.rule import LIVES, SAYS_READY, Rule

PAGE = Path(__file__).with_name("rules.md")
ROW = re.compile(r"^\| ([A-Z_]+) \| (.+) \| \[\w+\]\(\.\./\.\./(\S+)\) \| (.+) \|$", re.MULTILINE)

ECHO = rule.ECHO
SURVIVE = LIVES
READY_LINE = SAYS_READY
ABOUT_COSTS = {
    "BACKLOG", "BOUNDED_MEMORY", "HTTP_FLAT", "IDLE_BYTES", "IDLE_HOLDS_NOTHING", "INTEREST",
    "LENGTH_COSTS_NOTHING", "LIMIT_COSTS_NOTHING", "NO_DELAY", "NO_THREAD_EACH", "REST", "RESTORE",
    "WAKE_UP_FLAT",
}  # fmt: skip
NOT_MEASURED = {"BACKLOG", "INTEREST", "NO_DELAY"}
# Their tests also end a server, but are about something else.
NOT_ABOUT_STOPS = {
    "BACKLOG_DROPPED", "DISCARD", "ESCAPED", "LOGS", "LOG_BOUNDED", "RESTART", "VERBOSE", "WORKERS"
}  # fmt: skip
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))
globals().update({name: Rule(text, place, name in ABOUT_COSTS, name not in NOT_ABOUT_STOPS,
                             name in ABOUT_COSTS - NOT_MEASURED)
                  for name, text, place, _ in ROWS})
