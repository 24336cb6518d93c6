"""The facts about the machine that measured: its hardware and software, and whether it was
quiet."""

import json
import os
import platform
import resource
import shlex
import shutil
import subprocess
import time
from pathlib import Path

from contenders import REPOSITORY

QUIET_LOAD = 0.3  # a higher load average means that something was at work, perhaps the compiler
DIRTY = "-dirty"  # the measured state differs from the commit
QUIET_OTHERS = 0.1  # of one CPU; more means that something else was at work


def processor() -> str:
    """The processor's name, as the kernel gives it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commit() -> str:
    """The measured state of the project, or unknown for an archive. Changes in book/ don't count,
    because a run writes there."""
    if shutil.which("git") is None:
        return "unknown"
    found = git("rev-parse", "--short", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!book")
    return (found or "unknown") + (DIRTY if changed else "")


def git(*words: str) -> str:
    run = subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True)
    return run.stdout.strip()


def compiler(build: Path) -> tuple[str, str]:
    """The compiler of the stages, and its flags that matter for speed."""
    database = build / "compile_commands.json"
    entries = json.loads(database.read_text()) if database.is_file() else []
    words = next((shlex.split(entry["command"]) for entry in entries
                  if entry["file"].endswith("/part1-blocking/server.cc")), [])
    program = next((word for word in words if "++" in Path(word).name), None)
    if program is None:
        return "unknown", "unknown"
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    flags = [word for word in words if word.startswith(("-O", "-g", "-m", "-f", "-D", "-std="))]
    return said.partition("\n")[0], " ".join(flags)


def facts(build: Path) -> dict[str, str | int]:
    """The machine, the time and the state of the project."""
    by, flags = compiler(build)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "time": time.strftime("%H:%M %Z"),
        "processor": processor(),
        "cores": os.cpu_count() or 0,
        "kernel": f"Linux {platform.release()}",
        "commit": commit(), "compiler": by, "flags": flags,
    }


def stolen_seconds() -> float:
    """CPU time that the hypervisor gave to others. proc(5), /proc/stat"""
    fields = Path("/proc/stat").read_text().split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def others_seconds() -> float:
    """CPU time of all but this process and its ended children, so the difference between two
    readings is the work of others. Leaves out what interrupts do for the network, most of which is
    for us."""
    fields = Path("/proc/stat").read_text().split()
    busy = sum(map(int, fields[1:4])) / os.sysconf("SC_CLK_TCK")  # user, nice, system
    for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(whose)
        busy -= used.ru_utime + used.ru_stime
    return busy


class Noise:
    """The work that others did since the object was made."""

    def __init__(self, load: float) -> None:
        """`load` is the load average from before our measurements, which would add to it."""
        self._load = load
        self._began, self._stolen, self._others = time.time(), stolen_seconds(), others_seconds()

    @property
    def quiet(self) -> bool:
        """Whether nothing else was at work at the beginning, or hardly anything since."""
        others = self._share(others_seconds() - self._others)
        return self._load <= QUIET_LOAD or others <= QUIET_OTHERS

    def words(self) -> str:
        """The disturbance, in words."""
        stolen, others = (self._share(seconds) for seconds in (
            stolen_seconds() - self._stolen, others_seconds() - self._others))
        return (f"load average at the start {self._load:.2f}, since then {max(others, 0):.0%} of a "
                f"CPU for others and {stolen:.2%} stolen")

    def _share(self, seconds: float) -> float:
        """These seconds as a share of the time that one CPU has had since."""
        return seconds / (time.time() - self._began)
