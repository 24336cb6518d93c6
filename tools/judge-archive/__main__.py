"""./judge as one file: unpacks the tests once, for pytest, which reads no archive, and starts."""

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
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "six-servers"


def unpacked(archive: Path) -> Path:
    """Where the files of this archive are."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
    directory = CACHE / f"judge-{digest}"
    if not directory.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=CACHE))
        with zipfile.ZipFile(archive) as files:
            files.extractall(scratch)
        try:
            scratch.rename(directory)
        except OSError:  # another one was faster
            shutil.rmtree(scratch)
    return directory


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"judge: needs Python 3.11, and this is {sys.version.split()[0]}")
    if missing := [name for name in NEEDED if not find_spec(name)]:
        sys.exit(f"judge: missing: {', '.join(missing)}; pip install pytest pytest-xdist "
                 "hypothesis, or apt-get install python3-pytest python3-pytest-xdist "
                 "python3-hypothesis")
    for name, without in FASTER.items():
        if not find_spec(name):
            print(f"judge: {without}", file=sys.stderr)
    archive = Path(sys.argv[0]).resolve()
    try:
        judge = unpacked(archive) / "tests" / "judge"
    except OSError as error:
        sys.exit(f"judge: cannot unpack the tests to {CACHE}: {error.strerror}; XDG_CACHE_HOME "
                 "names another place")
    os.environ["JUDGE_COMMAND"] = f"python3 {archive}"
    os.execv(sys.executable, [sys.executable, "-E", "-P", "-X", "utf8", str(judge), *sys.argv[1:]])


main()
