"""What the site makes of the book's Markdown: colours, figures, boxes and bars above listings."""

import json
import re
import subprocess
from typing import Any

import pytest
from blocks import ROOT
from harness.needed import need_program
from pages import BOOK, complain, need_package, pages

SITE = BOOK / ".vitepress"
TOKENS = json.loads((SITE / "theme" / "colours.json").read_text())
PICTURE = re.compile(r"!\[[^\]]*\]\((?:\./)?fig/([\w-]+\.svg)")
COLOUR = re.compile(r"(?:fill|stroke)(?:=\"|: ?)(#[0-9a-fA-F]+|[a-z]+)")
BOX = re.compile(r"^> \[!WARNING\]\n((?:>.*\n)+)", re.MULTILINE)


def node(program: str, *arguments: str) -> Any:
    """What it prints, which is JSON."""
    run = subprocess.run([need_program("node"), "--input-type=module", "-e", program, *arguments],
                         capture_output=True, text=True, cwd=SITE)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_no_two_colours_are_one_in_the_light() -> None:
    """A figure's colour is a colour of the table by its value."""
    light = [token["light"] for token in TOKENS.values()]
    assert len(light) == len(set(light))


def luminance(colour: str) -> float:
    parts = (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                        for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
@pytest.mark.parametrize("text", ["ink", "quiet", "here", "wrong", "client-a", "client-b",
                                  "client-c"])
def test_text_can_be_read_on_every_ground(text: str, mode: str) -> None:
    """4.5 to 1 is what WCAG 2 asks for."""
    for ground in ("paper", "sheet", "code", "kernel"):
        one, other = sorted((luminance(TOKENS[name][mode]) for name in (text, ground)))
        assert (other + 0.05) / (one + 0.05) >= 4.5, ground


def test_figures_have_the_colours_of_the_table() -> None:
    """Another one would stay as it is when the page is dark."""
    known = {token["light"] for token in TOKENS.values()} | {"none"}
    drawn = {name for page in pages() for name in PICTURE.findall(page.read_text())}
    assert len(drawn) > 30
    complain([f"{name}: {colour}" for name in sorted(drawn)
              for colour in sorted(set(COLOUR.findall((BOOK / "fig" / name).read_text())) - known)])


CAPTION = re.compile(
    r"^!\[[^\]]*\]\((?:\./)?fig/([\w-]+)\.svg.*\)$(?:\n\n\*(.*)\*$)?", re.MULTILINE)


def test_every_figure_has_a_caption_that_is_a_sentence() -> None:
    """In italics below it, where a code host shows it as well; a picture's title it hides."""
    captions = [(page.name, *found) for page in pages()
                for found in CAPTION.findall(page.read_text())]
    assert len(captions) > 40
    complain([f"{page}, {name}: {said}" for page, name, said in captions
              if len(said.split()) < 7 or not said.endswith(".") or not said[0].isupper()])


def test_a_figure_in_a_page_has_the_page_s_colours_and_names_of_its_own() -> None:
    svg = ('<svg role="img" aria-labelledby="t d"><title id="t">T</title>'
           '<path id="a" fill="#23252b" style="stroke: #5a5e68"/><use href="#a"/>'
           '<g clip-path="url(#a)" fill="#123456"/></svg>')
    shown = node('import { inlined } from "./figures.js";'
                 'console.log(JSON.stringify(inlined(process.argv[1], "f", "words")))', svg)
    assert shown == ('<svg stroke-linejoin="round" role="img" aria-label="words">'
                     '<path id="f-a" fill="var(--ink)" style="stroke: var(--quiet)"/>'
                     '<use href="#f-a"/><g clip-path="url(#f-a)" fill="#123456"/></svg>')


@pytest.mark.parametrize(("letters", "wide"), [
    ('<text font-size="12">', 660), ('<text style="font: bold 10px sans-serif">', 792),
    ('<text font-size="15"/><text style="font-size: 12px">', 660)])
def test_a_phone_shows_no_letters_that_are_too_small(letters: str, wide: int) -> None:
    shown = node('import { readableWidth } from "./figures.js";'
                 'console.log(readableWidth(process.argv[1]))',
                 f'<svg viewBox="0 0 720 9">{letters}')
    assert shown == wide


def test_the_panels_of_a_figure_are_pictures_of_their_own() -> None:
    svg = ('<svg viewBox="0 0 720 330" width="720" height="330" data-panels="0 300 720" role="img"'
           ' aria-labelledby="t d"><path id="a" fill="#23252b"/><use href="#a"/></svg>')
    shown = node('import { panels } from "./figures.js";'
                 'console.log(JSON.stringify(panels(process.argv[1], "f", "words")))', svg)
    one, other = re.findall(r"<svg.*?</svg>", shown)
    assert 'class="narrow"' in one and 'viewBox="1 0 298 330"' in one and 'label="words"' in one
    assert 'viewBox="301 0 418 330"' in other and 'aria-hidden="true"' in other
    assert 'href="#f-1-a"' not in other and 'id="f-2-a"' in other


def boxes() -> list[tuple[str, list[str]]]:
    """Those about what goes wrong: the page, and the paragraphs."""
    return [(page.name, re.sub(r"^> ?", "", found, flags=re.MULTILINE).strip().split("\n\n"))
            for page in pages() for found in BOX.findall(page.read_text())]


def test_every_box_has_a_title_and_what_catches_it() -> None:
    """A few name no command, and say why; then it is part of the text."""
    given = boxes()
    found = node('import { box } from "./boxes.js";'
                 'const all = JSON.parse(process.argv[1]);'
                 'console.log(JSON.stringify(all.map(([, text]) => box(text, "..", "")) ))',
                 json.dumps(given))
    assert len(found) > 20
    for (page, text), shown in zip(given, found):
        assert shown, f"{page}: {text[0]}"
        fields = dict(shown["fields"])
        rest = " ".join(shown["texts"])
        assert "**" not in shown["title"] and not shown["title"].endswith(".")
        assert not re.search(r"Bring it back|Caught by", rest), f"{page}: {rest}"
        assert ("Its patch" in fields) == ("--bug " in rest + " ".join(fields.values()))
    names = [name for shown in found for name, _ in shown["fields"]]
    caught = [shown for shown in found
              if "Caught by" in dict(shown["fields"]) or "Test: `" in " ".join(shown["texts"])]
    assert len(caught) >= len(found) - 1 and names.count("Its patch") > 20


LISTING = "int one() {\n  return 1;\n}\n"


@pytest.mark.parametrize(("source", "lines"), [
    ("// x\n" + LISTING, [2, 4]), ("  int one() {\n    return 1;\n  }\n", [1, 3]),
    ("int one() {\n  return 2;\n}\n", None), ("", None)])
def test_a_listing_s_lines_are_found_in_its_file(source: str, lines: list[int] | None) -> None:
    assert node('import { place } from "./listings.js"; const [, listing, source] = process.argv;'
                "console.log(JSON.stringify(place(listing, source) ?? null))",
                LISTING, source) == lines


@pytest.mark.parametrize(("other", "lines"), [
    (LISTING, []), ("int one() {\n", [2]), ("", [1, 2]), ("  return 1;  \n}\n", [1])])
def test_lines_that_the_stage_before_has_not_are_new(other: str, lines: list[int]) -> None:
    """A brace that is new says nothing."""
    assert node('import { newLines } from "./listings.js"; const [, listing, other] = process.argv;'
                "console.log(JSON.stringify(newLines(listing, other)))", LISTING, other) == lines


def test_an_opener_knows_its_rung_and_what_changes() -> None:
    found = node('import { opener } from "./opener.js"; const all = process.argv.slice(1);'
                 'console.log(JSON.stringify(all.map((page) => opener(page, "..") ?? null)))',
                 *(page.name for page in pages() if page.parent == BOOK))
    by_chapter = {each["chapter"]: each for each in found if each and "chapter" in each}
    letters = {each["appendix"] for each in found if each and "appendix" in each}
    assert letters == {page.name.split("-")[1].upper() for page in BOOK.glob("appendix-?-*.md")}
    assert len(by_chapter) == len(list(BOOK.glob("[0-9][0-9]-*.md")))
    rungs = {chapter: each.get("rung") for chapter, each in by_chapter.items()}
    assert [rungs[chapter] for chapter in (0, 2, 6, 10, 13, 14, 15)] == [
        None, "1", "4", "6", "F", "F", None]
    assert [chapter for chapter, each in by_chapter.items() if "changes" in each] == [4, 5, 6, 7]
    for name, kind in (("poller.cc", "~"), ("workers.cc", "+"), ("connection.cc", "=")):
        assert name in by_chapter[7]["changes"][kind]
    assert by_chapter[7]["elsewhere"] == {
        f"workers.{ending}": {"number": 9, "page": "09-protocols"} for ending in ("cc", "h")}
    assert not any(by_chapter[chapter]["elsewhere"] for chapter in (4, 5, 6))
    before, after = (ROOT / stage / "connection.cc" for stage in ("part4-poll", "part5-epoll"))
    assert before.read_bytes() == after.read_bytes()


FENCE = " a\n-b\n-c\n+d\n e\n // …\n+f\n"


def test_a_fence_of_differences_is_what_stays_what_goes_and_what_comes() -> None:
    found = node('import { runs } from "./diffs.js";'
                 'console.log(JSON.stringify(runs(process.argv[1])))', FENCE)
    assert found == [{"kind": "same", "lines": [" a"]},
                     {"kind": "change", "old": ["-b", "-c"], "new": ["+d"]},
                     {"kind": "same", "lines": [" e"]}, {"kind": "cut", "lines": [" // …"]},
                     {"kind": "change", "old": [], "new": ["+f"]}]


def test_every_page_of_differences_is_one_way_away_from_the_others() -> None:
    found = node('import { sizes } from "./diffs.js"; import { readFileSync } from "node:fs";'
                 'console.log(JSON.stringify(sizes(readFileSync(process.argv[1], "utf8"))))',
                 str(BOOK / "diffs" / "README.md"))
    assert list(found) == [page.stem for page in pages() if re.fullmatch(r"\d-\d", page.stem)]
    assert found["5-6"] == "a map" and re.fullmatch(r"\d+\+ \d+−", found["4-5"])


TABLE = """
| stage | calls | p50 / p99, µs | what it is |
| --- | --- | --- | --- |
| part4 | 3 | 64 ±1.2% / 89 to 91 | a list |
| part5 | 3 | 64 / 87 | a list in the kernel, which is as many words as this column can have |
"""
WITH_TABLES = """
import { createRequire } from "node:module";
import { tablesWithNumbers } from "./tables.js";
const here = createRequire(import.meta.url);
const MarkdownIt = createRequire(here.resolve("vitepress"))("markdown-it");
const md = new MarkdownIt();
tablesWithNumbers(md);
console.log(JSON.stringify(md.render(process.argv[1])));
"""


def test_a_chapter_s_number_is_a_place_and_no_number() -> None:
    need_package("vitepress")
    html = node(WITH_TABLES, "| patch | shown in |\n| --- | --- |\n| no-limit | [8](08.md) |\n")
    assert "number" not in html


@pytest.mark.parametrize("source", ["M6.1", "from M16.1", "from budgets"])
def test_where_a_table_was_measured_is_small(source: str) -> None:
    need_package("vitepress")
    html = node(WITH_TABLES, f"*{source} — `./measure x`, 2026-11-25; counted*\n{TABLE}")
    assert html.startswith('<p class="measured"><em>')


def test_an_apostrophe_is_one_and_code_stays() -> None:
    said = node('import { withApostrophes } from "./theme/apostrophes.js";'
                'console.log(JSON.stringify(withApostrophes(process.argv[1])))',
                "B's `'x'` isn't it")
    assert said == "B’s `'x'` isn’t it"


def test_numbers_are_flush_right_and_each_percentile_has_its_cell() -> None:
    need_package("vitepress")
    html = node(WITH_TABLES, TABLE)
    cells = re.findall(r"<t[hd](?: class=\"(\w+)\")?>(.*?)</t", html)
    assert cells == [
        ("", "stage"), ("number", "calls"), ("number", "p50, µs"), ("number", "p99, µs"),
        ("", "what it is"),
        ("", "part4"), ("number", "3"), ("number", "64 ±1.2%"), ("number", "89 to 91"),
        ("", "a list"),
        ("", "part5"), ("number", "3"), ("number", "64"), ("number", "87"),
        ("words", "a list in the kernel, which is as many words as this column can have"),
    ]
