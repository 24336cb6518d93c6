"""The site's rendering of the book's Markdown, above all colours, figures and boxes."""

import json
import re
import subprocess
from typing import Any

import pytest
from harness.needed import need_program
from pages import BOOK, complain, pages

SITE = BOOK / ".vitepress"
TOKENS = json.loads((SITE / "theme" / "colours.json").read_text())
PICTURE = re.compile(r"!\[[^\]]*\]\((?:\./)?fig/([\w-]+\.svg)")
COLOUR = re.compile(r"(?:fill|stroke)(?:=\"|: ?)(#[0-9a-fA-F]+|[a-z]+)")
BOX = re.compile(r"^> \[!WARNING\]\n((?:>.*\n)+)", re.MULTILINE)


def node(program: str, *arguments: str) -> Any:
    """Runs a program in Node, and returns its output, which is JSON."""
    run = subprocess.run([need_program("node"), "--input-type=module", "-e", program, *arguments],
                         capture_output=True, text=True, cwd=SITE)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_no_two_colours_are_one_in_the_light() -> None:
    """A figure's colour is found in the table by its value, so values must be unique."""
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
    """WCAG 2 asks for 4.5 to 1."""
    for ground in ("paper", "sheet", "code", "kernel"):
        one, other = sorted((luminance(TOKENS[name][mode]) for name in (text, ground)))
        assert (other + 0.05) / (one + 0.05) >= 4.5, ground


def test_figures_have_the_colours_of_the_table() -> None:
    """Any other colour would stay the same on a dark page."""
    known = {token["light"] for token in TOKENS.values()} | {"none"}
    drawn = {name for page in pages() for name in PICTURE.findall(page.read_text())}
    assert len(drawn) > 30
    complain([f"{name}: {colour}" for name in sorted(drawn)
              for colour in sorted(set(COLOUR.findall((BOOK / "fig" / name).read_text())) - known)])


BLANKS = re.compile(r"<text[^>]*>( [^<]*|[^<]*  [^<]*)")


def test_figures_have_no_blanks_that_a_browser_drops() -> None:
    """A browser shows one of several blanks, and none at the beginning, but keeps &#160;."""
    figures = [*(BOOK / "fig").glob("*.svg"), BOOK.parent / ".github" / "judge.svg"]
    assert len(figures) > 40
    complain([f"{path.name}: {text}" for path in figures
              for text in BLANKS.findall(path.read_text())])


CAPTION = re.compile(
    r"^!\[[^\]]*\]\((?:\./)?fig/([\w-]+)\.svg.*\)$(?:\n\n\*(.*)\*$)?", re.MULTILINE)


def test_every_figure_has_a_caption_that_is_a_sentence() -> None:
    """The caption is in italics below the figure, because a code host hides a picture's title."""
    captions = [(page.name, *found) for page in pages()
                for found in CAPTION.findall(page.read_text())]
    assert len(captions) > 40
    complain([f"{page}, {name}: {said}" for page, name, said in captions
              if len(said.split()) < 7 or not said.endswith(".") or not said[0].isupper()])


def boxes() -> list[tuple[str, list[str]]]:
    """The boxes about what goes wrong, each as its page and its paragraphs."""
    return [(page.name, re.sub(r"^> ?", "", found, flags=re.MULTILINE).strip().split("\n\n"))
            for page in pages() for found in BOX.findall(page.read_text())]


def test_every_box_has_a_title_and_the_patch_that_it_names() -> None:
    given = boxes()
    found = node('import { box } from "./boxes.js";'
                 'const all = JSON.parse(process.argv[1]);'
                 'console.log(JSON.stringify(all.map(([, text]) => box(text, "..", "")) ))',
                 json.dumps(given))
    assert len(found) > 10
    for (page, text), shown in zip(given, found):
        assert shown, f"{page}: {text[0]}"
        assert "**" not in shown["title"] and not shown["title"].endswith(".")
        assert bool(shown["link"]) == ("--bug " in " ".join(shown["texts"])), f"{page}: {text[0]}"
