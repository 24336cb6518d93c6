"""The difference between two stages is the lesson, so everything else stays as it was."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import cpp
import pytest
from project import ROOT, complain, cpp_files, files, is_step, name, stages, text

# Advice. It should take half an hour to read part1, with its recv, send and accept.
PART1_LINES_MAX = 225
PART1_SERVE_LINES_MAX = 25
EVERY_STAGE_HAS = ("README.md", "CMakeLists.txt", "server.cc", "steps")

# Advice, about a tenth above the number of lines that a reader of the difference now sees marked.
# Above it, look whether every hunk belongs to the mechanism of the stage. If the clearest code
# needs more, raise the number and say why. There's no "5-6", because part6 leaves part5 behind on
# purpose.
READ_LINES_MAX = {
    # A pool, and a thread for each client, with one limit for both whose permits are released
    # automatically; small stacks; and the first options that not all stages have.
    "1-2": 132,
    # Blocking I/O becomes non-blocking: two programs that have little in common but their names.
    "2-3": 525,
    # The list that poll gets and reports on, interest, the timeout, and an eventfd, since a signal
    # must end the wait.
    "3-4": 78,
    # epoll's list, tokens, sorted deadlines, calls that can fail; several workers, in files of
    # their own (120 lines), with three ways to accept and one limit; and a choice of protocols.
    "4-5": 345,
}

# What a chapter's page does by functions of its own, and its stage by common's.
ELSEWHERE = {"check", "length_in", "listen_on", "option", "raise_descriptor_limit", "receive_all",
             "retry_time", "take", "unacknowledged_bytes", "main"}
# What a stage does under a name that fits more: `receive` has the deadline in its client, and
# accept_clients is accept_one in a loop. The signals are common's.
RENAMED = {"part1-blocking": {"receive_until"}, "part2-threads": {"receive_until", "accept_one"},
           "part3-nonblocking": {"on_stop"}, "part5-epoll": {"add", "wait_for"}}
PAGES = ("part1-blocking/steps/09-three-moves.cc", "part2-threads/steps/04-stop-them-all.cc",
         "part3-nonblocking/steps/04-patient-loop.cc", "part4-poll/steps/08-poll-loop.cc",
         "part5-epoll/steps/14-epoll-loop.cc", "part5-epoll/steps/19-under-attack.cc")


def sources(stage: Path) -> dict[str, Path]:
    """A stage's own C++ sources, by name."""
    return {path.name: path for path in sorted(stage.iterdir()) if path.suffix in {".h", ".cc"}}


def pair_of_stages(pair: str) -> list[Path]:
    return [stage for number in pair.split("-") for stage in ROOT.glob(f"part{number}-*")]


def lines(path: Path) -> list[str]:
    return (text(path) or "").splitlines()


def test_part1_can_be_met_first() -> None:
    part1 = ROOT / "part1-blocking"
    count = sum(len(lines(path)) for path in sources(part1).values())
    assert count <= PART1_LINES_MAX, (
        f"part1-blocking has {count} lines of its own: is all of it needed, and clear?")
    serve = [f for f in cpp.functions(part1 / "server.cc") if f.name == "serve"]
    assert len(serve) == 1, "part1-blocking/server.cc must define one function called serve"
    assert serve[0].lines <= PART1_SERVE_LINES_MAX, f"serve has {serve[0].lines} lines"


def functions_in(paths: Iterable[Path]) -> set[str]:
    return {function.name for path in paths for function in cpp.functions(path)}


@pytest.mark.parametrize("page", PAGES)
def test_a_stage_has_the_functions_of_its_page(page: str) -> None:
    stage = (ROOT / page).parent.parent
    complain([f"{stage.name} has no {function}, which {page} has: the stage is the page, made fit "
              "for strangers, in the same functions"
              for function in sorted(functions_in([ROOT / page]) - ELSEWHERE
                                     - RENAMED.get(stage.name, set())
                                     - functions_in(sources(stage).values()))])


def test_part2_changes_no_function_but_those_that_threads_are_about() -> None:
    about_threads = {"serve_client", "accept_clients", "stop", "main"}
    first, other = (ROOT / stage / "server.cc" for stage in ("part1-blocking", "part2-threads"))
    complain([f"part2-threads: {function.name} differs from part1's: make a change in both"
              for function in cpp.functions(first) if function.name not in about_threads
              and source_of(function, first) not in (text(other) or "")])


def source_of(function: cpp.Function, path: Path) -> str:
    return "\n".join(lines(path)[function.first_line - 1 : function.last_line])


def test_a_client_of_part4_only_adds_its_interest() -> None:
    complaints = []
    for file in ("client.h", "client.cc"):
        first, other = (lines(ROOT / stage / file) for stage in ("part3-nonblocking", "part4-poll"))
        kept = iter(other)
        complaints += [f"part4-poll/{file} lacks part3's line {line!r}: make a change in both"
                       for line in first if line not in kept]
    complain(complaints)


@pytest.mark.parametrize("pair", READ_LINES_MAX)
def test_a_stage_changes_little(pair: str) -> None:
    diff = ["diff", "-ruN", "-x", "steps", "-x", "README.md", *pair_of_stages(pair)]
    shown = subprocess.run(diff, capture_output=True, text=True).stdout
    changed = len(re.findall(r"^[-+](?!--|\+\+)", shown, re.MULTILINE))
    if changed > READ_LINES_MAX[pair]:
        complain([f"{pair}: {changed} lines, advice {READ_LINES_MAX[pair]}: does the mechanism of "
                  "the stage need every hunk?"])


@pytest.mark.parametrize("pair", READ_LINES_MAX)
def test_functions_keep_their_order(pair: str) -> None:
    old_stage, new_stage = map(sources, pair_of_stages(pair))
    complaints = []
    for file in old_stage.keys() & new_stage.keys():
        old, new = functions_in_order(old_stage[file]), functions_in_order(new_stage[file])
        old_shared, new_shared = [f for f in old if f in new], [f for f in new if f in old]
        if old_shared != new_shared:
            complaints.append(f"{file}: {' '.join(old_shared)} became {' '.join(new_shared)}: "
                              "keep the order, or the diff hides the idea")
    complain(complaints)


def functions_in_order(path: Path) -> list[str]:
    """The names in order. Overloads count once, where the first one is."""
    return list(dict.fromkeys(f.name for f in cpp.functions(path)))


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.name)
def test_a_stage_has_what_every_stage_has(stage: Path) -> None:
    complain([f"{stage.name}/{file} is missing"
              for file in EVERY_STAGE_HAS if not (stage / file).exists()])


def includes(path: Path) -> list[str]:
    return re.findall(r'^#include "(.+)"', text(path) or "", re.MULTILINE)


# The directories of common that each of them may include, itself first.
COMMON = {
    "common": {"common"},
    "common/steps": {"common"},
    "common/net": {"common/net", "common"},
    "common/server": {"common/server", "common/net", "common"},
    "common/loop": {"common/loop", "common/server", "common/net", "common"},
    "common/http": {"common/http", "common/server", "common"},
}


# The headers of common that are installed with the loop: part6-uring/uring/install.cmake.
LOOP_TAKES = {f"common/{header}" for header in (
    "error.h", "fd.h", "result.h", "net/accept.h", "net/address.h", "net/listen.h")}


def is_the_loop(path: Path) -> bool:
    return path.is_relative_to(ROOT / "part6-uring" / "uring")


def may_include(path: Path, header: str) -> bool:
    """In common, the special may include the general. A part may include common, and files of its
    own directory by name alone."""
    part = path.relative_to(ROOT).parts[0]
    if part == "common":
        return Path(header).parent.as_posix() in COMMON[name(path.parent)]
    if header.startswith("common/"):
        # Chapter 9's page gets a session, which is common's from then on.
        alone = path.parent.name == "steps" and path.name != "20-page-with-loops.cc"
        return header in LOOP_TAKES if is_the_loop(path) else not alone
    if part.startswith("part6"):
        return header.startswith("uring/") or (path.parent / header).is_file()
    return "/" not in header and (path.parent / header).is_file()


def test_dependencies_point_one_way() -> None:
    ours = [path for path in cpp_files() if re.match(r"common|part\d", name(path))]
    complain([f'{name(path)} must not include "{header}"'
              for path in ours for header in includes(path) if not may_include(path, header)])


# protocol_option.h chooses a protocol by the option; the protocols themselves don't know options.
def test_the_protocols_know_no_option() -> None:
    pure = [path for path in sorted((ROOT / "common" / "http").iterdir())
            if path.suffix in {".h", ".cc"} and path.stem != "protocol_option"]
    complain([f'{name(path)} must not include "{header}": bytes in, bytes out'
              for path in pure for header in includes(path) if "common/server/" in header])


def test_a_step_explains_itself_and_has_a_transcript() -> None:
    complaints = []
    for path in cpp_files():
        if not is_step(path):
            continue
        head = (text(path) or "").split("\n\n")[0]
        if not head.startswith("//") or not re.search(r"Try(\n//)? it", head):
            complaints.append(f"{name(path)}: its first lines say what it shows, and how to try it")
        if not path.with_suffix(".t").is_file():
            complaints.append(f"{name(path)}: no transcript {path.stem}.t beside it")
    complaints += [f"{name(path)}: a transcript without a program" for path in files()
                   if path.suffix == ".t" and is_step(path)
                   and not path.with_suffix(".cc").is_file()]
    complain(complaints)


def test_a_transcript_says_first_where_it_is_skipped() -> None:
    """tools/summary.py and tests/book/test_runs.py report the first paragraph as the reason."""
    complain([f"{name(path)}: may be skipped: begin with a paragraph that says \"Skipped where …\""
              for path in files() if path.suffix == ".t" and "exit 80" in (text(path) or "")
              and not (text(path) or "").startswith("Skipped ")])


def test_a_transcript_is_skipped_for_what_a_machine_lacks_only() -> None:
    """A guard that looks for a program of ours skips in silence when the program is renamed. What
    was found on this machine is in the build's CMakeCache.txt."""
    ours = re.compile(r"\[ -[defx] (?!/(?:proc|sys)/)|(?:^| )cd .*\|\| exit 80")
    complain([f"{name(path)}: `{line.strip()}` may skip a program that has another name now"
              for path in files() if path.suffix == ".t"
              for line in (text(path) or "").splitlines()
              if "exit 80" in line and ours.search(line)])


def test_a_step_that_is_started_exists() -> None:
    """In the book's boxes, in transcripts, and in what a step says about itself."""
    steps = {path.stem: text(path) or "" for path in cpp_files() if is_step(path)}
    steps |= {path.stem: "" for path in files() if path.suffix == ".py" and is_step(path)}
    complaints = []
    for path in files():
        if path.suffix not in {".md", ".t"} and not is_step(path):
            continue
        typed = "\n".join(line for line in (text(path) or "").splitlines()
                          if re.match(r" *(?:[$>]|//) |.*`\./", line))
        for started in set(re.findall(r"(?<![\w.])\./(\d\d-[a-z][\w-]*)(?![\w.])",
                                      typed)):
            plain, made, _ = started.partition(started[-5:]) if started.endswith(
                ("-asan", "-tsan")) else started.partition("-kqueue")
            source = steps.get(started)
            if source is None and made:
                source = steps.get(plain)
                if source is not None and "build: also with" not in source:
                    source = None
            if source is None:
                complaints.append(f"{name(path)}: ./{started} is built from no step")
    complain(complaints)
