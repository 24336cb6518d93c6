"""What a reader builds in the Linux in the page, where all that the book's boxes build is compiled
already. Empty files take the places of these programs here."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from blocks import ROOT
from page_boxes import CHANGES, known_boxes

MACHINE = ROOT / "tools" / "machine"
BASHRC = (MACHINE / "inside" / "etc" / "bashrc").read_text()
CATCH_UP = BASHRC[BASHRC.index("catch_up()"):]
KNOWN = known_boxes()


def builds(page: str) -> list[str]:
    """For each box of a page that begins with a build, what it builds, and the way to it."""
    found = []
    for box in KNOWN[page]:
        first = [press["text"] for press in box.get("first", [])
                 if re.match("catch_up", press["text"]) or CHANGES.match(press["text"])]
        build = re.match(r"build \w+(?= &&|$)", box.get("presses", [{"text": ""}])[0]["text"])
        if build and len(first) == 1:
            found.append(f"{first[0]}; {build[0]} || echo '{first[0]}: no {build[0]}'")
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made") / "made"
    subprocess.run([MACHINE / "reader.py", made], check=True, capture_output=True)
    for wanted in (made / "wanted").iterdir():
        (made / wanted.name).touch()
    shutil.rmtree(made / "wanted")
    return made


def typed_there(made: Path, directory: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{MACHINE / 'inside'}:{os.environ['PATH']}",
                   "READERS_PROGRAMS": str(made)}
    lines = [f". {ROOT}/tools/shell.sh", CATCH_UP, *commands]
    return subprocess.run(["bash", "-c", "\n".join(lines)], cwd=directory, env=environment,
                          capture_output=True, text=True)


@pytest.mark.parametrize("page", [page for page in KNOWN if builds(page)])
def test_what_a_box_builds_is_there(page: str, made: Path, tmp_path: Path) -> None:
    run = typed_there(made, tmp_path, *builds(page))
    assert (run.stdout, run.stderr) == ("", "")


def test_a_text_of_the_readers_own_stays(made: Path, tmp_path: Path) -> None:
    run = typed_there(made, tmp_path, "catch_up 08 3; echo '// mine' >> page.cc; catch_up 08 10")
    assert run.stdout == "page.cc is your own, and stays\n"
    assert "// mine" in (tmp_path / "page.cc").read_text()
