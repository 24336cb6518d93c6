"""The book's runs of whole servers, book/runs. ctest runs the transcripts of the steps."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_ring

BUILD = Path(os.environ.get("BUILD", ROOT / "build" / "default"))
RUNS = sorted((ROOT / "book" / "runs").glob("*.t"))
NAMES_A_RINGS_SERVER = re.compile(r"^  [$>] .*\b(part6|finger)", re.MULTILINE)


def environment() -> dict[str, str]:
    """Our environment without CI, with which some programs print less."""
    return {**{name: value for name, value in os.environ.items() if name != "CI"},
            "BUILD": str(BUILD), "ROOT": str(ROOT)}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each run, or only those of the parts in --about."""
    if "transcript" in metafunc.fixturenames:
        about = {part.partition("-")[0] for part in metafunc.config.option.about}
        metafunc.parametrize("transcript", [
            pytest.param(path, marks=[*marks_if_long(path),
                                      *(marks_if_not_built(path) if about else ())])
            for path in RUNS if not about or about & parts_of(path)
        ], ids=lambda path: path.stem)


def parts_of(transcript: Path) -> set[str]:
    """The parts that a transcript names, such as part5 or finger. None for chapter 16, because its
    runs are about measuring: half a minute of full load, which a change of a part doesn't call for.
    """
    if transcript.stem.startswith("16-"):
        return set()
    return set(re.findall(r"\b(part\d|finger)", transcript.read_text()))


def marks_if_long(transcript: Path) -> list[pytest.MarkDecorator]:
    """The mark `long` for sixty measurements, which keep a core busy for half a minute, for a climb
    of the judge, since the judge's own tests climb as well, and for four pages that take a minute
    each: their chapters are typed, and test_mistakes.py makes all edits in seconds.
    """
    long = ("-judged", "-sixty-rounds", "05-page", "06-page", "07-page", "08-page")
    return [pytest.mark.long] if transcript.stem.endswith(long) else []


def marks_if_not_built(transcript: Path) -> list[pytest.MarkDecorator]:
    """Skips a transcript that starts a program that isn't built."""
    text = transcript.read_text()
    here = "".join(re.findall(r'^  \$ (?:cd |STEPS=)"\$BUILD/([^"]+)"', text, re.MULTILINE)[-1:])
    programs = [f"{here}/{step}" for step in re.findall(r"\./(\d\d-[\w-]+)", text)]
    programs += re.findall(r"\$BUILD/(\w[\w-]*/[\w-]+)", text)
    for part in re.findall(r"\b(?:start|count_calls) (part\d|finger)", text):
        stage = next((path.parent.name for path in ROOT.glob(f"{part}*/server.cc")), "")
        programs.append("finger/fingerd" if part == "finger" else f"{stage}/{stage}")
    missing = [name for name in programs if not (BUILD / name).exists()]
    return [pytest.mark.skip(reason=f"{missing[0]} is not built")] if missing else []


def test_a_run_goes_as_it_is_told(transcript: Path) -> None:
    assert BUILD.is_dir(), f"{BUILD} is missing: build first, or say where in BUILD"
    cram = shutil.which("cram3") or "cram"
    run = subprocess.run([cram, "--shell=/bin/bash", transcript], cwd=ROOT, text=True,
                         capture_output=True, env=environment())
    Path(f"{transcript}.err").unlink(missing_ok=True)
    if run.returncode != 0:
        if NAMES_A_RINGS_SERVER.search(transcript.read_text()):
            need_ring()
        pytest.fail(run.stdout, pytrace=False)
    if run.stdout.endswith("# Ran 1 tests, 1 skipped, 0 failed.\n"):
        pytest.skip(" ".join(transcript.read_text().partition("\n\n")[0].split()))
