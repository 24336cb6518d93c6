"""A copy of the project in which patches are applied and the changed stages built."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
    """What is needed cannot be built on this machine."""


@contextmanager
def occupied() -> Iterator[None]:
    """Keeps others out of the workshop: there is one, and ./serve --bug may want it, too."""
    ZOO.mkdir(parents=True, exist_ok=True)
    with open(ZOO / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def project_files() -> set[Path]:
    """The files that belong to the project, relative to its root: what git knows or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    ) if shutil.which("git") else None
    if listing is not None and listing.returncode == 0:
        names = {Path(os.fsdecode(name)) for name in listing.stdout.split(b"\0") if name}
        return {name for name in names if (ROOT / name).is_file()}
    return files_below(ROOT)  # no git here: whatever no tool has made


def files_below(top: Path) -> set[Path]:
    """Every file that no tool has made, relative to `top`."""
    found = set()
    for directory, directories, names in os.walk(top):
        directories[:] = set(directories) - NOT_OURS
        found |= {Path(directory, name).relative_to(top) for name in names}
    return found


def renew() -> None:
    """Makes the copy equal to the project. Equal files keep their time: no need to rebuild."""
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


def apply(patch: Patch, tree: Path = TREE, try_only: bool = False) -> None:
    """Applies it to a tree. ZooError: the patch does not fit, and what is to be done."""
    command = ["patch", "--strip=1", "--fuzz=0", "--batch", "--forward", "--no-backup-if-mismatch"]
    if try_only:
        command.append("--dry-run")
    with open(tree / patch.file.relative_to(ROOT), "rb") as diff:
        run = subprocess.run(command, cwd=tree, stdin=diff, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode != 0:
        raise ZooError(f"{patch.name}: the patch does not apply: the code has changed, "
                       f"adapt the patch\n{run.stdout.rstrip()}")


@contextmanager
def changed_by(patch: Patch) -> Iterator[None]:
    """The copy with the patch in it; afterwards it is as it was, whatever the project is by
    then."""
    files = [TREE / name for name in patch.changes]
    originals = {path: path.read_bytes() for path in files if path.is_file()}
    try:
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
    """Builds targets of the copy; what the project's own build has compiled is not compiled again.
    With `shown`, what is said goes to stderr.

    ZooError: it fails; a bug is not one that a compiler finds. NotHere: CMake left a target out.
    """
    directory, own = build_directory(preset), ROOT / "build" / preset
    configured = directory / "CMakeCache.txt"
    if configured.is_file() and f"={TREE}\n" not in configured.read_text(encoding="utf-8"):
        shutil.rmtree(directory)  # made where the project was before: CMake would refuse it
    launchers = filter(None, [str(finished.LAUNCHER), finished.launcher_of(own)])
    options = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={';'.join(launchers)}"]
    if tests or not configured.is_file():  # who has built tests before keeps them
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
    """The broken stage, where the next bug does not overwrite it."""
    program = program_of(stage)
    kept = ZOO / "bin" / bug.name / stage / program
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)  # it may be running: that one keeps its file
    shutil.copy2(build_directory(bug.preset) / stage / program, kept)
    return kept


def say(text: str) -> None:
    """A line on stderr: stdout belongs to results."""
    print(f"zoo: {text}", file=sys.stderr, flush=True)
