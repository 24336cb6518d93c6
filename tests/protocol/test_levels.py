"""A test passes only options that the level it belongs to has: a server on its way up that refuses
every other one must not fail for that.
"""

import ast
import functools
import re

import pytest

from capabilities import OPTION_OF, OPTION_STAGES, takes_option
from harness.asked import OPTION, PROTOCOL, levels_of_tests

pytestmark = pytest.mark.of_the_suite

PASSED = re.compile(r"'(--[a-z-]+)(?==|')")
ASKS = "takes_option"  # the server, before it passes any


@functools.cache
def sources(file: str) -> dict[str, str]:
    """The functions and constants of a file."""
    return {getattr(node, "name", None) or ast.unparse(node.targets[0]): ast.unparse(node)
            for node in ast.parse((PROTOCOL / file).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef | ast.Assign)}


def options_in(file: str, test: str) -> set[str]:
    """Those that the test passes, or what it names of its file: constants, helpers, fixtures.
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


def test_a_test_passes_only_options_of_its_level() -> None:
    strange = [f"{name}, at level {level}: {option}" for name, level in levels_of_tests().items()
               if level != "command-line" for option in options_in(*name.split("::"))
               if not takes_option(level, option)]
    assert not strange, "\n".join(strange)
