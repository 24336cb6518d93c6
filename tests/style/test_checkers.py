"""The checks find what they look for: a rule that nothing can break is no rule."""

from pathlib import Path

import cpp
import english
import project
import pytest
import test_words

LAMBDA_AND_TYPE = """
namespace stage {
// int not_a_function() {
struct Peer { int fd() const { return 1; } };
template <class T>
T pick(T a) {
  struct Local { int x; };
  auto f = [&](int y) { return y + '{'; };
  return f(a);
}
Server::Server(int fd, Names names) : fd_{fd}, names_{std::move(names)} {
  const char* text = "}";
}
constexpr int table[] = {1, 2, 3};
int Server::run() { return 0; }
}  // namespace stage
"""


def functions_of(source: str, directory: Path) -> list[cpp.Function]:
    file = directory / "source.cc"
    file.write_text(source)
    return cpp.functions(file)


def test_functions_are_found_with_their_length(tmp_path: Path) -> None:
    found = [(f.name, f.first_line, f.lines) for f in functions_of(LAMBDA_AND_TYPE, tmp_path)]
    assert found == [("Peer::fd", 4, 1), ("pick", 5, 6), ("Server::Server", 11, 3),
                     ("Server::run", 15, 1)]


def test_a_long_function_is_long(tmp_path: Path) -> None:
    body = "  step();\n" * 61
    found = functions_of(f"TEST(Frame, IsLong) {{\n{body}}}\n", tmp_path)
    assert found[0].lines == 63


@pytest.mark.parametrize("sentence", ["see ../" "shared/notes", "/wo" "rk/main", "the COM" "PASS"])
def test_what_is_outside_is_seen(sentence: str) -> None:
    assert test_words.OUTSIDE.search(sentence)


@pytest.mark.parametrize(("sentence", "unfinished"), [
    ("// TO" "DO: later", True), ("// TO" "DO(#7): later", False),
    ("XX" "X", True), ("to do", False)])
def test_what_is_unfinished_is_seen(sentence: str, unfinished: bool) -> None:
    assert bool(test_words.UNFINISHED.search(sentence)) == unfinished


@pytest.mark.parametrize("sentence", [
    "Whoever breaks in is root.", "A server that closes whoever is late.", "A client, who waits.",
    "Who comes too late is refused.", "It ends. Who waits is told.", "**Who asks** is told.",
    "The peer has said its last.", "The price stands in the middle.", "Its length stood there.",
    "the bytes behind the end", "Behind it, all moves.", "It is mostly waiting."])
def test_a_pattern_of_a_translation_is_found(sentence: str) -> None:
    assert len(list(english.complaints(sentence))) == 1


@pytest.mark.parametrize("sentence", [
    "Who is ready?", "**Who asks?** The client.", "the end of the stream, whoever ended it",
    "A user who has opted in.", "The server stands still.", "What p99 stands for.",
    "It falls behind.", "a server behind a proxy", "the patch deadline-left-behind",
    "Nothing of `stands` or `behind` in code.", "<!-- numbers: x -->\nbehind\n<!-- /numbers -->"])
def test_english_is_not_taken_for_a_translation(sentence: str) -> None:
    assert list(english.complaints(sentence)) == []


def test_where_little_has_changed_little_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, step = project.ROOT / "part1-blocking/server.cc", project.ROOT / "common/steps/01.cc"
    assert project.to_look_at([stage, step]) == [stage, step] or project.changed is not None
    monkeypatch.setattr(project, "changed", frozenset({stage}))
    assert project.to_look_at([stage, step]) == [stage]
