"""The PDF contains every chapter, on the page in its table of contents, and every line of code."""

import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_program
from pages import complain, in_book, need_package

pytestmark = pytest.mark.long

FENCE = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EDGES = re.compile(r"\A(?:(.+)\n)?(\d+)\n")


def without_space(text: str) -> str:
    """The text without white space and backticks, because paper has other line ends, and with
    ligatures undone."""
    return re.sub(r"\s|`", "", unicodedata.normalize("NFKC", text))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PDF, made as a reader makes it."""
    need_package("vitepress")
    need_program("chromium", "pdftotext")
    file = tmp_path_factory.mktemp("pdf") / "book.pdf"
    subprocess.run([ROOT / "read", "--pdf", file], check=True, capture_output=True, timeout=1500)
    return file


@pytest.fixture(scope="module")
def sheets(file: Path) -> list[str]:
    """The text of each page."""
    run = subprocess.run(["pdftotext", "-raw", file, "-"], check=True, capture_output=True)
    return run.stdout.decode().split("\f")


@pytest.fixture(scope="module")
def whole(sheets: list[str]) -> str:
    """The whole text without the lines at the edges, which may come in the middle of a listing."""
    return without_space("".join(EDGES.sub("", sheet) for sheet in sheets))


def heading(page: Path) -> str:
    return re.search(r"^# (.+)$", page.read_text(), re.MULTILINE)[1]


def test_no_line_of_code_is_lost(whole: str) -> None:
    lines = {(page.name, line) for page in in_book() for code in FENCE.findall(page.read_text())
             for line in code.splitlines() if line.strip()}
    assert len(lines) > 4000
    complain(sorted(f"{name}: {line}" for name, line in lines if without_space(line) not in whole))


def test_the_contents_say_on_which_page_a_chapter_begins(sheets: list[str]) -> None:
    begin, end = (next(i for i, sheet in enumerate(sheets) if words in sheet)
                  for words in ("Contents\nVersion", f"\n{heading(in_book()[1])}\n"))
    contents = "\n".join(sheets[begin:end])
    for page in in_book()[1:]:
        title = heading(page)
        said = re.findall(rf"^(?:[A-Z\d]+\s+)?{re.escape(title)}\s+(\d+)$", contents, re.MULTILINE)
        assert said, f"{title} is not in the contents"
        # A section of a chapter may have the name of a page.
        assert any(begins_there(title, page, sheets[int(page) - 1]) for page in said), (title, said)


def begins_there(title: str, page: str, sheet: str) -> bool:
    head, number = EDGES.match(sheet).groups()
    return (number == page and without_space(title) in without_space(EDGES.sub("", sheet))
            and without_space(head or "").endswith(without_space(title)))


def test_solutions_are_at_the_end_where_their_exercises_say(sheets: list[str]) -> None:
    """A reader of an exercise doesn't see its solution by accident, but can find it."""
    heads = [EDGES.match(sheet) for sheet in sheets]
    first = next(i for i, head in enumerate(heads) if head and head[1] == "Solutions")
    places = [(int(page), i) for i, sheet in enumerate(sheets[:first])
              for page in re.findall(r"The solution is on page (\d+)\.", sheet)]
    wanted = sum(page.read_text().count("<summary>Solution</summary>") for page in in_book())
    assert len(places) == wanted > 40
    complain([f"page {i + 1} says page {page}" for page, i in places if page <= first])


def test_the_index_says_on_which_page_something_is(sheets: list[str]) -> None:
    begin = next(i for i, sheet in enumerate(sheets) if re.match(r"P Index\n", sheet))
    index = " ".join(" ".join(sheet.split()) for sheet in sheets[begin:])
    entries = re.findall(r": ([^:;]+?) \(p\. (\d+)\)", index)
    assert len(entries) > 100
    complain([f"{title} is not on page {page}" for title, page in entries
              if without_space(title).lower() not in without_space(sheets[int(page) - 1]).lower()])


def test_a_link_leads_within_the_book_or_to_another_host(file: Path) -> None:
    run = subprocess.run(["pdfinfo", "-url", file], check=True, capture_output=True, text=True)
    complain([line for line in run.stdout.splitlines() if "book.invalid" in line])
