"""./judge as one file. It unpacks the tests once, because pytest reads no archive, and starts."""

import errno
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

NEEDED = ("pytest", "hypothesis")
FASTER = {"xdist": "without pytest-xdist the tests run one after the other"}
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "six-servers")
CANNOT = 3  # the exit status


def unpacked(archive: Path, cache: Path) -> Path:
    """Where the files of this archive are."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
    directory = cache / f"judge-{digest}"
    if not directory.exists():
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=cache))
        with zipfile.ZipFile(archive) as files:
            files.extractall(scratch)
        try:
            scratch.rename(directory)
        except OSError:  # another one was faster
            shutil.rmtree(scratch)
    return directory


def unpacked_somewhere(archive: Path) -> Path:
    """Like unpacked(), but temporary if there's no home, as for a service's account."""
    try:
        if not CACHE.is_absolute():  # nobody is known here by our number
            raise FileNotFoundError(errno.ENOENT, "no home is known")
        return unpacked(archive, CACHE)
    except OSError as error:
        say(f"cannot keep the tests in {CACHE}: {error.strerror}; unpacked for this once")
        scratch = tempfile.mkdtemp(prefix="judge-")
        os.environ["JUDGE_SCRATCH"] = scratch  # the process that has read its tests removes it
        return unpacked(archive, Path(scratch))


def say(text: str) -> None:
    print(f"judge: {text}", file=sys.stderr)


def cannot(text: str) -> SystemExit:
    say(text)
    return SystemExit(CANNOT)


def main() -> None:
    if sys.version_info < (3, 11):
        raise cannot(f"needs Python 3.11, and this is {sys.version.split()[0]}")
    if missing := [name for name in NEEDED if not find_spec(name)]:
        raise cannot(f"missing: {', '.join(missing)}; pip install pytest pytest-xdist hypothesis, "
                     "or apt-get install python3-pytest python3-pytest-xdist python3-hypothesis")
    for name, without in FASTER.items():
        if not find_spec(name):
            say(without)
    archive = Path(sys.argv[0]).resolve()
    try:
        judge = unpacked_somewhere(archive) / "tests" / "judge"
    except OSError as error:
        raise cannot(f"cannot unpack the tests: {error.strerror}") from None
    os.environ["JUDGE_COMMAND"] = f"python3 {archive}"
    os.execv(sys.executable, [sys.executable, "-E", "-P", "-X", "utf8", str(judge), *sys.argv[1:]])


main()
