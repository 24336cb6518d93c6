"""The list of system calls that the daemon's filter permits, read from its source.

Imports nothing of the tests: finger/deploy/try-systemd uses it as well.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import re
from pathlib import Path

TRAMPOLINES = {335, 336}
# On i386 these have numbers beside those of socketcall(2), which alone libseccomp tells. The last
# three are permitted with any arguments there.
OF_I386 = {"accept4": 364, "getsockopt": 365, "recvfrom": 371,
           "setsockopt": 366, "sendto": 369, "shutdown": 373}  # fmt: skip
SCMP_ARCH_NATIVE, SCMP_ARCH_X86 = 0, 0x40000003
FILTER = Path(__file__).parents[3] / "finger/rights/call_filter.cc"


def permitted_calls() -> set[str]:
    """What the daemon's filter permits with some arguments or any, as its source says."""
    return set(re.findall(r"SCMP_SYS\((\w+)\)", FILTER.read_text()))


def numbers_permitted_with_any_arguments(processor: str = platform.machine()) -> set[int] | None:
    """Those of a processor, and of two that no filter sees. None: no libseccomp to tell them.

    By uretprobe and uprobe the kernel's own trampolines come back to it, on x86-64. Called from
    anywhere else they end the process with SIGILL, since Linux 6.11 and 6.18.
    """
    library = ctypes.util.find_library("seccomp")
    if library is None:
        return None
    listed = re.search(r"permitted = \{(.*?)\};", FILTER.read_text(), re.DOTALL)
    assert listed
    resolve = ctypes.CDLL(library).seccomp_syscall_resolve_name_arch
    which = SCMP_ARCH_X86 if processor == "i686" else SCMP_ARCH_NATIVE
    names = re.findall(r"SCMP_SYS\((\w+)\)", listed[1])
    numbers = {number for name in names if (number := resolve(which, name.encode())) >= 0}
    others = {"x86_64": TRAMPOLINES, "i686": set(OF_I386.values())}
    return numbers | others.get(processor, set())
