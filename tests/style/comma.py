"""Finds the comma operator: `first(), second();` where two statements are meant.

Clang has no warning for every form (-Wcomma exempts what it likes), and GCC none at all. So this
reads the tokens. It counts on the project's format: `<` opens template arguments where no blank
precedes it. A comma separates and is no operator in a call, a parameter list, template arguments,
an initializer list, a capture, a declaration (`int a, b;`), and in a fold (`(call(x), ...)`).
What is left is reported, also in the head of a `for`: `++left, --right` is two statements, too.
"""

import re

import cpp

TOKEN = re.compile(r"[A-Za-z_]\w*|\.\.\.|->|::|<<|<=|\d[\w.']*|\S")
OPERATOR = re.compile(r"\boperator\s*(?:\(\)|\[\]|(?:new|delete|co_await)\b|[^\w\s(\[]+)")  # its sign opens nothing
CLOSES = {")": "(", "]": "[", "}": "{"}
HEADS = {"if", "while", "switch"}  # what is in their parentheses is an expression or a declaration
VALUES = {"delete", "return", "co_return", "co_yield", "co_await", "throw", "case"}  # an expression follows
BODY = {")", "}", "else", "do", "const", "noexcept", "override"}  # a block follows
WORD = r"(?:[A-Za-z_]\w*)"
TYPE = rf"(?:::\s*)?{WORD}(?:\s*<>)?(?:\s*::\s*{WORD}(?:\s*<>)?)*"
SPECIFIERS = r"(?:(?:const|constexpr|constinit|static|inline|thread_local|extern|mutable|unsigned|" \
             r"signed|long|short|volatile|struct|class|enum|typename|friend|virtual|explicit)\s+)*"
DECLARES = re.compile(rf"{SPECIFIERS}{TYPE}(?:\s+const)?(?:\s*[&*]+\s*(?:const\s+)?|\s+)"
                      rf"{WORD}|{SPECIFIERS}auto\s*&*\s*\[\]|(?:using|template|typedef|class|struct|enum|public|private|"
                      rf"protected|namespace)\b")


class Bracket:
    """An open bracket, or the file: what precedes it, and its statement so far."""

    def __init__(self, sign: str, before: str, in_type: bool = False) -> None:
        self.sign, self.before, self.in_type = sign, before, in_type
        self.statement: list[str] = []  # its tokens; what is in brackets of its own is left out
        self.commas: list[int] = []  # lines of the commas in it
        self.found: list[int] = []
        self.is_block = sign == "" or before in BODY

    def end_statement(self) -> None:
        """Judges the commas of the statement that ends here."""
        if self.commas and is_expression(self.statement):
            self.found += self.commas
        self.statement, self.commas = [], []


def is_expression(tokens: list[str]) -> bool:
    """Whether these tokens are an expression, where a comma is an operator, or a declaration."""
    while tokens:
        if tokens[0] in ("if", "for", "while") and "()" in tokens:
            tokens = tokens[tokens.index("()") + 1 :]
        elif tokens[0] in ("else", "do"):
            tokens = tokens[1:]
        else:
            break
    if not tokens or tokens[0] in VALUES:
        return bool(tokens)
    return not DECLARES.match(" ".join(tokens))


def judge(bracket: Bracket) -> list[int]:
    """The lines of the comma operators directly in a bracket that has been closed."""
    before = bracket.before
    if bracket.sign == "{":  # only a block holds semicolons; an initializer list has none
        return bracket.found if bracket.is_block else []
    if bracket.sign != "(":
        return []
    if before == "for" or before in HEADS:
        if ":" in bracket.statement and before == "for":
            return bracket.found
        bracket.end_statement()
        return bracket.found
    is_list = re.match(r"[\w\])>}]", before) and before not in VALUES
    is_fold = "..." in bracket.statement
    return [] if is_list or is_fold or bracket.in_type else bracket.commas


def comma_operators(source: str) -> list[int]:
    """The lines on which a source has a comma operator."""
    code = OPERATOR.sub("operator_", cpp.without_words(source))
    stack, found, before, end = [Bracket("", "")], [], "", -1
    for match in TOKEN.finditer(code):
        token, here = match[0], stack[-1]
        if token in "([{" or (token == "<" and (match.start() == end or before == "template")):
            stack.append(Bracket(token, before, in_type=here.sign == "<"))
        elif token == ">" and here.sign == "<":
            stack.pop()
            stack[-1].statement.append("<>")
        elif token in CLOSES:
            while len(stack) > 1 and stack[-1].sign == "<" != CLOSES[token]:
                stack.pop()  # it was a comparison
            if len(stack) > 1:
                closed = stack.pop()
                found += judge(closed)
                close_into(stack[-1], closed, token)
        elif token == ";":
            here.end_statement()
            here.is_block = True
        else:
            if token == ",":
                here.commas.append(code.count("\n", 0, match.start()) + 1)
            here.statement.append(token)
        before, end = token, match.end()
    return sorted(found + stack[0].found)


def close_into(outer: Bracket, closed: Bracket, token: str) -> None:
    """Notes in the statement around it what a bracket was; a block ends the statement."""
    if token == "}" and closed.is_block:
        outer.statement, outer.commas = [], []
    else:
        outer.statement.append({")": "()", "]": "[]", "}": "{}"}[token])
