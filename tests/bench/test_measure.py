"""For each name, ./measure gives numbers, a table and a picture. It doesn't show an inconclusive
result as a number, and the book's files have its form.

We don't test the numbers themselves, because they depend on the machine.
"""

import json
import random
import re
import shutil
import subprocess
import sys
import warnings
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path

import machine
import measure
import pytest
from contenders import DEFAULT_BUILD as BUILD
from contenders import LADDER, PEERS, REPOSITORY, STAGES
from harness.limits import raise_descriptor_limit
from measure import charts, in_lines, measured, run
from measures.experiment import Effort, Experiment, Measurement, Setting, Table
from measures.cells import beside_base, of_rounds
from measures.registry import EXPERIMENTS, NAMES
from rounds import Job, Results, in_rounds

TINY = Effort("tiny", 1, 0.02, 100, 128, 0.3)
SVG = "{http://www.w3.org/2000/svg}"
IN_WORDS = ("m10_3", "m16_2", "budgets")  # tables whose numbers are all in words
WITH_FLOOR = ("m6_1", "m7_1", "m16_1")  # CPU a message
COLUMNS_MAX = 5  # of a table in the book, as many as a phone shows
needs_build = pytest.mark.skipif(not (BUILD / "tests" / "bench" / "load").is_file(),
                                 reason="build the target bench")


@pytest.fixture(autouse=True)
def descriptors() -> None:
    raise_descriptor_limit()


def cells(found: dict) -> Iterator[dict]:
    for row in found["rows"]:
        yield from row["cells"]


def check_picture(file: Path) -> None:
    """The picture has a description for readers who cannot see it, and a ground of its own."""
    root = xml.fromstring(file.read_text())
    assert root.tag == SVG + "svg" and root.get("viewBox")
    title, description = root.find(SVG + "title"), root.find(SVG + "desc")
    assert title is not None and description is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text and len((description.text or "").split()) > 10
    assert charts.PAPER in file.read_text(), "no paper: it would be illegible on a dark page"


@needs_build
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda it: "-".join(it.names))
def test_every_name_gives_numbers_a_table_and_its_picture(
    experiment: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = list(experiment.names)
    if not run(experiment, names, Setting(BUILD, TINY), None, tmp_path, tmp_path):
        pytest.skip(capsys.readouterr().err)
    said = capsys.readouterr().out
    for name in names:
        found = json.loads((tmp_path / f"{name}.json").read_text())
        assert (found["name"], found["effort"], found["rounds"]) == (name, "tiny", 1)
        here = found["machine"]
        assert all(here[key] for key in ("date", "processor", "cores", "kernel", "commit"))
        assert "unknown" not in (here["compiler"], here["flags"])
        assert found["rows"] and len(found["head"]) <= COLUMNS_MAX
        assert all(len(row["cells"]) + 1 == len(found["head"]) for row in found["rows"])
        assert all(measured.cell(cell) for cell in cells(found))
        assert any("text" not in cell for cell in cells(found)) or name in IN_WORDS
        assert measured.plain(found).splitlines()[0] in said
        if name in WITH_FLOOR:
            told = [*found["head"], *(row["label"] for row in found["rows"])]
            assert any("floor" in text for text in told), "the floor is hidden"
        picture = tmp_path / f"{name}.svg"
        assert picture.is_file() == ("chart" in found)
        if picture.is_file():
            check_picture(picture)


def known(rounds: list[float]) -> Experiment:
    """An experiment with known numbers."""
    values = iter(rounds)

    def tables(results: Results) -> dict[str, Table]:
        found = of_rounds(results, "load", "server", "us")
        return {"fake": Table("T", ["server", "µs"], [("server", [found])])}

    jobs = [Job("load", "server", lambda: {"us": next(values)})]
    return Experiment(("fake",), lambda _: Measurement(jobs, tables))


@pytest.mark.parametrize(("rounds", "text"), [
    ([10.0, 10.1, 10.0, 9.9, 10.0], "10.0 ±0.0%"),
    ([10.0, 30.0, 20.0, 10.0, 40.0], "10 to 30"),
    ([10.0, 10.0, 9000.0, 10.0, 10.0], "10.0 ±0.0%"),  # once, something else was at work
    ([10.0, 10.0], "10 ±?"),
])
def test_what_is_not_decided_is_not_told_as_a_number(
    rounds: list[float], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(known(rounds), ["fake"], Setting(BUILD, TINY), len(rounds), tmp_path, tmp_path)
    found = json.loads((tmp_path / "fake.json").read_text())
    assert [numbers["us"] for numbers in found["results"]["load"]["server"]] == rounds
    assert f"| server | {text} |" in measured.markdown(found)
    assert f"server  {text}\n" in capsys.readouterr().out


@pytest.mark.parametrize(("of_base", "text"), [
    ([5.0, 5.1, 5.0], "10.0 ±0.5% [2.00]"), ([5.0, 6.0, 5.0], "10.0 ±0.5% [1.70 to 2.00]")])
def test_a_ratio_to_the_base_is_taken_round_by_round(of_base: list[float], text: str) -> None:
    results = {"load": {"it": [{"us": us} for us in (10.0, 10.2, 10.0)],
                        "base": [{"us": us} for us in of_base]}}
    assert measured.cell(beside_base(results, "load", "it", "us", "base")) == text
    assert "[" not in measured.cell(beside_base(results, "load", "base", "us", "base"))


def test_the_order_of_rounds_is_that_of_time_and_what_is_exact_is_counted_once() -> None:
    """Ratios are taken within a round, so all lists must have the rounds in the same order."""
    clock, told = iter(range(100)), []
    jobs = [Job(load, server, lambda: {"at": next(clock)}) for load in "ab" for server in "xyz"]
    jobs.append(Job("c", "counted", lambda: {"at": next(clock)}, once=True))
    random.seed(1)
    results = in_rounds(jobs, 5, lambda *how_far: told.append(how_far))
    assert told == [(i, 31) for i in range(1, 32)] and len(results["c"]["counted"]) == 1
    for load in "ab":
        assert list(results[load]) == list("xyz")
        for number in range(5):
            first = number * 6 + (number > 0)
            assert all(first <= results[load][server][number]["at"] < number * 6 + 7
                       for server in "xyz")


@pytest.mark.parametrize("name", [file.stem for file in sorted(measured.NUMBERS.glob("*.json"))
                                  if "chart" in measured.load(file.stem)])
def test_the_picture_in_the_book_is_of_the_numbers_beside_it(name: str) -> None:
    picture = measure.FIGURES / f"{name}.svg"
    assert picture.read_text() == charts.draw(measured.load(name)["chart"])


@pytest.mark.parametrize("values", [[1037.17, 1542.44], [100.0, 99.0]])
def test_the_chart_that_misleads_draws_one_bar_ten_times_as_high(values: list[float]) -> None:
    """Chapter 16 says so, for any measurement. But equal values give equal bars."""
    bottom, top = charts.misleading_range(values)
    assert (max(values) - bottom) / (min(values) - bottom) == pytest.approx(10)
    assert top > max(values)
    assert charts.misleading_range([5.0, 5.0])[0] == 0


def test_the_command_names_what_there_is() -> None:
    run = subprocess.run([REPOSITORY / "measure", "nosuch"], capture_output=True, text=True)
    assert run.returncode == 2
    assert sorted(run.stderr.rpartition(": ")[2].split()) == sorted(NAMES)


# The form of book/numbers: a line for a server's rounds, and a commit that anyone can look at.

@pytest.mark.parametrize("file", sorted(measured.NUMBERS.glob("*.json")), ids=lambda it: it.stem)
def test_the_rounds_of_a_server_have_a_line_of_their_own(file: Path) -> None:
    text = file.read_text()
    found = json.loads(text)
    assert found["name"] == file.stem and file.stem in NAMES, "no experiment writes it"
    assert in_lines(found) + "\n" == text, f"{file.name}: write it as tests/bench/measure.py does"
    if "results_of" in found:
        other = json.loads(file.with_stem(found["results_of"]).read_text())
        assert "results" in other and other["machine"] == found["machine"], "of another run"


def test_the_book_takes_no_numbers_of_a_state_that_is_no_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["measure", "m5_1"])
    monkeypatch.setattr(measured, "NUMBERS", tmp_path / "numbers")
    monkeypatch.setattr(measure, "commit", lambda: "0a1b2c3" + machine.DIRTY)
    with pytest.raises(SystemExit, match="commit them, or choose where to write with --out"):
        measure.main()
    assert not (tmp_path / "numbers").exists()


# The commit at which a number was measured. Later changes may affect the number, so there's only a
# warning, because measuring again takes a quiet machine.

PROGRAM = re.compile(r"part[1-6](?:-[a-z]+)?|peer-[a-z]+(?:-coroutines)?|floor|fingerd|/dev/zero")
NO_CODE = [":!*.md", ":!*/steps/*", ":!*/CMakeLists.txt", ":!*/deploy/*"]


def sources(program: str) -> list[str]:
    """The directories of the measured code."""
    if program.startswith("part"):
        return [next(REPOSITORY.glob(f"{program}*")).name, "common"]
    if program == "fingerd":
        return ["finger", "part6-uring/uring", "common"]
    return ["tests/bench/variants" if program == "/dev/zero" else "tests/bench/peers"]


@pytest.mark.parametrize(
    "file", sorted(measured.NUMBERS.glob("*.json")), ids=lambda file: file.stem)
def test_numbers_are_of_a_commit_and_of_programs_that_are_there(file: Path) -> None:
    if not shutil.which("git") or machine.git("rev-parse", "--is-shallow-repository") != "false":
        pytest.skip("this is no repository with its history")
    text = file.read_text()
    of = json.loads(text)["machine"]["commit"]
    assert not of.endswith(machine.DIRTY), "of a state that is no commit: measure it again"
    assert machine.git("merge-base", of, "HEAD") == machine.git("rev-parse", of) != "", \
        f"no commit {of} is in the history"
    programs = set(PROGRAM.findall(text))
    assert programs, "it is not known which programs are measured"
    servers = {program for program in programs if "-" in program}
    assert servers <= {*LADDER, *STAGES, *PEERS}, "numbers of a program that is gone"
    there = sorted({name for program in programs for name in sources(program)})
    changed = machine.git("log", "--format=%as", f"{of}..HEAD", "--", *there, *NO_CODE)
    if days := changed.split():
        since = machine.git("log", "-1", "--format=%as", of)
        warnings.warn(f"{file.stem} is of {since} ({of}), {len(days)} changes of "
                      f"{', '.join(there)} ago, the last on {days[0]}: ./measure {file.stem}")
