"""No conditional expression awaits, because g++ 12 destroys the result twice, and so closes a
descriptor in the result twice. part6-uring/steps/15-named-first.cc shows this."""

import re

import cpp
from project import ROOT, complain, cpp_files, name, text

SHOWS_IT = "part6-uring/steps/15-named-first.cc"


def awaits_in_a_conditional(source: str) -> list[int]:
    """The lines of `c ? co_await a : co_await b`."""
    code = cpp.without_words(source)
    return [code.count("\n", 0, match.start()) + 1 for match in re.finditer(r"\?", code)
            if "co_await" in rest_of_the_conditional(code, match.end())]


def rest_of_the_conditional(code: str, begin: int) -> str:
    """The text after the `?`, up to the end of the surrounding bracket or the statement."""
    depth = 0
    for end in range(begin, len(code)):
        depth += (code[end] in "([{") - (code[end] in ")]}")
        if depth < 0 or (depth == 0 and code[end] == ";"):
            return code[begin:end]
    return code[begin:]


def test_no_conditional_expression_awaits() -> None:
    assert awaits_in_a_conditional((ROOT / SHOWS_IT).read_text())
    complain([f"{name(path)}:{line}: co_await after a ?, which g++ 12 gets wrong: write an if"
              for path in cpp_files() if name(path) != SHOWS_IT
              for line in awaits_in_a_conditional(text(path) or "")])
