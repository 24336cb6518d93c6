"""The site in a real browser. visit.mjs opens every page, and must find none of these faults."""

import functools
import http.server
import json
import re
import subprocess
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.needed import need_program, path_of
from pages import BOOK, complain, pages

pytestmark = pytest.mark.long

VISIT = Path(__file__).with_name("visit.mjs")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without logging."""

    def log_message(self, *_: object) -> None:
        pass


class PatientServer(http.server.ThreadingHTTPServer):
    """A server with room in the backlog for a browser that fetches ahead. A dropped SYN is sent
    again only after one, three and seven seconds."""

    request_queue_size = 128


@pytest.fixture(scope="module")
def site(built_site: Path) -> Iterator[str]:
    """Serves the site, and yields its address."""
    handler = functools.partial(QuietHandler, directory=built_site)
    with PatientServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory in which the visit prints some pages."""
    return tmp_path_factory.mktemp("printed")


@pytest.fixture(scope="module")
def found(site: str, printed: Path) -> dict[str, dict]:
    """The findings of a visit to all pages, by kind of check."""
    node = need_program("node")
    chromium = path_of("chromium") or path_of("google-chrome") or need_program("chromium")
    names = [page.relative_to(BOOK).with_suffix("").as_posix().replace("README", "index")
             for page in pages()]
    run = subprocess.run([node, VISIT, chromium, site, printed, *names], capture_output=True,
                         text=True, timeout=1800)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("check", [
    "silence", "pictures", "light", "dark", "phone", "figures", "listings", "search", "copy",
    "ring view", "ring fits", "ladder view", "ladder fits", "widths", "old addresses", "read marks",
    "keys", "no script"])
def test_nothing_is_wrong_with(found: dict[str, dict], check: str) -> None:
    assert found.get(check, {}).get("seen", 0) > 0, "was not looked at: see silence"
    complain(found[check]["complaints"])


def test_every_page_was_opened(found: dict[str, dict]) -> None:
    assert found["light"]["seen"] == len(pages())


def without_space(text: str) -> str:
    """The text without white space, because paper has other line ends, and with ligatures
    undone."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("name", ["06-poll", "14-hardening"])
def test_on_paper_nothing_is_missing_and_nothing_too_much(
        found: dict[str, dict], printed: Path, name: str) -> None:
    """A page has its title and code on paper, and nothing that only a screen can use."""
    need_program("pdftotext")
    pdf = printed / f"{name}.pdf"
    assert pdf.exists(), found["silence"]["complaints"]
    run = subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, check=True)
    text = without_space(run.stdout.decode())
    wanted = json.loads(pdf.with_suffix(".json").read_text())
    assert len(wanted) > 10
    complain([f"is not on paper: {line}" for line in wanted if without_space(line) not in text])
    complain([f"is on paper: {word}" for word in ("Skip to content", "Return to top", "Next page",
                                                  "On this page", "The ring view")
              if without_space(word) in text])
