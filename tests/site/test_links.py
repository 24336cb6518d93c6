"""Links: those between files here, and with --all those that leave us."""

import http.server
import re
import threading
import urllib.error
import urllib.request
from pathlib import Path

import form
import pytest
from blocks import markdown_files
from pages import complain

LINK = re.compile(r"\[[^\]\n]*\]\(<?([^)\s>]+)>?\)")
BARE = re.compile(r"<(https?://[^>\s]+)>")
AGENT = {"User-Agent": "Mozilla/5.0 (link check of a book)"}
PATIENCE = 20  # s


def links(path: Path) -> set[str]:
    """Also those of pictures."""
    text = form.without_code(path.read_text())
    return set(LINK.findall(text)) | set(BARE.findall(text))


def anchors(path: Path) -> set[str]:
    """As the code host makes them, and of a line in a source none that we check."""
    found = set()
    for _, heading in form.HEADING.findall(form.without_code(path.read_text())):
        found.add(re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-"))
    return found


def dead(path: Path) -> list[str]:
    """Links inside the repository that lead nowhere."""
    complaints = []
    for link in sorted(links(path)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        other = (path.parent / file).resolve() if file else path
        if not other.exists():
            complaints.append(f"{path}: {link} leads nowhere")
        elif anchor and other.suffix == ".md" and anchor not in anchors(other):
            complaints.append(f"{path}: {link}: there is no such heading")
    return complaints


def test_every_link_inside_leads_somewhere() -> None:
    complain([complaint for path in markdown_files() for complaint in dead(path)])


@pytest.mark.parametrize("text", ["[x](no.md)", "[x](other.md#no)", "[x](#no)", "![x](no.svg)"])
def test_a_dead_link_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.md").write_text("# Two words\n")
    page = tmp_path / "page.md"
    page.write_text("# Here\n\n[a](other.md#two-words) [b](#here) [c](https://example.org/x)\n")
    assert dead(page) == []
    page.write_text(f"# Here\n\n{text}\n")
    assert len(dead(page)) == 1


def outside() -> list[str]:
    found = {link.split("#")[0] for path in markdown_files() for link in links(path)
             if link.startswith("http")}
    return sorted(link for link in found if not re.match(r"https?://(127\.|localhost)", link))


def answer(link: str) -> int | None:
    """The status a server gives; None: there is no way to it."""
    try:
        request = urllib.request.Request(link, headers=AGENT)
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


@pytest.mark.long
@pytest.mark.parametrize("link", outside())
def test_a_link_to_the_world_leads_somewhere(link: str) -> None:
    """A server that refuses robots, or that is out of order, is no proof against a link."""
    status = answer(link)
    if status is None:
        pytest.skip("no way to some servers from here")
    assert status not in (404, 410), f"{link}: {status}"


class Nothing(http.server.BaseHTTPRequestHandler):
    """Has no page at all."""

    def do_GET(self) -> None:  # noqa: N802: the base class calls it so
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


def test_a_page_that_is_gone_is_told_from_a_server_that_is_not_there() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Nothing) as server:
        link = f"http://127.0.0.1:{server.server_port}/page"
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert answer(link) == 404
    assert answer(link) is None
