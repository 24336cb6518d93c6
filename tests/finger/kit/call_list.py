"""The list of system calls that the daemon's filter permits, read from its source."""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import re
from pathlib import Path

TRAMPOLINES = {335, 336}
SCMP_ARCH_NATIVE = 0
FILTER = Path(__file__).parents[3] / "finger/rights/call_filter.cc"


def permitted_calls() -> set[str]:
    """What the daemon's filter permits with some arguments or any, as its source says."""
    return set(re.findall(r"SCMP_SYS\((\w+)\)", FILTER.read_text()))


def numbers_permitted_with_any_arguments() -> set[int] | None:
    """Those of this processor, and of two that no filter sees. None: no libseccomp to tell them.

    By uretprobe and uprobe the kernel's own trampolines come back to it, on x86-64. Called from
    anywhere else they end the process with SIGILL, since Linux 6.11 and 6.18.
    """
    library = ctypes.util.find_library("seccomp")
    if library is None:
        return None
    listed = re.search(r"permitted = \{(.*?)\};", FILTER.read_text(), re.DOTALL)
    assert listed
    resolve = ctypes.CDLL(library).seccomp_syscall_resolve_name_arch
    names = re.findall(r"SCMP_SYS\((\w+)\)", listed[1])
    numbers = {resolve(SCMP_ARCH_NATIVE, name.encode()) for name in names}
    others = TRAMPOLINES if platform.machine() == "x86_64" else set()
    return {number for number in numbers if number >= 0} | others
