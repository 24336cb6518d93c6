"""The book's pages and packages."""

from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_program

BOOK = ROOT / "book"
PACKAGES = BOOK / "node_modules"


def pages() -> list[Path]:
    """The pages of the site, in reading order."""
    return [BOOK / "index.md", *sorted(BOOK.glob("[0-9][0-9]-*.md")),
            *sorted(BOOK.glob("appendix-?-*.md")), BOOK / "ladder-view.md", BOOK / "own.md",
            BOOK / "ring-view.md", BOOK / "bugs/README.md"]


def in_book() -> list[Path]:
    """The pages of the e-book and the PDF."""
    return [page for page in pages() if page.parent == BOOK]


def need_package(name: str) -> Path:
    """The directory of a package that npm installed."""
    need_program("node")
    if not (PACKAGES / name).is_dir():
        pytest.skip("the site's packages are not installed (./read --build does it)")
    return PACKAGES / name


def complain(complaints: list[str]) -> None:
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)
