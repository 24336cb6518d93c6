"""On which level of the ladder each test is asked for, from the marks in its source."""

import ast
import re
from pathlib import Path

from capabilities import CAPABILITIES_OF, takes_option
from ladder import LADDER

PROTOCOL = Path(__file__).resolve().parents[1]
NEEDS = re.compile(r"pytest\.mark\.needs\(([^)]*)\)")
SKIPS = "target.name == 'yours'"  # a test that leaves out servers that are not ours
OPTION = re.compile(r"pytest\.mark\.option\('([^']*)'\)")


def levels_of_tests() -> dict[str, str]:
    """The first rung that asks for each test, `test_framing.py::test_a_message_comes_back` for one.
    What no rung asks for is not in it."""
    found = {}
    for name, (needs, options) in _what_tests_ask().items():
        for rung in LADDER:
            has_options = all(takes_option(rung.name, one) for one in options)
            if needs <= CAPABILITIES_OF[rung.name] and has_options:
                found[name] = rung.name
                break
    return found


def _what_tests_ask() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """The capabilities and the options that each black-box test needs. Its own mark about
    capabilities takes the place of its file's."""
    found = {}
    for file in sorted(PROTOCOL.glob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        of_file = " ".join(ast.unparse(node.value) for node in tree.body
                           if isinstance(node, ast.Assign)
                           and ast.unparse(node.targets[0]) == "pytestmark")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                own = " ".join(map(ast.unparse, node.decorator_list))
                if SKIPS in ast.unparse(node):
                    continue
                if needs := NEEDS.search(own) or NEEDS.search(of_file):
                    found[f"{file.name}::{node.name}"] = (
                        frozenset(ast.literal_eval(f"({needs[1]},)")),
                        frozenset(OPTION.findall(own + of_file)))
    return found
