"""A rule names the section that explains it, in a chapter that the reader has come to, and this
section has the rule's own words. And a test passes only options that its level has, because a
server on its way up may refuse all others and mustn't fail for that.
"""

import ast
import functools
import re
import runpy

import pytest

import rules
from capabilities import OPTION_OF, OPTION_STAGES, takes_option
from harness import rule as common
from harness.asked import OPTION, PROTOCOL, levels_of_tests
from harness.rule import Rule
from harness.target import REPOSITORY
from levels import LEVELS

ALL = {name: one for module in (common, rules) for name, one in vars(module).items()
       if isinstance(one, Rule)}
NAME = re.compile(r"--[a-z-]+|[A-Z]+[A-Z_]{3,}|`[^`]+`")  # an option, a constant, code
OF_EVERY_SERVER = {  # harness/rule.py has these; here are the contract's words for them
    "ECHO": "The server answers each message with the same message",
    "SURVIVE": "Whatever it does, the next one is served",
    "READY_LINE": "Once it can accept, and not before, the server prints one line",
    "PROGRESS": "A byte that is due comes within ten seconds, and one that is sent is taken",
    "STOPS": "`SIGINT` and `SIGTERM`: stop accepting",
    "REFUSES": "Connections still in the backlog are dropped: the listener is closed",
}
WORD_LETTERS = 6
STEM_LETTERS = 5
PASSED = re.compile(r"'(--[a-z-]+)(?==|')")  # an option, in the source that ast.unparse() writes
ASKS = "takes_option"  # a test asks the server by this before it passes any


def section(place: str) -> str:
    """The text below a heading, as in `book/03-closing.md#your-own-server`, or the whole file."""
    file, _, anchor = place.partition("#")
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    if not anchor:
        return text
    parts = re.split(r"^(#+ .*)$", text, flags=re.MULTILINE)
    for heading, body in zip(parts[1::2], parts[2::2]):
        words = re.sub(r"[^a-z0-9_ -]", "", heading.lstrip("# ").lower())
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


def test_a_rule_that_a_level_asks_has_words_of_the_contract() -> None:
    contract = section("book/appendix-c-contract.md")
    words = {name: quoted for name, _, _, quoted in rules.ROWS} | OF_EVERY_SERVER
    for name, quoted in words.items():
        assert quoted == "-" or quoted in contract, f"{name} is not from the contract: {quoted!r}"
    asked = {rule for name in levels_of_tests() for rule in rules_named_by(*name.split("::"))}
    assert asked <= {name for name, quoted in words.items() if quoted != "-"}


def test_a_rule_of_the_finger_suite_names_a_section() -> None:
    namespace = runpy.run_path(str(REPOSITORY / "tests" / "finger" / "rules.py"))
    of_finger = [one for one in namespace.values() if isinstance(one, Rule)]
    assert len(of_finger) > 50
    for rule in of_finger:
        assert "#" in rule.chapter and section(rule.chapter), rule


def chapter_number(file: str) -> int:
    """The number of the chapter. An appendix comes before all chapters, because readers can look it
    up at any time."""
    found = re.match(r"book/(\d+)-", file)
    return int(found[1]) if found else 0


@functools.cache
def sources(file: str) -> dict[str, str]:
    """The functions and constants of a file."""
    return {getattr(node, "name", None) or ast.unparse(node.targets[0]): ast.unparse(node)
            for node in ast.parse((PROTOCOL / file).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef | ast.Assign)}


def rules_named_by(file: str, test: str) -> set[str]:
    """The rules that a test names; without a mark of its own, it has its file's."""
    text = sources(file)
    named = text[test] + ("" if "mark.rule(" in text[test] else text.get("pytestmark", ""))
    return set(re.findall(r"\brules\.([A-Z_]+)", named))


def options_in(file: str, test: str) -> set[str]:
    """The options that a test passes, or that constants, helpers and fixtures of its file pass for
    it.

    A parameter with a mark is only for servers that have the option.
    """
    known = {name: text for name, text in sources(file).items() if ASKS not in text}
    found, seen, named = set(), set(), {test}
    while named := named & known.keys() - seen:
        seen |= named
        text = "\n".join(known[name] for name in named)
        found |= set(PASSED.findall(text)) - set(OPTION.findall(text))
        named = set(re.findall(r"\w+", text))
    return found & (OPTION_OF.keys() | OPTION_STAGES.keys())


def test_a_rule_that_a_level_asks_names_a_section_of_a_chapter_that_has_been_read() -> None:
    chapters = {level.name: chapter_number(level.chapter) or 99 for level in LEVELS}
    for name, level in levels_of_tests().items():
        file, _, test = name.partition("::")
        for rule in rules_named_by(file, test):
            place = ALL[rule].chapter
            assert "#" in place, f"{rule}, which {test} names, sends to {place}, a whole page"
            assert chapter_number(place) <= chapters[level], (
                f"{rule} sends to {place}, and {name} is asked at {level}")


def test_a_test_passes_only_options_of_its_level() -> None:
    strange = [f"{name}, at level {level}: {option}" for name, level in levels_of_tests().items()
               if level != "command-line" for option in options_in(*name.split("::"))
               if not takes_option(level, option)]
    assert not strange, "\n".join(strange)
