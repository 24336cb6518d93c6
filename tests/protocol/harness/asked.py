"""Finds the level that asks for each test, from the marks in the source."""

import ast
import re
from pathlib import Path

from capabilities import CAPABILITIES_OF, takes_option
from levels import LEVELS

PROTOCOL = Path(__file__).resolve().parents[1]
NEEDS = re.compile(r"pytest\.mark\.needs\(([^)]*)\)")
SKIPS = "target.name == 'yours'"  # the test skips servers that aren't ours
OPTION = re.compile(r"pytest\.mark\.option\('([^']*)'\)")


def levels_of_tests() -> dict[str, str]:
    """Returns the first level that asks for each test, by keys such as
    `test_framing.py::test_one_message_comes`. Tests that no level asks for are missing."""
    found = {}
    for name, (needs, options) in _what_tests_ask().items():
        for level in LEVELS:
            has_options = all(takes_option(level.name, one) for one in options)
            if needs <= CAPABILITIES_OF[level.name] and has_options:
                found[name] = level.name
                break
    return found


def _what_tests_ask() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Returns the capabilities and options that each black-box test needs. A test's own mark
    replaces its file's."""
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
