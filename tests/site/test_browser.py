"""The site in a real browser: visit.mjs opens every page, here is what it must not have found."""

import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import BOOK, complain, node_or_skip, pages

pytestmark = pytest.mark.long

VISIT = Path(__file__).with_name("visit.mjs")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing about it."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(built_site: Path) -> Iterator[str]:
    """The address of the site as it is now."""
    handler = functools.partial(QuietHandler, directory=built_site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def found(site: str) -> dict[str, dict]:
    """What a visit of all pages has found, by what was looked at."""
    node, chromium = node_or_skip(), shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here (Debian: chromium)")
    names = [page.relative_to(BOOK).with_suffix("").as_posix().replace("README", "index")
             for page in pages()]
    run = subprocess.run([node, VISIT, chromium, site, *names], capture_output=True, text=True,
                         timeout=1200)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("check", [
    "silence", "pictures", "light", "dark", "phone", "search", "neighbours", "copy",
    "appearance", "ring view", "ladder view", "ladder fits", "no script"])
def test_nothing_is_wrong_with(found: dict[str, dict], check: str) -> None:
    assert found.get(check, {}).get("seen", 0) > 0, "was not looked at: see silence"
    complain(found[check]["complaints"])


def test_every_page_was_opened(found: dict[str, dict]) -> None:
    assert found["pictures"]["seen"] == len(pages())
