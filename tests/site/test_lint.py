"""Spelling and style of every page."""

import subprocess
from pathlib import Path

from blocks import ROOT, markdown_files
from pages import BOOK, PACKAGES, complain, need_package

SPELLING = BOOK / "cspell.json"
STYLE = BOOK / ".markdownlint-cli2.jsonc"
WORDS = BOOK / "words.txt"


def read_by_people() -> list[Path]:
    """Pages of the book, and the READMEs beside the code."""
    return [path for path in markdown_files()
            if path.parent in (BOOK, BOOK / "bugs") or path.name == "README.md"]


def misspelt(paths: list[Path]) -> list[str]:
    need_package("cspell")
    run = subprocess.run(
        [PACKAGES / ".bin" / "cspell", "lint", "--config", SPELLING, "--no-progress",
         "--no-summary", "--root", "/", *paths], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode in (0, 1), run.stderr
    return run.stdout.splitlines()


def badly_formed(paths: list[Path]) -> list[str]:
    need_package("markdownlint-cli2")
    run = subprocess.run([PACKAGES / ".bin" / "markdownlint-cli2", "--config", STYLE,
                          *(f":{path}" for path in paths)],
                         capture_output=True, text=True, cwd=ROOT)
    assert run.returncode in (0, 1), run.stderr
    return run.stderr.splitlines()


def test_every_word_is_spelt_right() -> None:
    """A correct word that no dictionary has belongs into book/words.txt."""
    complain(misspelt(read_by_people()))


def test_every_page_is_well_formed() -> None:
    complain(badly_formed(read_by_people()))


def test_the_project_s_words_are_sorted() -> None:
    words = WORDS.read_text().splitlines()
    assert words == sorted(set(words), key=lambda word: (word.lower(), word))
