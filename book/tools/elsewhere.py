#!/usr/bin/python3
"""What another system lacks: compiles common and part1 to part5 with its compiler, and lists the
names that nobody there knows, file by file.

    elsewhere.py [--libraries DIR] COMPILER [ARGUMENT ...]

On that system COMPILER is its own, `c++` say. A cross compiler that brings the system's headers
does as well: `zig c++ -target aarch64-macos`. DIR is where {fmt}, CLI11 and Boost have their
headers; without it, /usr/include. A header that is missing is listed, and taken for empty, so that
what it should have declared is listed too.

Exit status: 0 everything compiles, 1 something does not, 2 wrong usage.
"""

import argparse
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("common", "common/net", "common/server", "common/loop", "common/http", "part1-blocking",
         "part2-threads", "part3-nonblocking", "part4-poll", "part5-epoll")
FOREIGN = ("fmt", "CLI", "boost")
ERROR = re.compile(r"^(?P<file>[^:\s]+):\d+:\d+: (?:fatal )?error: (?P<text>.*)$", re.MULTILINE)
HEADER = re.compile(r"'?(?P<name>[\w./]+)'?(?: file not found|: No such file or directory)")
NAME = re.compile(r"(?:use of undeclared identifier|unknown type name|no (?:member|type) named|"
                  r"no matching function for call to)? ?['‘](?:::)?(?P<name>[\w:]+)['’]"
                  r"(?! \(aka)")


@functools.cache
def every_error(compiler: tuple[str, ...]) -> tuple[str, ...]:
    """What keeps this compiler from giving up after twenty errors."""
    version = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False)
    return ("-ferror-limit=0",) if "clang" in version.stdout else ("-fmax-errors=0",)


def missing_in(source: Path, compiler: list[str], foreign: Path,
               stubs: Path) -> Iterator[tuple[str, str]]:
    """The files that complain while `source` is compiled, and each time what they lack."""
    stubs.mkdir(parents=True, exist_ok=True)
    while True:
        run = subprocess.run(
            [*compiler, "-std=c++2b", "-c", "-o", str(stubs.with_name("object")), "-w",
             *every_error(tuple(compiler)), "-DFMT_HEADER_ONLY", '-DPROGRAM_VERSION="0"',
             f"-I{ROOT}", f"-I{source.parent}", f"-isystem{foreign}", f"-isystem{stubs}",
             str(source)],
            capture_output=True, text=True, check=False)
        errors = list(ERROR.finditer(run.stderr))
        if run.returncode != 0 and not errors:
            sys.exit(f"{' '.join(compiler)} says nothing that this tool can read:\n{run.stderr}")
        absent = [h["name"] for e in errors if (h := HEADER.match(e["text"]))]
        for error in errors:
            if not HEADER.match(error["text"]):
                name = NAME.match(error["text"])
                yield error["file"], name["name"] if name else f"({error['text'][:40]}...)"
        if not absent:
            return
        for name in absent:  # once: with the stub in its place it is found
            yield errors[-1]["file"], f"<{name}>"
            (stubs / name).parent.mkdir(parents=True, exist_ok=True)
            (stubs / name).touch()


def compile_all(sources: list[Path], compiler: list[str], foreign: Path,
                scratch: Path) -> Iterator[list[tuple[str, str]]]:
    """What each of them lacks, in their order; as many at a time as there are processors."""
    def one(source: Path) -> list[tuple[str, str]]:
        stubs = scratch / source.parent.name / source.stem / "stubs"
        return list(missing_in(source, compiler, foreign, stubs))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(one, sources)


def place(file: str) -> str:
    """A file of ours by its path below the project; anything else is a library's."""
    path = Path(file).resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else "a library's header"


def main() -> int:
    parser = argparse.ArgumentParser(description="what another system lacks")
    parser.add_argument("--libraries", type=Path, default=Path("/usr/include"), metavar="DIR")
    parser.add_argument("compiler", nargs=argparse.REMAINDER, metavar="COMPILER")
    options = parser.parse_args()
    if not options.compiler:
        parser.error("which compiler?")
    if shutil.which(options.compiler[0]) is None:
        parser.error(f"there is no {options.compiler[0]} here")
    lacking: dict[str, dict[str, None]] = {}  # by file, each name once, in the order met
    sources = [source for part in PARTS for source in sorted((ROOT / part).glob("*.cc"))]
    clean = 0
    with tempfile.TemporaryDirectory() as scratch:
        foreign = Path(scratch) / "foreign"
        foreign.mkdir()
        for name in FOREIGN:
            (foreign / name).symlink_to(options.libraries / name)
        for found in compile_all(sources, options.compiler, foreign, Path(scratch)):
            clean += not found
            for file, name in found:
                lacking.setdefault(place(file), {})[name] = None
    for file, names in sorted(lacking.items()):
        print(f"{file:30} {' '.join(names)}")
    print(f"{clean} of {len(sources)} sources compile as they are")
    return 0 if clean == len(sources) else 1


if __name__ == "__main__":
    sys.exit(main())
