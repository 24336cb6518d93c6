"""elsewhere.py: what a compiler that knows less complains about, file by file."""

from pathlib import Path

import elsewhere

SOURCE = """\
#include <sys/there_is_none.h>
#include <sys/socket.h>
int listener() { return accept5(no_such_flag, nullptr); }
int narrow(long wide) { return int{wide}; }
"""


def lacking(source: Path) -> list[tuple[str, str]]:
    scratch = source.parent
    (scratch / "foreign").mkdir()
    found = elsewhere.missing_in(source, ["g++", "-pedantic-errors"], scratch / "foreign",
                                 scratch / "stubs")
    return [(Path(file).name, name) for file, name in found]


def test_a_header_that_is_missing_hides_nothing(tmp_path: Path) -> None:
    source = tmp_path / "poor.cc"
    source.write_text(SOURCE)
    names = [name for file, name in lacking(source) if file == "poor.cc"]
    assert names[0] == "<sys/there_is_none.h>"
    assert {"accept5", "no_such_flag"} <= set(names)


def test_what_compiles_lacks_nothing(tmp_path: Path) -> None:
    source = tmp_path / "rich.cc"
    source.write_text("#include <sys/socket.h>\nint flag = SOCK_CLOEXEC;\n")
    assert lacking(source) == []
