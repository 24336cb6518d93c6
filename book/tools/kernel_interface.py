"""What the programs of this project ask of the kernel: the tables of appendix B.

Which calls and operations there are, and since when, is here; where each is used is looked up
in the sources.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from blocks import ROOT

PARTS = ("common", "part1-blocking", "part2-threads", "part3-nonblocking", "part4-poll",
         "part5-epoll", "part6-uring", "finger")
STEPS_MAX = 1  # named in a row

# System calls, and the C library's thin wrappers, with the first Linux that has them. None: all
# that anybody still runs.
SYSTEM_CALLS: dict[str, str | None] = dict.fromkeys("""
    accept bind chdir chmod chown clock_gettime close connect dup dup2 _exit fcntl fork fstat
    fstatfs geteuid getgroups getpid getppid getresgid getresuid getrlimit getpeername
    getsockname getsockopt gettid ioctl kill listen lseek mmap open poll prctl read recv
    recvmsg rmdir select send sendmsg setegid seteuid setgroups setresgid setresuid setrlimit
    setsid setsockopt setuid shutdown sigaction sigprocmask sigtimedwait socket socketpair stat
    timer_create timer_delete timer_settime uname unlink waitpid write
""".split()) | {
    "accept4": "2.6.28", "capget": "2.2", "capset": "2.2", "close_range": "5.9", "dup3": "2.6.27",
    "epoll_create1": "2.6.27", "epoll_ctl": "2.6", "epoll_wait": "2.6", "eventfd": "2.6.22",
    "fstatat": "2.6.16", "io_uring_enter": "5.1", "io_uring_register": "5.1",
    "io_uring_setup": "5.1", "landlock_add_rule": "5.13", "landlock_create_ruleset": "5.13",
    "landlock_restrict_self": "5.13", "openat": "2.6.16", "openat2": "5.6", "pipe2": "2.6.27",
    "signalfd": "2.6.22", "statx": "4.11",
}

# Operations of a ring, and the first Linux that has them. io_uring_enter(2); what is newer than
# that page of liburing 2.3, from the library's own comments.
OPERATIONS: dict[str, str] = {
    "accept": "5.5", "async_cancel": "5.5", "close": "5.6", "connect": "5.5",
    "epoll_ctl": "5.6", "fallocate": "5.6",
    "files_update": "5.6", "fixed_fd_install": "6.8",
    "fsync": "5.1", "futex_wait": "6.7", "futex_wake": "6.7",
    "link_timeout": "5.5", "linkat": "5.15",
    "mkdirat": "5.15", "msg_ring": "5.18", "nop": "5.1", "openat": "5.6",
    "openat2": "5.6", "poll_add": "5.1", "poll_remove": "5.1",
    "provide_buffers": "5.7", "read": "5.6", "read_fixed": "5.1",
    "readv": "5.1", "recv": "5.6", "recvmsg": "5.3", "remove_buffers": "5.7", "renameat": "5.11",
    "send": "5.6", "send_zc": "6.0", "sendmsg": "5.3", "sendmsg_zc": "6.1",
    "shutdown": "5.11", "socket": "5.19", "splice": "5.7", "statx": "5.6", "symlinkat": "5.15",
    "tee": "5.8", "timeout": "5.4", "timeout_remove": "5.5",
    "unlinkat": "5.11", "waitid": "6.7", "write": "5.6",
    "write_fixed": "5.1", "writev": "5.1",
}
# How the functions that fill an entry in are called, where that differs.
PREPARED_BY = {"async_cancel": ("cancel", "cancel64", "cancel_fd"),
               "poll_add": ("poll_add", "poll_multishot"),
               "poll_remove": ("poll_remove", "poll_update"),
               "send": ("send", "send_set_addr"), "send_zc": ("send_zc", "send_zc_fixed"),
               "timeout_remove": ("timeout_remove", "timeout_update")}
# And those of a loop that submit it.
SUBMITTED_BY = {"async_cancel": ("cancel",), "poll_add": ("poll",), "openat": ("open",),
              "timeout": ("sleep", "sleep_until")}


# Our programs that have a loop, by part; and those that share a directory with another, by file.
PROGRAMS = {"part6-uring": "`part6-uring`", "echo_client": "`echo-client`",
            "console": "`echo-client`", "finger": "`fingerd`"}


@cache
def code(path: Path) -> str:
    """A source without comments and strings."""
    return re.sub(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"', "", path.read_text())


@cache
def words(path: Path) -> set[str]:
    """The identifiers of a source, and what follows SYS_ and __NR_."""
    return set(re.findall(r"(?:__NR_|SYS_)?(\w+)", code(path)))


@cache
def sources() -> tuple[Path, ...]:
    """Those of all parts and steps, but for programs that only measure or test."""
    found = [path for part in (*PARTS, "book/steps") for path in (ROOT / part).rglob("*.*")
             if path.suffix in {".cc", ".h"}]
    return tuple(sorted(found))


def is_step(path: Path) -> bool:
    return "steps" in path.relative_to(ROOT).parts


def is_library(path: Path) -> bool:
    """Not its headers, which define the operations, and not its examples."""
    parts = path.relative_to(ROOT).parts
    return path.suffix == ".cc" and "uring" in parts and "examples" not in parts


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def callers(name: str) -> Iterator[Path]:
    """The sources that call this function of the system: `::name(`, and in steps also `name(`."""
    qualified = re.compile(rf"(?<![\w>:])::{name}\(")
    plain = re.compile(rf"(?<![\w.>:]){name}\((?!\))|(?<![\w.>:]){name}\(\)(?!\s*(?:const|\{{))")
    for path in sources():
        if name not in words(path):
            continue
        if qualified.search(code(path)) or is_step(path) and plain.search(code(path)):
            yield path
        elif re.search(rf"\b__NR_{name}\b|\bSYS_{name}\b", code(path)):
            yield path


def steps(paths: list[Path]) -> str:
    """Those of them that are steps, the first few by name."""
    names = sorted(path.stem for path in paths if is_step(path) and path.suffix == ".cc"
                   and re.match(r"\d\d-", path.stem) and path.stem != "22-probe")
    more = f" and {len(names) - STEPS_MAX} more" if len(names) > STEPS_MAX else ""
    return ", ".join(f"`{name}`" for name in names[:STEPS_MAX]) + more


def rows_of_system_calls() -> list[list[str]]:
    """Call, Linux, parts, and steps where no part uses it."""
    rows = []
    for name, since in sorted(SYSTEM_CALLS.items(), key=lambda item: item[0].lstrip("_")):
        paths = list(callers(name))
        parts = [part for part in PARTS
                 if any(part_of(path) == part and not is_step(path) for path in paths)]
        if name.startswith("io_uring_"):  # through liburing
            parts = ["part6-uring", "finger"]
        where = ", ".join(f"`{part}`" for part in parts) or f"steps only: {steps(paths)}"
        rows.append([f"`{name}`", since or "any", where])
    return rows


def submitters(name: str) -> list[str]:
    """What submits an operation of a loop: which of our programs, the loop's library."""
    methods = "|".join(SUBMITTED_BY.get(name, (name,)))
    submitted = re.compile(rf"\bloop(?:_?(?:\.|->)|\(\)\.)(?:{methods})\(")
    found = []
    for path in sources():
        if is_step(path) or not submitted.search(code(path)):
            continue
        if is_library(path):
            found.append("the library")
        elif "uring" not in path.relative_to(ROOT).parts:
            found.append(PROGRAMS.get(path.stem) or PROGRAMS[part_of(path)])
    order = [*PROGRAMS.values(), "the library"]
    return sorted(set(found), key=order.index)


LOOP = ROOT / "part6-uring" / "uring"
OFFERED = "*offered*"  # nobody submits it, and the loop has it


@cache
def offers() -> str:
    """The headers of the loop in which its operations are defined."""
    headers = [LOOP / "loop.h", *(LOOP / "operation").glob("*.h"), *(LOOP / "extra").glob("*.h")]
    return "".join(code(path) for path in sorted(headers) if path.name != "newer_kernels.h")


def rows_of_operations() -> list[list[str]]:
    """Operation, Linux, who submits it, steps."""
    rows = []
    for name, since in sorted(OPERATIONS.items()):
        prepared = re.compile(
            rf"\bio_uring_prep_(?:multishot_)?(?:{'|'.join(PREPARED_BY.get(name, (name,)))})"
            rf"(?:_multishot)?(?:_direct)?\b|\bIORING_OP_{name.upper()}\b|\bop_{name}\b")
        paths = [path for path in sources() if prepared.search(code(path))]
        who = submitters(name)
        if "the library" not in who and any(
                is_library(path) and "prep" in
                (prepared.search(code(path)) or [""])[0] for path in paths):
            who.append("the library")
        nobody = OFFERED if prepared.search(offers()) else "–"
        rows.append([f"`{name}`", since, ", ".join(who) or nobody, steps(paths) or "–"])
    return rows
