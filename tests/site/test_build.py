"""The site can be built, and its pages hold together."""

import html
import os
import re
import struct
import subprocess
from pathlib import Path

import pytest
from blocks import ROOT
from pages import BOOK, complain, pages

pytestmark = pytest.mark.build

LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
NO_LINK = re.compile(r'<a\b(?![^>]* href=)[^>]*>')
OPEN_GRAPH = re.compile(r'<meta property="og:([\w:]+)" content="([^"]*)">')
CARD_MAX = 120_000  # bytes
NAMED = re.compile(r'\b(?:id|name)="([^"]*)"')


def built(page: Path, site: Path) -> Path:
    name = page.relative_to(BOOK).with_suffix(".html").as_posix()
    return site / name.replace("README", "index")


def test_every_page_is_there_and_in_the_sidebar(built_site: Path) -> None:
    sidebar = (built_site / "ring-view.html").read_text()
    for page in pages():
        file = built(page, built_site)
        assert file.is_file()
        name = file.relative_to(built_site).as_posix()
        assert f'href="/{name}"' in sidebar or page.parent != BOOK or page.stem == "index", name


def test_the_ladder_view_is_the_first_and_the_home_page_leads_to_the_first_chapter(
        built_site: Path) -> None:
    home = (built_site / "index.html").read_text()
    sidebar = home[home.index('id="VPSidebarNav"'):]
    assert LINK.findall(sidebar)[0] == "/ladder-view.html"
    assert re.search(r'<a class="[^"]*pager-link next" href="/00-setup.html"', home)


def test_code_in_a_figure_is_indented_as_it_is_drawn(built_site: Path) -> None:
    own = html.unescape((built_site / "own.html").read_text()).replace("\u00a0", " ")
    assert ">        payload = receive(" in own and "  0  server    is started" in own


def test_the_sidebar_tells_the_version(built_site: Path) -> None:
    version = (BOOK.parent / "common" / "cmake" / "version.txt").read_text().strip()
    assert f"Version {version}" in (built_site / "ring-view.html").read_text()


def test_every_link_and_anchor_leads_somewhere(built_site: Path) -> None:
    complaints = []
    for page in built_site.rglob("*.html"):
        for link in LINK.findall(page.read_text()):
            if re.match(r"(https?|mailto):", link) or not link:
                continue
            path, _, anchor = link.partition("#")
            base = built_site if path.startswith("/") else page.parent
            other = (base / path.lstrip("/")).resolve() if path else page
            other = other / "index.html" if other.is_dir() else other
            if not other.is_file():
                complaints.append(f"{page.name}: {link} leads nowhere")
            elif "=" in anchor:
                continue  # such as #step=73, which a view reads
            elif anchor and anchor not in NAMED.findall(other.read_text()):
                complaints.append(f"{page.name}: {link}: there is no such anchor")
    complain(complaints)


def test_no_line_ends_with_the_dot_of_a_command(built_site: Path) -> None:
    """A reader would type `tools/shell.sh` without it."""
    dotted = re.compile(r"<code[^>]*>(.{0,20})\. tools/shell\.sh")
    found = [(page.name, start) for page in built_site.glob("*.html")
             for start in dotted.findall(page.read_text())]
    assert len(found) > 10
    complain([page for page, start in found if "whole" not in start])


def test_a_caption_is_in_its_figure(built_site: Path) -> None:
    """Where a view takes the figure's place, the caption of its one moment goes with it."""
    complain([page.name for page in built_site.rglob("*.html")
              if '<p class="caption"' in page.read_text()])


@pytest.mark.long
def test_a_site_with_an_address_tells_it_to_search_engines(tmp_path: Path) -> None:
    address = "https://host.example/six-servers"
    subprocess.run([ROOT / "read", "--build"], check=True, capture_output=True,
                   env={**os.environ, "BOOK_URL": address, "BOOK_OUT": str(tmp_path)})
    mapped = set(re.findall(r"<loc>([^<]+)</loc>", (tmp_path / "sitemap.xml").read_text()))
    for page in tmp_path.rglob("*.html"):
        told = re.findall(r'<link rel="canonical" href="([^"]+)">', page.read_text())
        if page.stem == "404":
            assert not told
        elif 'class="VPContent' in page.read_text():  # not an old address
            assert len(told) == 1 and told[0] in mapped, page.name


def test_what_looks_like_a_link_is_one(built_site: Path) -> None:
    """If the clone knows no code host, the names of files are text."""
    complain([f"{page.name}: {found}" for page in built_site.rglob("*.html")
              for found in NO_LINK.findall(page.read_text())])


def test_nothing_of_the_work_behind_it_is_published(built_site: Path) -> None:
    """Tools, runs and solutions are beside the Markdown, but aren't pages. The zoo's patches are. A
    page's old address is a file in public."""
    pages_there = {path.relative_to(built_site).as_posix() for path in built_site.rglob("*.html")}
    assert pages_there == {built(page, built_site).relative_to(built_site).as_posix()
                           for page in pages()} | {"404.html"} | {
        f"bugs/{patch.stem}.html" for patch in (BOOK / "bugs").glob("*.patch")} | {
        path.relative_to(BOOK / "public").as_posix() for path in old_addresses()}


def old_addresses() -> list[Path]:
    return sorted((BOOK / "public").rglob("*.html"))


def test_a_script_at_an_old_address_leads_where_the_link_does() -> None:
    """The link, for readers without a script, is tested as all others are."""
    complaints = []
    for page in old_addresses():
        text = page.read_text()
        leads = re.findall(r'location\.replace\("([^"]+)"', text)
        if leads != LINK.findall(text):
            complaints.append(f"{page.name}: {leads}")
    complain(complaints)


def test_without_the_machine_nothing_tells_of_it(built_site: Path) -> None:
    """Most readers build the site without the Linux."""
    assert not (built_site / "try.html").exists()
    complain([f"{page.name}: {words}" for page in built_site.rglob("*.html")
              for words in ("try.html", "Linux in the page") if words in page.read_text()])


def test_every_page_says_what_it_is_to_those_who_link_to_it(built_site: Path) -> None:
    complaints = []
    for page in pages():
        found = OPEN_GRAPH.findall(built(page, built_site).read_text())
        said = {name: html.unescape(text) for name, text in found}
        if f"\n# {said.get('title')}\n" not in "\n" + page.read_text().replace("`", ""):
            complaints.append(f"{page.name}: {said.get('title')}")
        if len(said.get("description", "").split()) < 4:
            complaints.append(f"{page.name}: {said.get('description')}")
    complain(complaints)


def test_a_link_to_the_site_has_a_picture(built_site: Path) -> None:
    """The picture has the size in the page's head."""
    said = dict(OPEN_GRAPH.findall((built_site / "06-poll.html").read_text()))
    png = (built_site / said["image"].lstrip("/")).read_bytes()
    assert png.startswith(b"\x89PNG") and len(png) < CARD_MAX
    width, height = struct.unpack(">II", png[16:24])
    assert (said["image:width"], said["image:height"]) == (str(width), str(height))


def test_type_comes_with_the_site_and_is_small(built_site: Path) -> None:
    """The fonts that a current browser fetches are small, and none is on another host."""
    styles = "".join(file.read_text() for file in built_site.rglob("*.css"))
    assert not re.findall(r"url\([\"']?(?:https?:)?//", styles)
    fonts = set(re.findall(r"url\(([^)]+\.woff2)\)", styles))
    sizes = [(built_site / font.lstrip("/")).stat().st_size for font in fonts]
    assert len(sizes) >= 4 and sum(sizes) < 200_000
