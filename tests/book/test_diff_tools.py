"""The tool of the pages of differences: what it finds, on two small stages, what it writes, and
what it shows."""

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
PAGE = "---\ntitle: T\n---\n\n# T\n\nText.\n"


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes part1-a and part2-b: the same, but for what is replaced in the second."""
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
    """The one complaint about a page."""
    complaint, = diffs.complaints("1-2", text)
    return complaint


def written(sentence: str = "Now it is told which peer.") -> str:
    """A page that was right when it was written: its one change has this sentence."""
    text = diffs.with_headings("1-2", PAGE).replace("\n<!-- diff", f"\n{sentence}\n\n<!-- diff")
    return diffs.confirmed("1-2", text, [])[0]


def test_a_function_is_found_with_its_comment(two) -> None:
    two()
    found = code_units.units(diff_blocks.stages("1-2")[0])
    assert [unit.shown for unit in found.values()] == [
        "main", "class Server", "bytes_max", "helper", "serve", "Server::run"]
    assert found["server", "bytes_max"].lines[0] == "/// How many bytes"
    assert found["server", "serve"].lines == ("/// Serves.", "int serve(int peer) {",
                                              "  return peer;", "}")


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
    assert changed() == ["class Server", "bytes_max", "helper", "another"]
    change = diff_blocks.changes("1-2")
    assert change["server", "another"].old is None and change["server", "helper"].new is None
    assert " /// at once.\n-constexpr int bytes_max = 1;\n+constexpr int bytes_max = 2;\n" in (
        diff_blocks.diff_text("1-2 server bytes_max"))
    new = diff_blocks.diff_text("1-2 server another")
    assert "part2-b/server.cc) · new" in new
    assert "+void another(int a, int b) { use(a, b); }" in new
    assert diff_blocks.total("1-2") == (3, 3)


def test_a_function_may_move_into_a_class(two) -> None:
    two(("int serve(int peer)", "int Server::serve(int peer)"))
    assert changed() == ["Server::serve"]
    assert "-int serve(int peer) {\n+int Server::serve" in diff_blocks.diff_text(
        "1-2 server Server::serve")


def test_a_long_function_that_is_new_is_shown_by_its_head(two) -> None:
    body = "  step();\n" * diff_blocks.NEW_LINES_MAX
    two(("/// Serves.", f"/// Many steps.\nvoid steps(\n    int n) {{\n{body}}}\n\n/// Serves."))
    assert changed() == ["steps"]
    assert "+/// Many steps.\n+void steps(\n+    int n) {\n+  // …\n+}\n```" in (
        diff_blocks.diff_text("1-2 server steps"))


def test_a_page_that_is_right_has_no_complaint(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"))
    text = written()
    assert list(diffs.complaints("1-2", text)) == []
    assert "## `server.h`, `server.cc`\n\n### `bytes_max`\n\nNow it" in text
    assert diffs.with_headings("1-2", text) == text
    assert diffs.confirmed("1-2", text, []) == (text, [])


def test_a_change_without_a_sentence_is_found(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"))
    assert "has changed and has no sentence" in what(PAGE)
    assert "has changed and has no sentence" in what(diffs.with_headings("1-2", PAGE))
    unsaid, fresh = diffs.confirmed("1-2", diffs.with_headings("1-2", PAGE), [])
    assert fresh == [] and "confirmed" not in unsaid


def test_a_sentence_without_a_change_is_found(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"))
    text = written()
    two()
    assert "has not changed: remove it" in what(text)
    with pytest.raises(Wrong):
        diff_blocks.diff_text("1-2 server bytes_max")
    assert "Now it is told" in diffs.with_headings("1-2", text), "a sentence is not thrown away"


def test_a_sentence_is_confirmed_for_the_code_of_its_time(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"))
    text = written()
    two(("bytes_max = 1", "bytes_max = 3"))
    assert "diffs.py confirm 1-2 bytes_max" in what(text)
    assert "diffs.py confirm 1-2 bytes_max" in what(diffs.with_headings("1-2", text))
    again, fresh = diffs.confirmed("1-2", text, ["bytes_max"])
    assert [entry.sentence for entry in fresh] == ["Now it is told which peer."]
    assert list(diffs.complaints("1-2", again)) == []
    two(("bytes_max = 1", "bytes_max =\n    3"))
    assert list(diffs.complaints("1-2", again)) == [], "wrapped, it is the same code"


def test_only_the_units_that_are_named_are_confirmed(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"), ("return peer", "return peer + 1"))
    text = diffs.with_headings("1-2", PAGE).replace("\n<!-- diff", "\nWhy.\n\n<!-- diff")
    text, fresh = diffs.confirmed("1-2", text, ["serve"])
    assert [entry.heading for entry in fresh] == ["serve"]
    assert "confirm 1-2 bytes_max" in what(text)
    with pytest.raises(Wrong):
        diffs.confirmed("1-2", text, ["nothing"])


def test_a_heading_that_is_not_the_unit_s_is_found(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"))
    assert "heading is `bytes`" in what(written().replace("### `bytes_max`", "### `bytes`"))
    text = written()
    assert "twice" in what(text + text[text.index("### "):])


def test_headings_that_are_not_in_order_are_found_and_put_right(two) -> None:
    two(("bytes_max = 1", "bytes_max = 2"), ("return peer", "return peer + 1"))
    text = diffs.with_headings("1-2", PAGE).replace("\n<!-- diff", "\nWhy.\n\n<!-- diff")
    text, _ = diffs.confirmed("1-2", text, [])
    assert list(diffs.complaints("1-2", text)) == []
    head, first, second = text.partition("### `bytes_max`")[0], *text.split("### ")[1:]
    mixed = f"{head}### {second.rstrip()}\n\n### {first.rstrip()}\n"
    assert "not in the order of the code" in what(mixed)
    assert diffs.with_headings("1-2", mixed) == text


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
