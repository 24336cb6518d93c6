#!/usr/bin/python3
"""Whether a chapter can be typed: a reader who has read only what came before, on a bare system.

Nothing is run. Each command has to be a program that is installed by then, a function of
tools/shell.sh, or a program that can be built, named from the directory that the text has led to;
each variable, file, descriptor and server has to be there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from blocks import ROOT
from typed import Box, Typed, chapters, typed

# Programs of packages that tools/lib.sh does not prove by them.
OF_PACKAGE = {"pgrep": "procps", "pkill": "procps", "python3": "python3", "zig": "ziglang",
              "ab": "apache2-utils", "wrk": "wrk", "perf": "linux-perf", "go": "golang",
              "rustc": "rustc", "bpftrace": "bpftrace"}
KEYWORDS = {"!", "{", "}", "case", "do", "done", "elif", "else", "fi", "for", "if", "in", "then",
            "time", "until", "while"}
# Commands that run the rest of the line, after so many words of their own.
WRAPPERS = {"timeout": 1, "traced": 1, "calls_while": 0, "while_asked": 0, "time": 0, "sudo": 0,
            "exec": 0, "eval": 0}
ASK_THE_SERVER = {"ask", "calls_while", "crowd", "memory", "polls", "processor_time", "rounds",
                  "said", "say_hi", "server_pid", "stall", "while_asked"}
CLIENTS = {"ab", "curl", "ncat", "wrk"}
# Commands that read the files they name, after so many words that are none.
READERS = {"cat": 0, "sort": 0, "wc": 0, "head": 0, "tail": 0, "cmp": 0, "sed": 1, "grep": 1,
           "awk": 1}
MADE_BY = {"traced": "calls", "calls_while": "calls", "polls": "calls"}
TERMINAL = re.compile(r"(second|another|other|one) terminal|in another[,.]|Terminal 2")
# As the first of a pipeline it leads the group of processes that it ends.
ENDS_ITS_READERS = re.compile(r"(^|[;&]|do) *timeout (?!--foreground)[^;&|]*([<>]&\d[^;&|]*)*\|")
STEP = re.compile(r"\./\d\d-")
SHELLS_OWN = {"1", "?", "!"}  # and what a function is given


@dataclass
class Reader:
    """What somebody has, and where they are, after all that was typed so far."""

    packages: set[str] = field(default_factory=set)
    built: set[str] = field(default_factory=set)
    directory: Path = ROOT
    shell: bool = False  # tools/shell.sh was read in this terminal
    server: bool = False  # one listens that this terminal, or another one, has started
    occupied: bool = False  # by a server in the foreground
    variables: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)
    descriptors: set[str] = field(default_factory=lambda: {"0", "1", "2"})
    wrong: list[str] = field(default_factory=list)

    def source_shell(self) -> None:
        self.shell = True
        self.functions |= _of_shell_sh(r"^(\w+)\(\)")
        self.variables |= _of_shell_sh(r"^(\w+)=")
        self.descriptors |= {"4"}

    def new_terminal(self) -> Reader:
        """One in which the first thing was to read tools/shell.sh, where chapter 0 has told so."""
        other = Reader(self.packages, self.built, server=self.server, files=self.files)
        if self.shell:
            other.source_shell()
        return other

    def type(self, text: str, *, substituted: bool = False) -> None:
        """Types a command with all its parts."""
        text = re.sub(r"'[^']*'", "''", text.replace("\\\n", " "))  # data, or another language
        text = re.sub(r"\$\(\([^)]*\)\)", "0", text)
        self._sets_variables(text)
        for name in re.findall(r"\bPATH=\$PATH:~/(\w+)", text):  # what was unpacked there
            self.packages.add(OF_PACKAGE.get(name, name))
        for inner in re.findall(r"\$\(([^()]*)\)", text):
            self.type(inner, substituted=True)
        if defined := re.match(r"(\w+)\(\) \{", text):
            self.functions.add(defined[1])
            text = text[defined.end():]
        self._needs_variables(text)
        flat = re.sub(r'\$\([^()]*\)|"[^"]*"', '""', text)
        if ENDS_ITS_READERS.search(flat) and not substituted:
            self.wrong.append("at a terminal, timeout ends what reads from it: --foreground")
        flat = re.sub(r"\$\{[^}]*\}|\{\d+\.\.\d+\}", "$x", flat)
        for part in re.split(r"\|\||&&|[;|()\n]|&(?!\d|\$)(?<![<>]&)", flat):
            self._simple(self._redirected(part))

    def _sets_variables(self, text: str) -> None:
        self.variables |= set(re.findall(r"(?:^|[\s;(])(\w+)=", text))
        self.variables |= set(re.findall(r"\b(?:for|read(?: -\w+)*) (\w+)", text))
        self.variables |= set(re.findall(r"\{(\w+)\}<>", text))
        self.descriptors |= set(re.findall(r"(\d+)<>", text))

    def _needs_variables(self, text: str) -> None:
        for name in re.findall(r"\$\{?(\w+|[?!])", text):
            if name not in self.variables | SHELLS_OWN:
                self.wrong.append(f"${name} has no value yet")

    def _redirected(self, part: str) -> list[str]:
        """The words that are left without the redirections."""
        for number, arrow, where in re.findall(r"(\d*|\{\w+\})(<>|>>?|<)\s*(\S+)", part):
            if where.startswith("&"):
                descriptor = where[1:]
                if descriptor.isdigit() and descriptor not in self.descriptors:
                    self.wrong.append(f"descriptor {descriptor} is not open")
                if descriptor == "-":
                    self.descriptors.discard(number)
            elif "/dev/tcp/" in where:
                self.descriptors.add(number)
                self._needs_server()
            elif arrow == "<>":
                self.descriptors.add(number)
                self._reads([where])
            elif not where.startswith(("/", '"', "$")):
                self._opens(where, arrow)
        return re.sub(r"(\d*|\{\w+\})(<>|>>?|<)\s*\S+", "", part).split()

    def _opens(self, name: str, arrow: str) -> None:
        path = self.directory / name
        if arrow == "<":
            self._reads([name])
        else:
            self.files.add(path)

    def _reads(self, names: list[str]) -> None:
        for name in names:
            if re.fullmatch(r"\.?[a-z][\w.-]*", name) and not (
                    self.directory / name in self.files or (self.directory / name).exists()):
                self.wrong.append(f"there is no file {name} here")

    def _needs_server(self) -> None:
        if not self.server:
            self.wrong.append("nothing has started a server")

    def _simple(self, words: list[str]) -> None:
        while words and (words[0] in KEYWORDS - {"for"} or re.match(r"\w+=", words[0])):
            words = words[1:]
        if not words or words[0] in ("for", '""'):
            return
        command, *rest = words
        if command != "exec" or rest:
            self._resolve(command)
        if command in ASK_THE_SERVER or command in CLIENTS and "-l" not in rest:
            self._needs_server()
        if command in MADE_BY:
            self.files.add(self.directory / MADE_BY[command])
        if command in WRAPPERS:
            self._simple([word for word in rest if word != "--foreground"][WRAPPERS[command]:])
        for word in rest:
            self._names_a_file_of_ours(word)
        if command in READERS and "-e" not in rest:
            self._reads([word for word in rest if not word.startswith("-")][READERS[command]:])
        self._acts(command, rest)

    def _names_a_file_of_ours(self, word: str) -> None:
        if re.fullmatch(r"[a-z]\w*/[\w./-]+", word) and (ROOT / word).exists() and not (
                self.directory / word).exists():
            self.wrong.append(f"{word} is not in this directory")

    def _acts(self, command: str, rest: list[str]) -> None:
        """What becomes different."""
        name = Path(command).name
        if command == ".":
            self.source_shell()
        elif command == "cd":
            self._goes(rest[0])
        elif command == "steps" and rest:
            if (sources := _steps_of(rest[0])) is None:
                self.wrong.append(f"steps {rest[0]}: there are none")
            else:
                self.directory = sources
                self.built.add(rest[0])
        elif command in ("start", "count_calls"):
            self._starts(rest[0], keeps=command == "start")
        elif command == "stop" or command == "wait" and rest == ["$pid"]:
            self.server = False
            self.variables.add("pid")
        elif command in ("mkdir", "mkfifo"):
            self.files |= {self.directory / word for word in rest}
        elif name in ("serve", "check", "judge"):
            self._installs(name, rest)
        elif command == "ncat" and "-l" in rest:
            self.server = self.occupied = True
        elif command == "apt-get":
            self.packages |= set(rest[1:])
        for option, file in zip(rest, rest[1:]):
            if option in ("-o", "--trace") and command in ("g++", "strace", "perf", "start"):
                self.files.add(self.directory / file)

    def _goes(self, where: str) -> None:
        if where.startswith("$ROOT"):
            self.directory = ROOT / where[6:]
        else:
            self.directory = self.directory / where
        if not self.directory.exists() and self.directory not in self.files:
            self.wrong.append(f"cd {where}: no such directory")

    def _starts(self, what: str, keeps: bool) -> None:
        if what.startswith(("./", "$", "/")):
            self._resolve(what)
        elif not any(what.startswith(stage) for stage in self.built):
            self.wrong.append(f"{what} was not built yet")
        if keeps:
            self.server = True
            self.variables |= {"pid"}

    def _installs(self, name: str, rest: list[str]) -> None:
        groups = {"serve": ["build", "talk"], "check": [], "judge": ["protocol"]}[name]
        if name == "judge" and rest[:1] == ["--start"]:
            groups = []
            self.files.add(self.directory / rest[2])
        elif name == "check" and not rest[0].startswith("--"):
            groups = ["build", "unit", "protocol", "tools", "uring"]
        if rest and re.match("part[56]|finger|--bug", rest[0]):
            groups += ["http", "uring"]
        for group in groups:
            self.packages |= _group(group)
        if name == "serve":
            self.built.add(rest[0])
            self.server = self.occupied = True

    def _resolve(self, command: str) -> None:
        """Complains about a command that is none, or not here, or not yet."""
        if "/" in command:
            if not self._is_here(command):
                self.wrong.append(f"there is no {command} here")
        elif command not in self.functions | _builtins() | _bare():
            package = _packages().get(command)
            if command in _of_shell_sh(r"^(\w+)\(\)"):
                self.wrong.append(f"{command}: tools/shell.sh was not read")
            elif not package:
                self.wrong.append(f"{command} is no command")
            elif package not in self.packages:
                self.wrong.append(f"{command}: nothing has installed {package}")

    def _is_here(self, command: str) -> bool:
        if command.startswith(("/usr/bin/", "$BUILD/", "$ROOT/")):
            return True
        path = Path(os.path.normpath(self.directory / command))
        if path in self.files:
            return True
        if path.is_file():
            return bool(path.stat().st_mode & 0o100)
        step = re.sub("-[at]san$", "", path.name)
        return self.directory.is_relative_to(ROOT) and path.with_name(f"{step}.cc").is_file()


def _steps_of(where: str) -> Path | None:
    """Where the sources of these steps are."""
    if re.fullmatch(r"\d+|i", where):
        found = [ROOT / "book" / "steps" / where]
    else:
        found = sorted(path / "steps" for path in ROOT.glob(f"{where}*") if path.is_dir())
    return found[0] if found and found[0].is_dir() else None


@cache
def _of_shell_sh(pattern: str) -> set[str]:
    text = (ROOT / "tools" / "shell.sh").read_text()
    return set(re.findall(pattern, text, re.MULTILINE)) - {"_program", "_until_traced"}


@cache
def _builtins() -> set[str]:
    listed = subprocess.run(["bash", "-c", "compgen -b"], capture_output=True, text=True)
    return set(listed.stdout.split())


@cache
def _bare() -> set[str]:
    """The programs of every Debian; elsewhere, those that are here."""
    if not shutil.which("dpkg-query"):
        return {path.name for path in Path("/usr/bin").iterdir()}
    listed = subprocess.run(["dpkg-query", "-W", "-f", "${Essential} ${Package}\n"],
                            capture_output=True, text=True, check=True)
    essential = [line.split()[1] for line in listed.stdout.splitlines() if line.startswith("yes")]
    files = subprocess.run(["dpkg-query", "-L", *essential], capture_output=True, text=True)
    return {Path(name).name for name in files.stdout.split()
            if re.match(r"(/usr)?/s?bin/", name)} | {"apt-get", "awk", "sudo", "useradd", "userdel"}


@cache
def _lib_sh() -> str:
    return (ROOT / "tools" / "lib.sh").read_text()


def _group(name: str) -> set[str]:
    """The packages of one of the lists in tools/lib.sh."""
    found = re.search(rf"^packages_{name}=\(([^)]*)\)", _lib_sh(), re.MULTILINE)
    return set(found[1].split()) if found else set()


@cache
def _packages() -> dict[str, str]:
    """The package of each program that is not in every Debian."""
    proofs = re.findall(r"\[([\w+-]+)\]=command:(\S+)", _lib_sh())
    return {program: package for package, program in proofs} | OF_PACKAGE


def problems(path: Path, reader: Reader) -> Iterator[str]:
    """What stops a reader who types this chapter. The reader is one who has."""
    for step in typed(path):
        if isinstance(step, Box):
            yield from _box_problems(step, deepcopy(reader))
            continue
        here = reader
        if step.text == "^C":
            reader.server = reader.server and not reader.occupied
            reader.occupied = False
            continue
        if step.place == "sentence" and step.text.startswith("./serve"):
            here = reader.new_terminal()  # it is run to be built
        elif reader.occupied and TERMINAL.search(step.before):
            here = reader.new_terminal()
        elif reader.occupied:
            here.wrong.append("a server runs in this terminal")
        here.type(step.text)
        yield from (f"line {step.line}: {wrong}: {step.text}" for wrong in here.wrong)
        here.wrong.clear()


def _box_problems(box: Box, reader: Reader) -> Iterator[str]:
    by_hand = re.search(r"[Bb]y hand|transcript|lines (above|below)", box.text)
    if not box.commands and not by_hand:
        yield f"line {box.line}: nothing in this box shows the symptom"
    if "At the top of the project" in box.text:
        yield f"line {box.line}: terminal 2 may be anywhere, and needs no way back from $ROOT/…"
    second = reader.new_terminal()
    if box.server:
        second.type(box.server)
        if not TERMINAL.search(box.text) and any(
                not re.match(r"\./(\d|check|judge)", word) for word in box.commands):
            yield f"line {box.line}: the box needs a second terminal, and does not say so"
    for command in box.commands:
        (reader if STEP.match(command) else second).type(command)
    yield from (f"line {box.line}: {wrong}, in this box" for wrong in reader.wrong + second.wrong)


def all_problems() -> dict[str, list[str]]:
    """Those of each chapter, read from the first to the last."""
    found: dict[str, list[str]] = {}
    reader = Reader()
    for path in chapters():
        found[path.name] = list(problems(path, reader))
        # A chapter begins in a new terminal; the build and the packages stay.
        reader = reader.new_terminal()
        reader.server = False
        reader.files = {file for file in reader.files if file.name == "mine"}
    return found


if __name__ == "__main__":
    for name, complaints in all_problems().items():
        for complaint in complaints:
            print(f"{name}: {complaint}")
