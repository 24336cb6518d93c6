"""The tables of the appendices list everything that the sources use."""

import re
import subprocess
from functools import cache
from pathlib import Path

import form
import pytest
import tables
from blocks import ROOT, markdown_files

BOOK = ROOT / "book"
ERRNO = re.compile(r"\bE[A-Z0-9]{2,}\b")
NO_ERRNO = re.compile(r"E(?:POLL\w+|RRORS|LF|OF|XIT\w*|VFILT\w*|VFD\w*|PERMS)")
CALL = re.compile(r"(?<![\w>:])::([a-z_]\w*)\(|\b(?:SYS|__NR)_(\w+)\b")

# Functions of the C library that a program calls as `::name`, but that aren't one system call.
LIBRARY = set("""
    closedir endpwent eventfd_write fdopen fdopendir gai_strerror getaddrinfo getgrnam getpwent
    getpwnam inet_ntop inet_pton isatty mallopt nl_langinfo pthread_attr_destroy
    pthread_attr_init pthread_attr_setstacksize pthread_getattr_default_np pthread_kill
    pthread_setattr_default_np pthread_sigmask raise readdir seccomp_attr_set seccomp_init
    seccomp_load seccomp_release seccomp_rule_add_array setpwent sigwait syscall sysconf
    unsetenv
""".split())

# Operations of the functions that prepare an entry, if the name is different.
PREPARE = {"cancel": "async_cancel", "cancel64": "async_cancel", "cancel_fd": "async_cancel",
           "poll_update": "poll_remove", "send_set_addr": "send", "send_zc_fixed": "send_zc",
           "timeout_update": "timeout_remove"}


@cache
def sources() -> tuple[Path, ...]:
    """The sources of all parts and steps. Programs that only measure or test are left out."""
    return tuple(path for where in ("part[1-6]-*", "finger", "book/steps", "common")
                 for path in sorted(ROOT.glob(f"{where}/**/*.*")) if path.suffix in {".cc", ".h"})


def is_step(path: Path) -> bool:
    return "steps" in path.relative_to(ROOT).parts


@cache
def code(path: Path) -> str:
    """A source without comments and strings."""
    return re.sub(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"', "", path.read_text())


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading of appendix B, without its head."""
    section = appendix("b").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [row.split(" | ") for row in table[2:]]


def named(heading: str) -> set[str]:
    """The names in the first column of this table."""
    return {name for row in rows(heading) for name in re.findall(r"`(\w+)`", row[0])}


def appendix(letter: str) -> str:
    return next(BOOK.glob(f"appendix-{letter}-*.md")).read_text()


def errnos(text: str) -> set[str]:
    return {name for name in ERRNO.findall(text) if not NO_ERRNO.fullmatch(name)}


def parts() -> str:
    """All sources of the programs, without steps, but with comments, since those name errnos,
    too."""
    return "\n".join(path.read_text() for path in sources()
                     if not is_step(path) and "examples" not in path.parts
                     and path.is_relative_to(ROOT) and path.parts[-2] != "machine")


def test_every_errno_that_is_decided_has_its_line() -> None:
    assert errnos(parts()) - errnos(appendix("a")) == set()


def test_every_errno_that_has_a_line_occurs() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.*")
                      if path.suffix in {".py", ".cc", ".h"})
    steps = "\n".join(path.read_text() for path in sources())
    at_start = {"EADDRINUSE", "EADDRNOTAVAIL", "EAFNOSUPPORT"}  # printed without advice
    assert errnos(appendix("a")) - errnos(tests + steps) - at_start == set()


def test_the_search_knows_every_errno_that_has_a_line() -> None:
    """The search leads from an errno to appendix A, not to a chapter that mentions the errno."""
    script = (BOOK / ".vitepress" / "search.js").read_text()
    listed = re.search(r"const errnos =(.*?);", script, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"[a-z0-9]+", listed[1])) == {
        name.lower() for name in errnos(appendix("a"))}


def test_every_errno_of_the_tables_is_in_the_index() -> None:
    tables = re.findall(r"^\| (`E.*?) \|", appendix("a"), re.MULTILINE)
    named = {name for cell in tables for name in re.findall(r"`(E\w+)`", cell)}
    assert len(named) > 30
    assert not named - set(re.findall(r"^- `(E\w+)`, \d+, \*", appendix("p"), re.MULTILINE))


def test_every_box_is_in_the_index() -> None:
    """The index has the title, which is the symptom."""
    pages = "\n".join(page.read_text() for page in BOOK.glob("*.md"))
    titles = re.findall(r"^> \*\*What goes wrong: (.+?)\.?\*\*", pages, re.MULTILINE)
    assert len(titles) > 10
    assert [title for title in titles if title.lower() not in appendix("p").lower()] == []


def test_every_call_is_in_the_table() -> None:
    found = {plain or by_number.removesuffix("32")  # setresuid32: for ids of 32 bits on an i386
             for path in sources() if not is_step(path)
             for plain, by_number in CALL.findall(code(path))}
    assert found - LIBRARY - named("System calls") == set()


def test_every_call_in_the_table_is_made() -> None:
    words = {word for path in sources()
             for word in re.findall(r"(?:__NR_|SYS_)?(\w+)", code(path))}
    through_liburing = {"io_uring_enter", "io_uring_register", "io_uring_setup"}
    assert named("System calls") - words - through_liburing == set()


def test_every_operation_is_in_the_table() -> None:
    found = {name for path in sources()
             for name in re.findall(r"\bio_uring_prep_(\w+)\b", code(path))}
    plain = {re.sub(r"^multishot_|(?:_multishot)?(?:_direct)?$", "", name) for name in found}
    assert {PREPARE.get(name, name) for name in plain - {"rw"}} - named("Ring operations") == set()


def test_what_the_daemon_submits_is_what_its_ring_permits() -> None:
    source = (ROOT / "finger/rights/owners.cc").read_text()
    permitted = {name.lower() for name in re.findall(r"IORING_OP_(\w+)", source)}
    by_each_loop = {"async_cancel", "timeout"}  # Ring::permit_only adds them
    submitted = {name.strip("`") for name, _, who, _ in rows("Ring operations")
                 if "fingerd" in who or "library" in who}
    assert submitted == permitted | by_each_loop


def test_every_symptom_has_its_table() -> None:
    symptoms = {head["Symptom"] for head in tables.heads().values()}
    shown = re.findall(r"<!-- table: bugs (\S+) -->", appendix("e"))
    assert symptoms == set(shown) and len(shown) == len(symptoms)


def test_a_patch_belongs_where_the_book_has_one_run_it() -> None:
    """Its head names the chapter or appendix where the book runs it. Appendix E lists all bugs."""
    places: dict[str, set[str]] = {}
    for path in [*BOOK.glob("[0-9][0-9]-*.md"), *BOOK.glob("appendix-[!e]-*.md")]:
        for name in re.findall(r"--bug ([\w-]+)", path.read_text()):
            places.setdefault(name, set()).add(f"book/{path.name}")
    heads = tables.heads()
    wrong = {name: sorted(where) for name, where in places.items()
             if name in heads and heads[name]["Chapter"] not in where}
    assert not wrong


def test_every_name_of_measure_is_listed() -> None:
    told = subprocess.run(["./measure", "--help"], cwd=ROOT, text=True, capture_output=True).stdout
    names = {name.upper().replace("_", ".") for name in re.findall(r"(?<= )m\d+_\d+(?= )", told)}
    listed = set(re.findall(r"^\| \[(M[\d.]+)\]\(numbers/", appendix("g"), re.MULTILINE))
    assert len(names) > 10 and names == listed


def test_the_appendices_are_linked_from_the_first_page() -> None:
    linked = set(re.findall(r"\]\((appendix-[\w-]+\.md)\)", (BOOK / "index.md").read_text()))
    assert {path.name for path in BOOK.glob("appendix-*.md")} == linked
    assert form.anchors(appendix("b")) >= {"system-calls", "ring-operations"}


def test_a_link_of_one_letter_leads_to_its_appendix() -> None:
    links = [(path.name, *link) for path in markdown_files()
             for link in re.findall(r"\[([A-Z])\]\([^)]*\bappendix-([a-z])-", path.read_text())]
    assert len(links) > 50
    assert [link for link in links if link[1].lower() != link[2]] == []


LOOP = ROOT / "part6-uring" / "uring"
NOT_OURS = {"FetchContent"}  # CMake's


def declared() -> set[str]:
    """All words in the loop's headers and in those of common."""
    headers = [*LOOP.rglob("*.h"), *(ROOT / "common").rglob("*.h")]
    return {word for path in headers for word in re.findall(r"\w+", code(path))}


def promised(text: str) -> set[str]:
    """Functions and types that the inline code of a text names as the loop's."""
    names = set()
    for code in re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)):
        names.update(re.findall(r"(?:\.|::)([a-z]\w*)\(", code))
        if call := re.fullmatch(r"(?:\w+(?:\.|::))*(\w+)\(\)", code):
            names.add(call[1])
        if re.fullmatch(r"(?:[A-Z][a-z]+)+", code):
            names.add(code)
    return names - NOT_OURS


def about_the_loop(text: str) -> str:
    """The sentences about the library."""
    sentences = re.split(r"(?<=[.:;])\s|\n\n", text)
    return "\n".join(each for each in sentences if re.search(r"\b[Tt]he library\b|`loop\.", each))


def test_what_the_readme_promises_of_the_loop_is_there() -> None:
    names = promised((LOOP / "README.md").read_text())
    assert len(names) > 40
    assert names - declared() == set()


@pytest.mark.parametrize("letter", "bikm")
def test_what_an_appendix_promises_of_the_loop_is_there(letter: str) -> None:
    assert promised(about_the_loop(appendix(letter))) - declared() == set()


def test_the_evening_in_the_readme_is_as_long_as_it_says() -> None:
    readme = (LOOP / "README.md").read_text()
    rows = re.findall(r"^\| (`[^|]*`) \| (\d+) \|", readme, re.M)
    assert rows
    for files, told in rows:
        lines = sum(len((LOOP / name).read_text().splitlines())
                    for name in re.findall(r"`([^`]+)`", files))
        assert abs(lines - int(told)) <= int(told) / 10, f"{files}: {lines} lines"
    whole = re.search(r"is some ([\d,]+) lines", readme)
    assert whole is not None
    total = sum(int(told) for _, told in rows)
    assert abs(total - int(whole[1].replace(",", ""))) <= 100, total


# A name in the code for each row of appendix I's table, by the row's beginning; any case.
NAME_OF_FEATURE = {
    "[`IORING_SETUP_SUBMIT_ALL`]": "IORING_SETUP_SUBMIT_ALL",
    "[poll first]": "IORING_RECVSEND_POLL_FIRST",
    "[`IORING_CQE_F_SOCK_NONEMPTY`]": "IORING_CQE_F_SOCK_NONEMPTY",
    "[`send_zc`]": "send_zc",
    "multishot `recvmsg`": "recvmsg_multishot",
    "passing what is in a slot": "msg_ring_fd",
    "a queue without numbers": "io_uring_queue_init_params",  # a newer liburing's asks
    "`IORING_OP_READ_MULTISHOT`": "read_multishot",
    "`setsockopt`, `bind` and": "prep_(bind|listen|cmd_sock)|OP_(BIND|LISTEN)|SOCKET_URING_OP",
    "`IORING_REGISTER_NAPI`": "register_napi",
    "bundles": "bundle",
    "incremental buffers": "PBUF_RING_INC",
    "a minimal wait": "min_wait",
    "resizing a ring": "resize_rings",
    "registered arguments of a wait": "EXT_ARG_REG",
    "a message from a plain thread": "send_msg_ring|register_sync_msg",
    "`epoll_wait` as a request": "prep_epoll_wait|OP_EPOLL_WAIT",
    "[`recv_zc`]": "recv_zc",
    "completions of two sizes": "CQE_MIXED",
}


def test_what_the_ring_has_learned_is_used_where_appendix_i_says() -> None:
    table = re.findall(r"^\| (.*) \| (.*) \|$", appendix("i"), re.MULTILINE)[2:]
    programs = [path for path in sources() if not is_step(path) and "examples" not in path.parts]
    wrong = {}
    for (row, told), (begins, name) in zip(table, NAME_OF_FEATURE.items(), strict=True):
        assert row.startswith(begins)
        users = [path for path in programs if re.search(name, code(path), re.IGNORECASE)]
        only_offered = all(path.is_relative_to(LOOP) for path in users)
        if not {"no": not users, "the library has it": users and only_offered}.get(told, users):
            wrong[begins] = (told, users)
    assert not wrong
