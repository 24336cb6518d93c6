"""The preset `hardened` gives programs all the protections that chapter 14 promises."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from test_alone import ROOT, call, need_libraries

PROGRAMS = ("fingerd", "finger")
FLAGS = ("-fstack-protector-strong", "-fstack-clash-protection", "-D_FORTIFY_SOURCE=3",
         "-D_GLIBCXX_ASSERTIONS")
ON_X86 = os.uname().machine == "x86_64"


def said(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def protections(program: Path) -> dict[str, bool]:
    """Returns the protections that can be seen in the program itself."""
    symbols = said("readelf", "--dyn-syms", "--wide", program)
    segments = said("readelf", "--program-headers", "--wide", program)
    code = said("objdump", "--disassemble", "--no-show-raw-insn", program)
    return {
        "position-independent": "Type: DYN" in re.sub(" +", " ", said("readelf", "-h", program)),
        "addresses of functions are read-only": "GNU_RELRO" in segments,
        "all of them, from the start": "NOW" in said("readelf", "--dynamic", program),
        "no stack is executed": re.search(r"GNU_STACK .* RW ", segments) is not None,
        "stack protector": "__stack_chk_fail" in symbols,
        "assertions of the standard library": "__glibcxx_assert_fail" in symbols,
        "targets of jumps are marked": not ON_X86 or code.count("endbr64") > 100,
    }


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build that is configured as the README says."""
    need_libraries("finger")
    directory = tmp_path_factory.mktemp("hardened")
    run = call("cmake", "--preset", "hardened", "-S", ROOT, "-B", directory, "-DBUILD_TESTING=OFF")
    assert run.returncode == 0, run.stdout
    return directory


def test_each_source_is_compiled_with_all_of_it(build: Path) -> None:
    for entry in json.loads((build / "compile_commands.json").read_text()):
        missing = [flag for flag in FLAGS if flag not in entry["command"].split()]
        assert not missing, entry["file"]


@pytest.mark.long
@pytest.mark.parametrize("program", PROGRAMS)
def test_installed_programs_have_all_protections(build: Path, program: str) -> None:
    run = call("cmake", "--build", build, "--target", program)
    assert run.returncode == 0, run.stdout
    missing = [what for what, has in protections(build / "finger" / program).items() if not has]
    assert not missing
