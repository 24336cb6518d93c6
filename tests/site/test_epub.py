"""The e-book contains every chapter and picture, and its links lead somewhere."""

import html
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_program
from pages import BOOK, complain, in_book

pytestmark = pytest.mark.build

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```(?:console|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PICTURE = re.compile(
    r"!\[[^\]]*\]\((?:\./)?fig/([\w-]+\.svg)\)(?:\n\n\*([^*\n]+)\*$)?", re.MULTILINE)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The e-book, made as a reader makes it."""
    need_program("pandoc")
    file = tmp_path_factory.mktemp("epub") / "book.epub"
    subprocess.run([ROOT / "read", "--epub", file], check=True, capture_output=True)
    return file


@pytest.fixture(scope="module")
def texts(file: Path) -> dict[str, str]:
    """The text of all pages and pictures, by name."""
    with zipfile.ZipFile(file) as book:
        return {Path(name).name: book.read(name).decode() for name in book.namelist()
                if name.endswith((".xhtml", ".svg"))}


def number(page: Path) -> str:
    """The number of a chapter, or the letter of an appendix."""
    found = re.match(r"0?(\d+)-|appendix-(\w)-", page.name)
    return (found[1] or found[2].upper()) if found else ""


def test_every_chapter_is_in_it(texts: dict[str, str]) -> None:
    headings = {re.sub(r"<[^>]+>|\s+", " ", found).strip() for text in texts.values()
                for found in re.findall(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)}
    titles = {f"{number(page)} {TITLE.search(page.read_text())[1]}".strip() for page in in_book()}
    assert titles <= headings


def test_a_library_knows_its_author_and_shows_its_cover(file: Path) -> None:
    with zipfile.ZipFile(file) as book:
        package = book.read("EPUB/content.opf").decode()
        [cover] = [item for item in package.splitlines() if 'properties="cover-image"' in item]
        picture = book.read("EPUB/" + re.search(r'href="([^"]+)"', cover)[1])
    assert picture.startswith(b"\x89PNG")
    authors = re.search(r"^authors:\n  - name: (.+)$", (ROOT / "CITATION.cff").read_text(),
                        re.MULTILINE)[1]
    assert re.findall(r"<dc:creator[^>]*>(.*?)<", package) == [authors]


def test_each_line_of_a_transcript_can_go_on_below(texts: dict[str, str]) -> None:
    """Each line is an element, whose style indents the part that doesn't fit."""
    lines = [re.sub(r"<[^>]+>", "", line) for text in texts.values()
             for line in re.findall(r'<span class="line">(.*?)</span>\n?', text)]
    wanted = [line for page in in_book() for code in FENCE.findall(page.read_text())
              for line in code.splitlines()]
    assert len(wanted) > 500
    assert sorted(map(html.unescape, lines)) == sorted(wanted)


def test_each_line_of_a_listing_can_go_on_below(file: Path, tmp_path: Path) -> None:
    """No code is wider than a small e-reader, because most of those cannot scroll sideways."""
    chromium = need_program("chromium")
    with zipfile.ZipFile(file) as book:
        book.extractall(tmp_path)
    page = next(page for page in tmp_path.rglob("*.xhtml")
                if 'class="sourceCode cpp"' in page.read_text())
    page.write_text(page.read_text().replace("</body>", """<script>
        const wide = each =&gt; each.scrollWidth &gt; each.clientWidth;
        const blocks = [...document.querySelectorAll("pre, div")];
        document.title = "beyond: " + blocks.filter(wide).length;
        </script></body>"""))
    seen = subprocess.run([chromium, "--headless", "--no-sandbox", "--window-size=480,800",
                           "--dump-dom", page.as_uri()], check=True, capture_output=True, text=True)
    assert "<title>beyond: 0</title>" in seen.stdout


@pytest.mark.long
def test_it_is_a_valid_e_book(file: Path) -> None:
    epubcheck = need_program("epubcheck")
    run = subprocess.run(["java", "-jar", epubcheck, "--failonwarnings", file],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_picture_is_in_it(texts: dict[str, str]) -> None:
    wanted = {name for page in in_book() for name, _ in PICTURE.findall(page.read_text())}
    drawn = [text for name, text in texts.items() if name.endswith(".svg")]
    assert len(wanted) > 15
    complain([f"{name} is missing" for name in sorted(wanted)
              if (BOOK / "fig" / name).read_text() not in drawn])


def test_every_picture_has_its_text(texts: dict[str, str]) -> None:
    """Readers who cannot see a picture get a description, not just a name."""
    pictures = [(name, picture) for name, text in texts.items() if name.endswith(".xhtml")
                for picture in re.findall(r"<img\b[^>]*>", text)]
    assert len(pictures) > 15
    complain([f"{name}: {picture}" for name, picture in pictures
              if len(" ".join(re.findall(r'\balt="([^"]*)"', picture)).split()) < 8])


def test_every_caption_is_in_it(texts: dict[str, str]) -> None:
    whole = re.sub(r"\s+", " ", re.sub(r"</?(code|a)\b[^>]*>", "", " ".join(texts.values())))
    captions = [re.sub(r"\[([^]]*)]\([^)]*\)", r"\1", caption)
                for page in in_book() for _, caption in PICTURE.findall(page.read_text())]
    assert len(captions) > 30
    complain([caption for caption in captions
              if f">{caption.replace('`', '')}<" not in whole])


def test_its_links_lead_somewhere(texts: dict[str, str]) -> None:
    complaints = []
    for name, text in texts.items():
        for link in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text):
            file, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", link) or name == "nav.xhtml":
                continue
            other = texts.get(Path(file).name if file else name)
            if other is None or (anchor and f'id="{anchor}"' not in other):
                complaints.append(f"{name}: {link} leads nowhere")
    complain(complaints)
