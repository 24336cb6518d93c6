"""The system calls that the daemon's filter permits, read from its source."""

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
    """Returns the calls that the filter permits, whether with any arguments or with some."""
    return set(re.findall(r"SCMP_SYS\((\w+)\)", FILTER.read_text()))


def numbers_permitted_with_any_arguments() -> set[int] | None:
    """Returns the numbers for this processor, and those of two calls that no filter sees. Returns
    None without libseccomp. On x86-64, the kernel's own trampolines return through uretprobe and
    uprobe, and a call from anywhere else ends the process with SIGILL, since Linux 6.11 and 6.18.
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
