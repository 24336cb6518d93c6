"""The checks find what they look for: a rule that nothing can break is no rule."""

import english
import project
import pytest

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
