"""Each chapter can be typed from its first line to its last: what stops a reader is found."""

from functools import cache
from pathlib import Path

import pytest
import typable
from typed import chapters


@cache
def problems() -> dict[str, list[str]]:
    return typable.all_problems()


@pytest.mark.parametrize("chapter", [path.name for path in chapters()])
def test_a_reader_who_types_it_all_is_not_stuck(chapter: str) -> None:
    if problems()[chapter]:
        pytest.fail("\n".join(problems()[chapter]), pytrace=False)


HELPERS = "Type `. tools/shell.sh`.\n\n"
SERVER = HELPERS + "Build it with `./serve part1`, and stop it with Ctrl-C.\n\n"
STARTED = SERVER + "```bash\nstart part1\n```\n\n"


def fence(*commands: str) -> str:
    return "```console\n" + "".join(f"$ {command}\n" for command in commands) + "```\n"


def box(text: str) -> str:
    return f"> [!WARNING]\n> **What goes wrong: it.** {text}\n"


def found_in(tmp_path: Path, text: str) -> str:
    chapter = tmp_path / "chapter.md"
    chapter.write_text(text)
    return "\n".join(typable.problems(chapter, typable.Reader()))


@pytest.mark.parametrize(("complaint", "text"), [
    ("crowdd is no command", STARTED + fence("crowdd 5")),
    ("crowd: tools/shell.sh was not read", fence("crowd 5")),
    ("nothing has installed wrk", STARTED + fence("wrk http://127.0.0.1:$port/")),
    ("no ./01-two-writes here", HELPERS + fence("./01-two-writes")),
    ("no ./01-two-writes here", HELPERS + "`steps part1`\n" + fence("./01-two-writes")),
    ("steps part9: there are none", HELPERS + "`steps part9`\n"),
    ("no ./check here", HELPERS + "`steps part1`\n" + fence("./check part1")),
    ("tests/costs/exchange.py is not in this", HELPERS + fence("cd part1-blocking",
                                                               "cat tests/costs/exchange.py")),
    ("cd nowhere: no such directory", fence("cd nowhere")),
    ("$pid has no value", HELPERS + fence("kill $pid")),
    ("$answer has no value", fence('echo "$answer"')),
    ("no file log here", fence("sort log | uniq -c")),
    ("no file log here", HELPERS + fence("ls > log", "cd common", "cat log")),
    ("descriptor 5 is not open", STARTED + fence("cat <&5")),
    ("descriptor 5 is not open", STARTED + fence("exec 5<>/dev/tcp/127.0.0.1/$port",
                                                 "exec 5>&-", "cat <&5")),
    ("part1 was not built yet", HELPERS + fence("start part1")),
    ("nothing has started a server", SERVER + fence("crowd 5")),
    ("nothing has started a server", STARTED + fence("stop", "crowd 5")),
    ("timeout ends what reads", STARTED + fence("exec 5<>/dev/tcp/127.0.0.1/$port; sleep 1",
                                               "cat /dev/zero >&5 & timeout 9 cat <&5 | wc -c")),
    ("a server runs in this terminal", "```bash\n./serve part1\n```\n" + fence("ls")),
    ("needs a second terminal", SERVER + box("`say_hi` `rounds 2`: `./serve part1 --bug x`.")),
    ("nothing in this box shows", SERVER + box("Bring it back: `./serve part1 --bug x`.")),
    ("$pid has no value", SERVER + box("In a second terminal, `kill $pid`: `./serve part1`.")),
    ("no ./mine here", SERVER + fence("g++ mine.cc -o own", "./mine")),
    ("terminal 2 may be anywhere", SERVER + box("At the top of the project, `mkdir -p u/al`.")),
])
def test_what_stops_a_reader_is_found(complaint: str, text: str, tmp_path: Path) -> None:
    assert complaint in found_in(tmp_path, text)


@pytest.mark.parametrize("text", [
    STARTED + fence("crowd 5; say_hi", "traced read true", "cat calls", "kill $pid; wait $pid"),
    STARTED + fence("exec 5<>/dev/tcp/127.0.0.1/$port", "echo hi >&5", "cat <&5 | wc -c",
                    "timeout --foreground 9 cat <&5 | wc -c; echo $(timeout 9 cat <&5 | wc -c)"),
    STARTED + "(`sudo apt-get install wrk`)\n" + fence("wrk http://127.0.0.1:$port/"),
    HELPERS + "`steps common`\n" + fence("./01-two-writes", "cd $ROOT", "./check part1"),
    fence("ls > log", "sort log", "echo a; read -r answer; echo $answer", "f() { ls; }", "f"),
    fence('for n in $(seq 3); do printf "$n"; done', "printf '$x {}' | awk '{print $1}'"),
    "```bash\n./serve part1\n```\nFrom a second terminal:\n```bash\nncat 127.0.0.1 5882\n```\n"
    "Ctrl-C stops it.\n" + fence("ls"),
    SERVER + fence("g++ mine.cc -o own", "./own"),
    SERVER + box("In a second terminal, with `pid=$(server_pid)`, `kill $pid`: `./serve part1`."),
])
def test_what_can_be_typed_is_no_problem(text: str, tmp_path: Path) -> None:
    assert not found_in(tmp_path, text)
