"""The two Linuxes in pages, in a browser. machine.mjs clicks, and must find none of these
faults."""

import functools
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_program
from pages import complain
from test_browser import PatientServer, QuietHandler
from test_build import test_every_link_and_anchor_leads_somewhere as leads_somewhere

pytestmark = [pytest.mark.long, pytest.mark.build]

PROGRAM = Path(__file__).with_name("machine.mjs")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with the machine."""
    if not (ROOT / "build" / "machine" / "pieces" / "own" / "manifest.json").exists():
        pytest.skip("no machine was made here (tools/machine/make)")
    site = tmp_path_factory.mktemp("site")
    vitepress = ROOT / "book" / "node_modules" / "vitepress" / "bin" / "vitepress.js"
    subprocess.run([need_program("node"), vitepress, "build"], cwd=ROOT / "book", check=True,
                   capture_output=True,
                   env={**os.environ, "BOOK_MACHINE": "yes", "BOOK_OUT": str(site)})
    return site


@pytest.fixture(scope="module")
def found(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """The findings of a visit with a browser."""
    node, chromium = need_program("node"), need_program("chromium")
    handler = functools.partial(QuietHandler, directory=site)
    with PatientServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = subprocess.run([node, PROGRAM, chromium, f"http://127.0.0.1:{server.server_port}",
                              tmp_path_factory.mktemp("pictures")],
                             capture_output=True, text=True, timeout=1800)
        server.shutdown()
    assert run.returncode == 0, run.stderr
    print(run.stderr)
    return json.loads(run.stdout)


@pytest.mark.parametrize("check", ["silence", "machine", "own", "axe"])
def test_nothing_is_wrong_with(found: dict[str, dict], check: str) -> None:
    assert found.get(check, {}).get("seen", 0) > 0, "was not looked at: see silence"
    complain(found[check]["complaints"])


def test_every_link_leads_somewhere_in_a_site_with_it(site: Path) -> None:
    leads_somewhere(site)
