"""A report as one page of HTML that loads nothing else."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path

import report_figure
from first_start import FirstStart
from levels import LEVEL_NAMES, LEVELS
from level_runs import Judged, Test, by_rule

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1d2430; background: #fff; }
h1, h3 { line-height: 1.2; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid #d8dde5; }
pre { background: #f3f5f8; padding: .8rem; overflow-x: auto; font-size: .85rem; }
meter { width: 12rem; } .pass { color: #14692f; } .fail { color: #a11414; font-weight: 600; }
.open { color: #667085; } details { margin: .8rem 0; } summary { cursor: pointer; }
@media (prefers-color-scheme: dark) { body { color: #e4e8ee; background: #14181f; }
  pre { background: #1f2630; } th, td { border-color: #394352; } .pass { color: #6fd08c; }
  .fail { color: #ff8a80; } .open { color: #98a2b3; } }
svg { width: 100%; background: #fdfcf8; font: 13px ui-monospace, monospace; fill: #1d2430; }
svg .ms { text-anchor: end; fill: #667085; } svg .head { text-anchor: middle; font-weight: 600; }
svg .life, svg .arrow { stroke: #667085; fill: none; } svg .arrow { stroke: #1d2430; }
svg .counted { fill: #667085; }
svg .break { fill: #fbe3e3; } svg .fault { fill: #a11414; font-weight: 600; }
"""


def write_page(path: Path, judged: Judged) -> None:
    """Writes the server's results in detail."""
    path.write_text(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>What the tests found</title>\n<style>{STYLE}</style>\n"
        "<h1>What the tests found about your server</h1>\n" + "\n".join(details(judged))
        + "\n</html>\n",
        encoding="utf-8")


def meter(done: int, of: int) -> str:
    """A bar that a screen reader can read, too."""
    return f'<meter min="0" max="{of}" value="{done}">{done} of {of}</meter>'


def details(server: Judged) -> Iterator[str]:
    """The levels and failures of a server."""
    yield f"<pre>{escape(server.command)}</pre>"
    yield f"<p>Judged on {datetime.now():%d %B %Y, at %H:%M}.</p>"
    if server.granted:
        yield f'<p class="open">Not asked for: {", ".join(LEVEL_NAMES[:server.granted])}.</p>'
    if server.chosen:
        yield f'<p class="open">Of the tests, only those that fit {escape(server.chosen)}.</p>'
    if server.without:
        yield f'<p class="open">Left out: {", ".join(server.without)}.</p>'
    if server.first is not None:
        yield from first_start(server.first)
    yield "<table><tr><th>level</th><th>tests passed</th><th></th><th>asks</th></tr>"
    asks = {level.name: level.asks for level in LEVELS}
    for run in server.runs:
        passed, of = run.count("passed"), len(run.names) - run.count("skipped")
        yield (f'<tr><td class="{"pass" if run.passed else "fail"}">{run.level}</td>'
               f"<td>{passed} of {of}</td><td>{meter(passed, of)}</td>"
               f"<td>{escape(asks.get(run.level, 'all that this stage must do'))}</td></tr>")
    yield "</table>"
    for reason, count in sum((run.reasons for run in server.runs), Counter()).items():
        yield f'<p class="open">{count} skipped: {escape(reason)}.</p>'
    failures = [test for run in server.runs for test in run.failures]
    if failures:
        yield "<h3>Failures, by rule</h3>"
    for (rule, chapter), tests in by_rule(failures).items():
        yield f"<h4>{escape(rule)}</h4><p>Explained in {escape(chapter)}.</p>"
        yield from (failure(test, is_open=test is failures[0]) for test in tests)


def first_start(first: FirstStart) -> Iterator[str]:
    """How soon a client could connect, or why none could."""
    if first.trouble:
        yield f'<p class="fail">{escape(first.trouble)}</p><pre>{escape(first.said)}</pre>'
    else:
        yield f"<p>Clients could connect {first.seconds:.2f} s after the start.</p>"


def failure(test: Test, *, is_open: bool) -> str:
    """One failure; only the first is open."""
    sections = "".join(f"<p>{escape(title)}</p><pre>{escape(text)}</pre>"
                       for title, text in test.sections if title != "the rule")
    return (f"<details{' open' if is_open else ''}><summary>{escape(test.sentence)}</summary>"
            f'<p class="fail">{escape(test.cause)}</p>{report_figure.of(test)}{sections}</details>')
