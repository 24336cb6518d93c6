"""A copy of the project in which patches are applied and the changed stages built."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import finished
from bug import Bug
from patch_file import ROOT, Patch, ZooError, program_of

ZOO = ROOT / "build" / "zoo"
TREE = ZOO / "tree"

NOT_OURS = {".git", "build", "__pycache__", ".hypothesis", ".pytest_cache", "node_modules"}
BUILD_SECONDS = 900


class NotHere(ZooError):
    """A target cannot be built on this machine."""


@contextmanager
def occupied() -> Iterator[None]:
    """Locks the workshop. There's only one, and ./serve --bug may want it, too."""
    ZOO.mkdir(parents=True, exist_ok=True)
    with open(ZOO / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def project_files() -> set[Path]:
    """The files that git knows or would add, relative to the project's root."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    ) if shutil.which("git") else None
    if listing is not None and listing.returncode == 0:
        names = {Path(os.fsdecode(name)) for name in listing.stdout.split(b"\0") if name}
        return {name for name in names if (ROOT / name).is_file()}
    return files_below(ROOT)  # there's no git here


def files_below(top: Path) -> set[Path]:
    """All files except those that tools generate, relative to `top`."""
    found = set()
    for directory, directories, names in os.walk(top):
        directories[:] = set(directories) - NOT_OURS
        found |= {Path(directory, name).relative_to(top) for name in names}
    return found


def renew() -> None:
    """Makes the copy equal to the project. Equal files keep their time, so aren't built again."""
    wanted, there = project_files(), files_below(TREE)
    for name in there - wanted:
        (TREE / name).unlink()
    for name in wanted:
        contents = (ROOT / name).read_bytes()
        copy = TREE / name
        if name not in there or copy.read_bytes() != contents:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(contents)
            shutil.copymode(ROOT / name, copy)


def apply(patch: Patch, tree: Path = TREE, try_only: bool = False, fuzz: int = 0) -> None:
    """Applies a patch to a tree. ZooError if it doesn't fit."""
    command = ["patch", "--strip=1", f"--fuzz={fuzz}", "--batch", "--forward",
               "--no-backup-if-mismatch"]
    if try_only:
        command.append("--dry-run")
    with open(tree / patch.file.relative_to(ROOT), "rb") as diff:
        run = subprocess.run(command, cwd=tree, stdin=diff, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode != 0:
        raise ZooError(f"{patch.name}: the patch does not apply: the code has changed, "
                       f"adapt the patch\n{run.stdout.rstrip()}")


@contextmanager
def changed_by(patch: Patch, make: Callable[[Path], None] | None = None) -> Iterator[None]:
    """Applies a patch to the copy, or has `make` change it, and restores the changed files at the
    end, from memory because the project's own may have changed meanwhile."""
    files = [TREE / name for name in patch.changes]
    originals = {path: path.read_bytes() for path in files if path.is_file()}
    try:
        if make:
            make(TREE)
        else:
            apply(patch)
        yield
    finally:
        for path in files:
            if path not in originals:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != originals[path]:
                path.write_bytes(originals[path])


def build_directory(preset: str) -> Path:
    """Where the copy is built."""
    return TREE / "build" / preset


def build(preset: str, targets: list[str], tests: bool, shown: bool = False) -> None:
    """Builds targets of the copy, reusing objects of the project's own build. With `shown`, the
    output goes to stderr.

    ZooError if the build fails: a bug of the zoo must compile. NotHere if CMake left a target out.
    """
    directory, own = build_directory(preset), ROOT / "build" / preset
    configured = directory / "CMakeCache.txt"
    if configured.is_file() and f"={TREE}\n" not in configured.read_text(encoding="utf-8"):
        shutil.rmtree(directory)  # the project has moved, and CMake would refuse the old build
    launchers = filter(None, [str(finished.LAUNCHER), finished.launcher_of(own)])
    options = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={';'.join(launchers)}"]
    if tests or not configured.is_file():  # an existing build keeps its tests
        options.append(f"-DBUILD_TESTING={'ON' if tests else 'OFF'}")
    _run(["cmake", "-S", str(TREE), "--preset", preset, *options], shown)
    finished.lay_ready(own, TREE, directory)
    try:
        _run(["cmake", "--build", str(directory), "--target", *targets], shown)
    except ZooError as error:
        if "unknown target" not in str(error):
            raise
        raise NotHere(f"{', '.join(targets)}: cannot be built here, a library is missing") from None


def _run(command: list[str], shown: bool) -> None:
    try:
        run = subprocess.run(command, cwd=TREE, stdin=subprocess.DEVNULL,
                             stdout=sys.stderr if shown else subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=BUILD_SECONDS,
                             check=False)
    except subprocess.TimeoutExpired as error:
        raise ZooError(f"building took more than {BUILD_SECONDS} s") from error
    if run.returncode != 0:
        raise ZooError(f"{' '.join(command)} failed:\n{(run.stdout or '').rstrip()}")


def keep_executable(bug: Bug, stage: str) -> Path:
    """Copies the broken program to a place where the next bug doesn't overwrite it."""
    program = program_of(stage)
    kept = ZOO / "bin" / bug.name / stage / program
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)  # the old one may be running, and keeps its file
    shutil.copy2(build_directory(bug.preset) / stage / program, kept)
    return kept


def say(text: str) -> None:
    """Prints a line on stderr, because stdout is for results."""
    print(f"zoo: {text}", file=sys.stderr, flush=True)
