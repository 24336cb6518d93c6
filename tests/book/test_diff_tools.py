"""The tool for pages of differences, tried on two small stages."""

from collections.abc import Callable, Iterator
from pathlib import Path

import diff_blocks
import diff_map
import diffs
import pytest
import code_units
from blocks import Wrong

OLD = """// Part 1: a comment at the top is no change.

#include "server.h"

int main() {
  return run();
}
"""
OLD_H = """#pragma once

namespace stage {

/// Serves one client.
class Server {
 public:
  void run();
};

}  // namespace stage
"""
OLD_CC = """#include "server.h"

namespace stage {
namespace {

/// How many bytes
/// at once.
constexpr int bytes_max = 1;

void helper(int a, int b) { use(a, b); }

/// Serves.
int serve(int peer) {
  return peer;
}

}  // namespace

void Server::run() {
  accept();
}

}  // namespace stage
"""


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes part1-a, and part2-b as a copy with some text replaced."""
    monkeypatch.setattr(diff_blocks, "ROOT", tmp_path)

    def plant(*replaced: tuple[str, str], **more: str) -> None:
        diff_blocks.changes.cache_clear()
        code_units.listings.tags.cache_clear()
        (tmp_path / "book").mkdir(exist_ok=True)
        for stage in ("part1-a", "part2-b"):
            (tmp_path / stage).mkdir(exist_ok=True)
            for name, text in (("main.cc", OLD), ("server.h", OLD_H), ("server.cc", OLD_CC)):
                for old, new in replaced if stage == "part2-b" else ():
                    text = text.replace(old, new)
                (tmp_path / stage / name).write_text(text)
        for name, text in more.items():
            (tmp_path / "part2-b" / name.replace("_", ".")).write_text(text)

    yield plant
    diff_blocks.changes.cache_clear()
    code_units.listings.tags.cache_clear()


def changed() -> list[str]:
    return [change.unit.shown for change in diff_blocks.changes("1-2").values()]


def what(text: str) -> str:
    """The only complaint about a page."""
    complaint, = diffs.complaints("1-2", text)
    return complaint


PAGE = "### `bytes_max`\n\nWhy.\n\n<!-- diff: 1-2 server bytes_max -->\n"


def confirmed() -> str:
    """A page that was right when it was written."""
    return diffs.confirmed("1-2", PAGE, [])[0]


def test_what_has_only_moved_or_was_wrapped_has_not_changed(two) -> None:
    two(("// Part 1: a comment", "// Part 2: another"), ("/// How many bytes\n/// at once.",
                                                         "/// How many bytes at once."),
        ("void helper(int a, int b) { use(a, b); }\n\n", ""),
        ('#include "server.h"\n\nint', '#include "more.h"\n#include "server.h"\n\nint'),
        ("}  // namespace\n\nvoid", "void helper(int a,\n            int b) {\n  use(a, b);\n}\n\n"
         "}  // namespace\n\nvoid"))
    assert changed() == []
    two(("/// Serves.\nint serve(int peer) {\n  return peer;\n}\n", ""),
        ('#include "server.h"\n\nint', '#include "more.h"\n\nint'),
        more_h='#pragma once\n#include "server.h"\n/// Serves.\nint serve(int peer) {\n'
               '  return peer;\n}\n')
    assert changed() == []


def test_a_change_is_changed_new_or_gone(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"), ("helper", "another"), ("  void run();",
                                                                    "  void run() const;"))
    assert changed() == ["class Server", "bytes_max", "another", "helper"]
    change = diff_blocks.changes("1-2")
    assert change["server", "another"].old is None and change["server", "helper"].new is None
    assert " /// at once.\n-constexpr int bytes_max = 1;\n+constexpr int bytes_max = 2;\n" in (
        diff_blocks.diff_text("1-2 server bytes_max"))
    assert diff_blocks.total("1-2") == (3, 3)


def test_a_function_may_move_into_a_class(two) -> None:
    two(("int serve(int peer)", "int Server::serve(int peer)"))
    assert changed() == ["Server::serve"]
    assert "-int serve(int peer) {\n+int Server::serve" in diff_blocks.diff_text(
        "1-2 server Server::serve")


def test_a_change_has_its_sentence_and_a_sentence_its_change(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"))
    text = confirmed()
    assert list(diffs.complaints("1-2", text)) == []
    assert "has changed and has no sentence" in what("Text.\n")
    assert "has changed and has no sentence" in what(text.replace("Why.", ""))
    assert "heading is `bytes`" in what(text.replace("### `bytes_max`", "### `bytes`"))
    assert "twice" in what(text + text)
    two()
    assert "has not changed: remove it" in what(text)


def test_a_sentence_is_confirmed_for_the_code_of_its_time(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"))
    text = confirmed()
    two(("bytes_max = 1", "bytes_max = 3"))
    assert "diffs.py confirm 1-2 bytes_max" in what(text)
    again, fresh = diffs.confirmed("1-2", text, ["bytes_max"])
    assert [entry.sentence for entry in fresh] == ["Why."]
    assert list(diffs.complaints("1-2", again)) == []
    two(("bytes_max = 1", "bytes_max =\n    3"))
    assert list(diffs.complaints("1-2", again)) == [], "wrapped, it is the same code"
    with pytest.raises(Wrong):
        diffs.confirmed("1-2", text, ["nothing"])


# The map

MAP = """| part 5 | part 6 | why |
| --- | --- | --- |
| `Server::run` | `Loop::run`, `co_await` | It waits elsewhere. |
| nothing | `Loop` | It is new. |
| `serve`, `helper` | nothing | The kernel does it. |
"""


@pytest.fixture
def map_of(two, tmp_path: Path) -> Callable[[str], list[str]]:
    two(loop_h="#pragma once\nclass Loop {\n  void run();\n};\n")
    (tmp_path / "part2-b" / "main.cc").write_text('#include "loop.h"\n')
    diff_map.functions.cache_clear()
    diff_map.symbols.cache_clear()
    return lambda text: list(diff_map.complaints(*diff_blocks.stages("1-2"), text))


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ("`serve`, ", "", "`serve` of part1-a is missing"),
    ("`serve`,", "`server`, `serve`,", "no function `server` in part1-a"),
    ("`Loop::run`", "`Loop::walk`", "no `Loop::walk` in part2-b"),
    ("| nothing |", "| `serve` |", "`serve` is there twice")])
def test_a_map_that_is_wrong_is_found(map_of, old: str, new: str, complaint: str) -> None:
    found = map_of(MAP.replace(old, new, 1))
    assert any(complaint in one for one in found), found
