"""Lets the build of a copy reuse objects of the project's own build: those whose sources no patch
has changed."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from patch_file import ROOT

LAUNCHER = Path(__file__).with_name("reuse")
OUTPUT = re.compile(r" -o (\S+)")
CACHED_LAUNCHER = re.compile(r"^CMAKE_CXX_COMPILER_LAUNCHER:\w+=(.*)$", re.MULTILINE)


def launcher_of(build: Path) -> str:
    """The launcher of a build's compiler: compile commands are different with ccache. A new build
    will use ccache if it's installed."""
    cache = build / "CMakeCache.txt"
    if not cache.is_file():
        return "ccache" if shutil.which("ccache") else ""
    found = CACHED_LAUNCHER.search(cache.read_text(encoding="utf-8"))
    return found[1] if found else ""


def lay_ready(own: Path, tree: Path, build: Path) -> None:
    """Links the objects that this tree's build lacks or has out of date, if `own` has the same."""
    ready = build / "finished"
    shutil.rmtree(ready, ignore_errors=True)
    if not (own / "compile_commands.json").is_file():
        return
    compiled, inputs = _commands(own), _inputs(own)
    twin = _Twins(own, tree, build)
    for output, command in _commands(build).items():
        there = own / output
        if command.replace(str(tree), str(ROOT)) != compiled.get(output) or not there.is_file():
            continue
        read = inputs.get(output, [])
        made = there.stat().st_mtime_ns
        if not read or any(twin.changed(path) > made for path in read):
            continue
        copies = [twin.of(path) for path in read]
        old = build / output
        if old.is_file() and all(_time(copy) <= old.stat().st_mtime_ns for copy in copies):
            continue
        (ready / output).parent.mkdir(parents=True, exist_ok=True)
        os.link(there, ready / output)
        (ready / f"{output}.d").write_text(f"{output}: {' '.join(map(str, copies))}\n")


class _Twins:
    """Finds the copy's counterpart of a file of the project, or of its build."""

    def __init__(self, own: Path, tree: Path, build: Path) -> None:
        self._own, self._tree, self._build = own, tree, build
        self._changed: dict[Path, float] = {}

    def of(self, path: Path) -> Path:
        if path.is_relative_to(self._own):
            return self._build / path.relative_to(self._own)
        return self._tree / path.relative_to(ROOT) if path.is_relative_to(ROOT) else path

    def changed(self, path: Path) -> float:
        """When the file was changed, or infinity if the copy's file is different."""
        if path not in self._changed:
            generated = not path.is_relative_to(ROOT) or path.is_relative_to(self._own)
            same = generated or _contents(path) == _contents(self.of(path))
            self._changed[path] = _time(path) if same else float("inf")
        return self._changed[path]


def _time(path: Path) -> float:
    return path.stat().st_mtime_ns if path.exists() else float("inf")


def _contents(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _commands(build: Path) -> dict[str, str]:
    """The command that compiles each object, without -Werror."""
    commands = [entry["command"].replace(" -Werror ", " ") for entry in
                json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))]
    return {found[1]: command for command in commands if (found := OUTPUT.search(command))}


def _inputs(build: Path) -> dict[str, list[Path]]:
    """The files that the compiler read for each object, as ninja recorded them."""
    listed = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=False).stdout
    inputs: dict[str, list[Path]] = {}
    for block in listed.split("\n\n"):
        head, *paths = block.splitlines() or [""]
        if head.endswith("(VALID)"):
            inputs[head.partition(": #deps")[0]] = [
                Path(os.path.normpath(build / path.strip())) for path in paths]
    return inputs
