"""No conditional expression awaits: g++ 12 destroys what that yields twice, so that a descriptor in
it is closed twice. part6-uring/steps/43-named-first.cc shows it."""

import re

import cpp
import pytest
from project import complain, cpp_files, name, text, to_look_at

SHOWS_IT = "part6-uring/steps/43-named-first.cc"


def awaits_in_a_conditional(source: str) -> list[int]:
    """The lines of `c ? co_await a : co_await b`."""
    code = cpp.without_words(source)
    return [code.count("\n", 0, match.start()) + 1 for match in re.finditer(r"\?", code)
            if "co_await" in rest_of_the_conditional(code, match.end())]


def rest_of_the_conditional(code: str, begin: int) -> str:
    """From after the `?` to the bracket around it, or to the end of the statement."""
    depth = 0
    for end in range(begin, len(code)):
        depth += (code[end] in "([{") - (code[end] in ")]}")
        if depth < 0 or (depth == 0 and code[end] == ";"):
            return code[begin:end]
    return code[begin:]


def test_no_conditional_expression_awaits() -> None:
    complain([f"{name(path)}:{line}: co_await after a ?, which g++ 12 gets wrong: write an if"
              for path in to_look_at(cpp_files()) if name(path) != SHOWS_IT
              for line in awaits_in_a_conditional(text(path) or "")])


@pytest.mark.parametrize("expression", [
    "c ? co_await a : co_await b",
    "c ? x : co_await b",
    "use(c ? co_await a : x, 1)",
    "c\n    ? co_await a\n    : co_await b",
    "c ? (co_await a).value() : x",
])
def test_an_await_in_a_conditional_expression_is_seen(expression: str) -> None:
    assert awaits_in_a_conditional(f"auto x =\n{expression};\n")


@pytest.mark.parametrize("code", [
    "auto x = co_await a ? 1 : 2;",
    "if (c ? x : y) co_await a;",
    "auto x = c ? 1 : 2;\nco_await a;",
    "// c ? co_await a : co_await b",
])
def test_no_other_await_is_reported(code: str) -> None:
    assert awaits_in_a_conditional(code + "\n") == []
