"""Tests of the tools that check and fill the book."""

import json
from pathlib import Path

import blocks
import draw_judge
import edit
import fill
import form
import links
import listings
import lock
import measured
import pytest
import runs
from blocks import Block, Wrong
from harness.needed import need_program


def block(kind: str, arguments: str, text: str = "") -> Block:
    return Block(blocks.ROOT / "book" / "chapter.md", 1, kind, arguments, text)


def test_the_lock_of_the_site_s_packages_is_a_line_a_package() -> None:
    """npm install writes twelve lines for each, so book/tools/lock.py must run after it."""
    text = lock.LOCK.read_text()
    assert lock.compact(text) == text
    spread = json.dumps(json.loads(text), indent=2)
    assert spread.count("\n") > 4_000 and lock.compact(spread) == text


def test_the_picture_in_readme_shows_what_the_judge_prints_today() -> None:
    need_program("ncat")
    assert draw_judge.main(["--check"]) == 0, "book/tools/draw_judge.py --record"


@pytest.mark.parametrize("arguments", [
    "no/such.cc f", "common/fd.h", "common/fd.h Nothing", "common/fd.h [nowhere]",
    "book/solutions/e6_2.patch no.h", "book/solutions/e6_2.patch part4-poll/poller.cc@9",
    "part1-blocking/steps/07-whole-server.cc * cut 5..30"])
def test_what_does_not_exist_or_cuts_a_function_in_two_is_wrong(arguments: str) -> None:
    with pytest.raises(Wrong):
        listings.listing(arguments)


def test_a_listing_that_is_not_the_code_is_found_and_mended() -> None:
    stale = block("listing", "common/fd.h Fd cut 2..30", "```cpp\nclass Fd;\n```\n")
    assert "is not what the code says" in (fill.complaint(stale) or "")
    fresh = block("listing", stale.arguments, fill.filled(stale, Path()))
    assert fill.complaint(fresh) is None
    assert "[`common/fd.h`](../common/fd.h), `Fd`" in fresh.text


def test_a_listing_of_changes_has_the_unchanged_line_above_and_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "ROOT", tmp_path)
    for name, changed in (("old.cc", "3"), ("new.cc", "4")):
        lines = ["// [all]", "1", "2", changed, "5", "6", "7", "8", 2 * changed, "// [/all]"]
        (tmp_path / name).write_text("\n".join(lines))
    shown = listings.listing("new.cc [all] since old.cc")
    assert shown == ("diff", [" 2", "-3", "+4", " 5", " // …", " 8", "-33", "+44"])
    with pytest.raises(Wrong, match="nothing of it has changed"):
        listings.listing("new.cc [all] since new.cc")


def test_a_listing_shows_more_than_where_it_was_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "ROOT", tmp_path)
    (tmp_path / "a.cc").write_text("int a;\n\nint b;\n")
    assert listings.listing("a.cc * cut 1..2") == ("cpp", ["// …", "int b;"])
    with pytest.raises(Wrong, match="nothing of it is left"):
        listings.listing("a.cc * cut 1..9")


def test_a_listing_of_what_is_unfinished_is_what_the_reader_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "ROOT", tmp_path)
    lines = ["void f() {", "  1;", "  // [yours] return 0;", "  2;", "  // [/yours]",
             "  // [yours]", "  3;", "  // [/yours]", "}"]
    (tmp_path / "a.cc").write_text("\n".join(lines))
    for how, shown in (("", ["  1;", "  2;", "  3;"]),
                       (" unfinished", ["  1;", "  return 0;  // yours"])):
        assert listings.listing(f"a.cc f{how}") == ("cpp", [lines[0], *shown, lines[-1]])
    assert listings.caption("a.cc f unfinished", "") == "[`a.cc`](a.cc), `f`, without your lines"


TRANSCRIPT = """  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

Text.

  $ ./one \\
  >   --two
  it took \\d+ ms (re)
  $ ./three
  file*.txt (glob)
"""


def test_a_fence_must_be_a_run_of_the_transcript() -> None:
    wanted = runs.commands(TRANSCRIPT)
    good = ["$ ./one \\", ">   --two", "it took 17 ms", "$ ./three", "file7.txt"]
    assert runs.fits(good, wanted) is None
    assert "it took long" in (runs.fits([*good[:2], "it took long", *good[3:]], wanted) or "")
    assert runs.fits(good[:-1], wanted) and runs.fits([*good, "more"], wanted)
    assert runs.fits(["$ ./other", *good[1:]], wanted)


@pytest.mark.parametrize(("fence", "complaint"), [
    ("$ ./wait\nno\n$ ./say", None),
    ("$ ./wait\nyes", None),
    ("$ ./say\n$ ./wait\nyes", None),
    ("$ ./wait\nperhaps", "in 2 places"),
    ("$ ./wait\nno\n$ ./wait\nyes", "not one after the other"),
    ("$ ./say\n$ ./hush", "no command `$ ./hush`")])
def test_a_run_is_found_by_its_commands(
    fence: str, complaint: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    (tmp_path / "page.t").write_text("  $ ./wait\n  no\n  $ ./say\n  $ ./wait\n  yes\n")
    found = fill.complaint(block("run", "page.t", f"```console\n{fence}\n```\n"))
    assert complaint in (found or "") if complaint else found is None, found


EDIT = """  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  int main() {
  > -  one();
  > +  two();
  > END
"""


def test_what_a_reader_changes_is_a_command_of_a_transcript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    (tmp_path / "page.t").write_text(EDIT + TRANSCRIPT + EDIT.replace("one", "three"))
    page = tmp_path / "page.md"
    page.write_text("<!-- edit: page.t main -->\n<!-- /edit -->\n" * 2)
    assert "is not what the transcript says" in (fill.complaint(next(blocks.blocks(page))) or "")
    blocks.rewrite(page, lambda each: fill.filled(each, tmp_path))
    first, second = blocks.blocks(page)
    assert first.text == (
        "`page.cc`, `main`\n\n```diff\n int main() {\n-  one();\n+  two();\n```\n")
    assert second.text == first.text.replace("one", "three")
    assert fill.complaint(first) is None and fill.complaint(second) is None
    page.write_text(page.read_text() + "\n<!-- edit: page.t -->\n<!-- /edit -->\n")
    assert "only 2 edits" in (fill.complaint([*blocks.blocks(page)][-1]) or "")


def test_an_edit_has_one_place_or_none() -> None:
    text = "one\ntwo\nthree\ntwo\nfour\n"
    listing = " one\n+and\n two\n // …\n-two\n four\n"
    assert edit.edited(text, listing) == "one\nand\ntwo\nthree\nfour\n"
    for nowhere in ("-two\n", " two\n five\n"):
        with pytest.raises(ValueError, match="places"):
            edit.edited(text, nowhere)


def test_an_edit_finds_its_place_without_the_comments() -> None:
    typed = "int one;\nvoid two() {\n}\nint three;\n"
    listing = (
        "-// Does it.\n-void two() {\n-// …\n int three;\n // …\n int one;  // of many\n+int two;")
    assert edit.edited(typed, listing) == "int one;  // of many\nint two;\nint three;\n"


def test_an_edit_takes_out_what_is_between_two_lines_and_sorts_an_include() -> None:
    text = "#include <a.h>\n\n#include <map>\n\nbegin\n  one  // why\n  two\nend\n"
    listing = (
        '+#include <c.h>\n+#include <list>\n+#include "common/x.h"\n // …\n begin\n-// …\n'
        "   two\n end\n")
    assert edit.edited(text, listing) == (
        '#include <a.h>\n#include <c.h>\n\n#include <list>\n#include <map>\n\n'
        '#include "common/x.h"\n\nbegin\n  two\nend\n')
    for typed in ("  one          // why\n", "  one\n"):
        assert edit.edited(text, f"-{typed}") == text.replace("  one  // why\n", "")
    for other in ("one\n", "/// two", "  two three"):
        with pytest.raises(ValueError, match="0 places"):
            edit.edited("/// one\n  two\n", f"-{other}")


LADDER = {
    "name": "m16_1", "title": "t", "effort": "full", "rounds": 7, "counted": False,
    "notes": ["No."],
    "machine": {"date": "2026-02-03", "processor": "Some CPU", "cores": 2, "kernel": "Linux 6.1"},
    "head": ["clients: stage", "calls", "CPU, µs [ratio]", "p50 / p99"],
    "rows": [
        {"label": "1: part5", "cells": [{"exact": 3.0}, {"text": "–"}, {"text": "–"}]},
        {"label": "9: part5", "cells": [
            {"exact": 2.0}, {"median": 4.13, "low": 4.1, "high": 4.2, "spread": 0.02,
                             "decided": True},
            {"all": [{"exact": 40.0}, {"median": 80.0, "low": 60.0, "high": 99.0, "spread": 0.5,
                                       "decided": False}]}]},
        {"label": "9: part6", "cells": [
            {"exact": 0.027}, {"median": 5.0, "low": 4.6, "high": 5.8, "spread": 0.24,
                               "decided": False,
                               "ratio": {"median": 1.2, "low": 1.04, "high": 1.3,
                                         "decided": False}},
            {"text": "–"}]}]}


@pytest.fixture
def ladder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "NUMBERS", tmp_path)
    (tmp_path / "m16_1.json").write_text(json.dumps(LADDER))


@pytest.mark.usefixtures("ladder")
def test_a_part_of_a_table_is_the_rows_and_columns_that_are_asked_for() -> None:
    found = measured.block('m16_1 rows="9: *" columns="CPU; CPU:ratio; calls"')
    first, _, *table = found.splitlines()
    assert first.startswith("*from M16.1 — `./measure m16_1`")
    assert table == ["| clients: stage | CPU, µs [ratio] | CPU, ratio | calls |",
                     "| --- | --- | --- | --- |", "| 9: part5 | 4.1 ±1.0% | – | 2 |",
                     "| 9: part6 | 4.6 to 5.8 [1.04 to 1.30] | 1.04 to 1.30 | 0.0270 |"]
    renamed = measured.block('m16_1 rows="9: *" columns="CPU:ratio=ratio, timed; calls=calls, all"')
    assert renamed.splitlines()[2:6:3] == ["| clients: stage | ratio, timed | calls, all |",
                                           "| 9: part6 | 1.04 to 1.30 | 0.0270 |"]
    for wrong in ('rows="8: *"', 'columns="calls; x"', 'colums="calls"'):
        with pytest.raises(Wrong):
            measured.block(f"m16_1 {wrong}")


@pytest.mark.usefixtures("ladder")
@pytest.mark.parametrize(("arguments", "text"), [
    ('"1:" calls', "3"), ('"9: part5" CPU', "4.1"), ('"9: part6" CPU ratio-low', "1.04"),
    ('"9: part5" calls / "9: part6" calls', "74"), ('"9: part6" p50', "–")])
def test_a_number_in_a_sentence_is_the_one_that_was_measured(arguments: str, text: str) -> None:
    mark = block("value", f"m16_1 {arguments}", "17")
    assert fill.complaint(mark).startswith("is not what was measured (book/tools/fill.py ")
    assert fill.filled(mark, Path()) == text
    assert fill.complaint(block("value", f"m16_1 {arguments}", text)) is None


@pytest.mark.usefixtures("ladder")
@pytest.mark.parametrize(("arguments", "complaint"), [
    ('"9: part6" CPU', "inconclusive"), ('"9: part5" p50', "no single number"),
    ('"9:" calls', "2 rows"), ('"9: part5" RSS', "0 columns"),
    ('"9: part5" CPU ratio-low', "no ratio-low"), ("calls", "a row")])
def test_what_cannot_be_told_is_wrong(arguments: str, complaint: str) -> None:
    assert complaint in (fill.complaint(block("value", f"m16_1 {arguments}", "17")) or "")


@pytest.mark.usefixtures("ladder")
def test_marks_in_sentences_are_filled_and_examples_are_not(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('Calls: <!-- value: m16_1 "1:" calls -->7<!-- /value -->, then <!-- value:'
                    ' m16_1 "9: part5" calls -->7<!-- /value -->. Say `<!-- value: m16_1 "1:"'
                    ' calls -->7<!-- /value -->`.\n\n<!-- numbers: m16_1 -->\n<!-- /numbers -->\n')
    assert blocks.rewrite(page, lambda each: fill.filled(each, Path()))
    assert "-->3<!--" in page.read_text() and "-->2<!--" in page.read_text()
    assert page.read_text().count("-->7<!--") == 1
    assert [each.line for each in blocks.blocks(page)] == [3, 1, 1]
    assert not blocks.rewrite(page, lambda each: fill.filled(each, Path()))


HEAD = "---\ntitle: T\ndescription: D\noutline: [2, 3]\n---\n\n# Title\n\n"


def complaints(text: str) -> list[str]:
    return [problem.what for problem in form.problems(HEAD + text)]


@pytest.mark.parametrize("text", [
    "## 1 Number first\n", "## What's this\n", "## A\n\n## A\n", "Text {{ x }}\n", "::: tip\n",
    "> [!DANGER]\n> **T**\n", "> [!NOTE] Title\n> Text\n", "|  | b |\n| - | - |\n| c | d |\n",
    "<!-- value: m1_1 a b -->1<!-- /value --> at the beginning.\n"])
def test_bad_form_is_found(text: str) -> None:
    assert complaints(text)


@pytest.mark.parametrize("text", ["[x](no.md)", "[x](other.md#no)", "[x](#no)", "![x](no.svg)"])
def test_a_dead_link_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.md").write_text("# Two words\n")
    page = tmp_path / "page.md"
    page.write_text("# Here\n\n[a](other.md#two-words) [b](#here) [c](https://example.org/x)\n")
    assert links.dead(page) == []
    page.write_text(f"# Here\n\n{text}\n")
    assert len(links.dead(page)) == 1
