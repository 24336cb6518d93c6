"""The texts mention nothing that a reader doesn't have, promise nothing, and have no dead links."""

import re

from project import ROOT, complain, files, name, stages, text

# Built from pieces, because the test reads this file, too.
OUTSIDE = re.compile(
    r"\.\./" "shared|" r"\.lib" "rary|DEVELOPERS" r"\.md|COM" r"PASS|/(?:work|farm)/")
UNFINISHED = re.compile(
    r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\(#\d+\))"
    r"|(?<!Function )not imple" "mented")  # which is ENOSYS


def lines_with(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [(f"{name(path)}:{number}", found[0])
            for path in files() if path.name != "LICENSE"
            for number, line in enumerate((text(path) or "").splitlines(), 1)
            if (found := pattern.search(line))]


def test_nothing_speaks_of_what_the_reader_has_not_got() -> None:
    complain([f"{where}: '{what}' is no part of the project: leave it out"
              for where, what in lines_with(OUTSIDE)])


def test_nothing_is_left_for_later_without_a_number() -> None:
    complain([f"{where}: '{what}': finish it, or name where it is kept in mind, as TO" "DO(#7)"
              for where, what in lines_with(UNFINISHED)])


def test_readme_shows_every_stage() -> None:
    readme = text(ROOT / "README.md") or ""
    complain([f"README.md: the ladder lacks {stage.name}" for stage in stages()
              if f"[`{stage.name}`]({stage.name}/)" not in readme])
