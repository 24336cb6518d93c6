"""./read itself, and the site's configuration in different clones."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_program
from pages import BOOK, complain, need_package, pages

CODE_HOST = BOOK / ".vitepress" / "code-host.js"


def free_port() -> int:
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return there.getsockname()[1]


@pytest.mark.long
def test_ctrl_c_is_an_orderly_end() -> None:
    """Ctrl-C goes to the whole process group, as in a terminal."""
    need_package("vitepress")
    port = free_port()
    with subprocess.Popen([ROOT / "read", "--port", str(port)], start_new_session=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as read:
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).close()
                    break
                except OSError:
                    assert read.poll() is None, "has ended"
                    time.sleep(0.2)
            os.killpg(read.pid, signal.SIGINT)
            assert read.wait(60) == 0
        finally:
            if read.poll() is None:
                os.killpg(read.pid, signal.SIGKILL)


@pytest.mark.parametrize(("origin", "files"), [
    ("https://host.example/owner/name.git", "https://host.example/owner/name/blob/main/"),
    ("https://me@host.example/group/sub/name", "https://host.example/group/sub/name/blob/main/"),
    ("git@host.example:owner/name.git", "https://host.example/owner/name/blob/main/"),
    ("ssh://git@host.example:22/owner/name", "https://host.example/owner/name/blob/main/"),
    ("/home/me/name", "undefined"),
])
def test_a_code_host_is_known_by_its_address(origin: str, files: str) -> None:
    program = f'import {{ filesAt }} from "{CODE_HOST}"; console.log(filesAt(process.argv[1]));'
    run = subprocess.run([need_program("node"), "--input-type=module", "-e", program, origin],
                         capture_output=True, text=True, check=True)
    assert run.stdout.strip() == files


def title_and_heading(page: Path) -> tuple[str, str]:
    lines = page.read_text().splitlines()
    title = next((line for line in lines if line.startswith("title: ")), "")
    heading = next(line for line in lines if line.startswith("# "))
    return title.removeprefix("title: "), heading.removeprefix("# ")


def test_a_page_has_one_name() -> None:
    """The sidebar takes the name from the front matter, and readers from the heading."""
    both = {page: title_and_heading(page) for page in pages() if page.parent.name != "bugs"}
    complain([f"{page.name}: {title}, and {heading}" for page, (title, heading) in both.items()
              if title != heading])
