"""A rule names the section that explains it, and the section does: it has the rule's own words."""

import re

import pytest

import rules
from harness import rule as common
from harness.rule import Rule
from harness.target import REPOSITORY

pytestmark = pytest.mark.of_the_suite

ALL = {name: one for module in (common, rules) for name, one in vars(module).items()
       if isinstance(one, Rule)}
NAME = re.compile(r"--[a-z-]+|[A-Z]+[A-Z_]{3,}|`[^`]+`")  # an option, a constant, code
WORD_LETTERS = 6
STEM_LETTERS = 5


def section(place: str) -> str:
    """The text below a heading, `book/03-closing.md#your-own-server`, or the whole file."""
    file, _, anchor = place.partition("#")
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    if not anchor:
        return text
    parts = re.split(r"^(#+ .*)$", text, flags=re.MULTILINE)
    for heading, body in zip(parts[1::2], parts[2::2]):
        words = re.sub(r"[^a-z0-9 -]", "", heading.lstrip("# ").lower())
        if words.replace(" ", "-") == anchor:
            return heading + body
    raise AssertionError(f"{file} has no section {anchor}")


@pytest.mark.parametrize("name", ALL)
def test_the_section_that_a_rule_names_has_its_words(name: str) -> None:
    rule = ALL[name]
    text = section(rule.chapter)
    if names := NAME.findall(rule.text):
        found = [one for one in names if one.strip("`").split()[0] in text]
        assert found, f"none of {names} in {rule.chapter}"
        return
    stems = {word[:STEM_LETTERS] for word in re.findall(r"[a-z]+", rule.text.lower())
             if len(word) >= WORD_LETTERS}
    found = {stem for stem in stems if stem in text.lower()}
    assert 2 * len(found) >= len(stems), f"only {found} of {stems} in {rule.chapter}"
