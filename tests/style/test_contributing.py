"""Each command in CONTRIBUTING.md exists, can be run, and has the options shown."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from project import ROOT, complain, files, is_step, name, text

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPANS = re.findall(r"`([^`]+)`", FENCE.sub("", text(ROOT / "CONTRIBUTING.md") or ""))
NO_HELP = {".ci/run", "debian/rules", "tools/kernel-tests"}
COMMANDS = sorted({span.replace("\n", " ") for span in SPANS
                   if (ROOT / span.split()[0]).is_file()
                   and (text(ROOT / span.split()[0]) or "").startswith("#!")})


def test_each_name_is_there() -> None:
    """Each path exists, and every other name in code font occurs in a file of the project."""
    others = "\n".join(f"{name(path)}\n{text(path) or ''}" for path in files()
                       if path.name != "CONTRIBUTING.md")
    known = {*re.findall(r"[A-Za-z_]\w*", others), *re.findall(r"[A-Za-z_][\w-]*", others)}
    names = {word for span in SPANS for word in re.findall(r"^(?!/)[\w./*-]+$", span)}
    complain([f"CONTRIBUTING.md: there is no {word}" for word in sorted(names)
              if not list(ROOT.glob(word))
              and not {*re.findall(r"[A-Za-z_][\w-]*", word)} <= known])


def run(words: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_commands_are_found() -> None:
    assert {"./check part4", "book/tools/fill.py --write tests/matrix.md"} <= {*COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_run_and_has_these_options(command: str) -> None:
    program, *words = command.split()
    assert (ROOT / program).stat().st_mode & 0o111 == 0o111, f"chmod +x {program}"
    if program in NO_HELP:
        return
    subcommand = [word for word in words[:1] if re.fullmatch("apply|refresh", word)]
    told = run([ROOT / program, *subcommand, "--help"])
    assert told.returncode == 0, told.stderr
    complain([f"{program} has no option {word}" for word in words
              if word.startswith("-") and word not in told.stdout.split()])


def test_every_script_can_be_executed() -> None:
    """Except in debian, since debhelper makes its scripts executable."""
    complain([f"{name(path)}: chmod +x, or it is no command" for path in files()
              if (text(path) or "").startswith("#!/") and not path.stat().st_mode & 0o100
              and path.parent.name != "debian"])


@pytest.mark.parametrize("span", [span for span in SPANS if " --preset " in span])
def test_a_preset_is_there(span: str) -> None:
    kind = {"cmake --build": "buildPresets", "cmake": "configurePresets", "ctest": "testPresets"}
    of = next(kind[start] for start in kind if span.startswith(start))
    preset = span.split("--preset ")[1].split()[0]
    presets = json.loads(text(ROOT / "CMakePresets.json") or "")
    assert preset in [one["name"] for one in presets[of]]


def test_every_step_has_its_row() -> None:
    complaints = []
    for path in files():
        if path.suffix == ".cc" and is_step(path) and path.parent.name == "steps":
            here = path.parent / "README.md"
            readme = here if here.is_file() else path.parent.parent / "README.md"
            rows = [line for line in (text(readme) or "").splitlines() if line.startswith("| `")]
            if not any(f"`{path.stem}`" in row for row in rows):
                complaints.append(f"{name(readme)}: the table of steps has no row for {path.stem}")
    complain(complaints)
