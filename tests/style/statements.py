"""Finds two statements in one: the comma operator of C++, `first(), second();`, and a conditional
operator that only chooses what to do, `found ? use() : make();`, where an `if` is meant.

GCC has no warning for it, and Clang's -Wcomma is not everywhere, so this reads tokens. It relies on
the project's format: a `<` with no blank before it opens template arguments. A comma separates, and
is no operator, in a call, a parameter list, template arguments, an initializer list, a capture, a
declaration (`int a, b;`) and a fold (`(call(x), ...)`). Every other comma is reported, also in the
head of a `for`: `++left, --right` is two statements, too.
"""

import re

import cpp

TOKEN = re.compile(r"[A-Za-z_]\w*|\.\.\.|->|::|<<|[<>=!]=|\d[\w.']*|\S")
OPERATOR = re.compile(  # the name of an operator function, whose sign opens no bracket
    r"\boperator\s*(?:\(\)|\[\]|(?:new|delete|co_await)\b|[^\w\s(\[]+)")
CLOSES = {")": "(", "]": "[", "}": "{"}
CONTROL = {"if", "while", "switch", "for", "constexpr"}  # before a `(` that is no call
VALUE = {"delete", "return", "co_return", "co_yield", "co_await", "throw", "case"}
BLOCK = {")", "}", "else", "do", "const", "noexcept", "override"}  # a `{` after these: a block
WORD = r"(?:[A-Za-z_]\w*)"
TYPE = rf"(?:::\s*)?{WORD}(?:\s*<>)?(?:\s*::\s*{WORD}(?:\s*<>)?)*"
SPECIFIERS = (
    r"(?:(?:const|constexpr|constinit|static|inline|thread_local|extern|mutable|unsigned|"
    r"signed|long|short|volatile|struct|class|enum|typename|friend|virtual|explicit)\s+)*")
DECLARATION = re.compile(
    rf"{SPECIFIERS}{TYPE}(?:\s+const)?(?:\s*[&*]+\s*(?:const\s+)?|\s+){WORD}"
    rf"|{SPECIFIERS}auto\s*&*\s*\[\]"
    r"|(?:using|template|typedef|class|struct|enum|public|private|protected|namespace)\b")


Found = tuple[int, str]
COMMA, CONDITIONAL = "a comma operator: write two statements", "?: for what it does: write an if"


class Bracket:
    """An open bracket, or the file around all: its statement so far, and what was found in it."""

    def __init__(self, sign: str, before: str, in_type: bool = False) -> None:
        self.sign, self.before, self.in_type = sign, before, in_type
        self.is_block = sign == "" or (sign == "{" and before in BLOCK)
        self.statement: list[str] = []  # its tokens; an inner bracket is one token, as "()"
        self.commas: list[int] = []  # the lines of the commas in the statement
        self.found: list[Found] = []

    def end_statement(self, line: int) -> None:
        """Reports the commas of the statement unless it is a declaration, and whether it is a
        conditional expression whose value is not used."""
        tokens = without_control(self.statement)
        if self.commas and is_expression(tokens):
            self.found += [(comma, COMMA) for comma in self.commas]
        if "?" in tokens and "=" not in tokens and tokens[0] not in VALUE:
            self.found.append((line, CONDITIONAL))
        self.statement, self.commas = [], []

    def operators(self, line: int) -> list[Found]:
        """What is directly in this bracket, once it is closed, in that line."""
        if self.sign == "{":
            return self.found if self.is_block else []
        if self.sign != "(":
            return []
        if self.before in CONTROL:
            self.end_statement(line)
            return [found for found in self.found if found[1] == COMMA]  # `for (x : a ? b : c)`
        is_list = re.match(r"[\w\])>}]", self.before) and self.before not in VALUE
        is_fold = "..." in self.statement
        if is_list or is_fold or self.in_type:
            return []
        return [(comma, COMMA) for comma in self.commas]


def without_control(tokens: list[str]) -> list[str]:
    """The statement that an `if`, a loop or an `else` controls."""
    while tokens:
        if tokens[0] in CONTROL and "()" in tokens:
            tokens = tokens[tokens.index("()") + 1 :]
        elif tokens[0] in ("else", "do"):
            tokens = tokens[1:]
        else:
            break
    return tokens


def is_expression(tokens: list[str]) -> bool:
    """Whether a statement is an expression, where a comma is an operator, or a declaration."""
    if not tokens or tokens[0] in VALUE:
        return bool(tokens)
    return not DECLARATION.match(" ".join(tokens))


def close(outer: Bracket, inner: Bracket, token: str) -> None:
    """Puts a closed bracket into the statement around it. A block ends that statement."""
    if token == "}" and inner.is_block:
        outer.statement, outer.commas = [], []
    else:
        outer.statement.append(CLOSES[token] + token)


def doubled_statements(source: str) -> list[Found]:
    """Each line of a source that has two statements in one, and how."""
    code = OPERATOR.sub("operator_", cpp.without_words(source))
    stack, before, end = [Bracket("", "")], "", -1
    found: list[Found] = []
    for match in TOKEN.finditer(code):
        token, here = match[0], stack[-1]
        line = code.count("\n", 0, match.start()) + 1
        if token in "([{" or (token == "<" and (match.start() == end or before == "template")):
            stack.append(Bracket(token, before, in_type=here.sign == "<"))
        elif token == ">" and here.sign == "<":
            stack.pop()
            stack[-1].statement.append("<>")
        elif token in CLOSES:
            while len(stack) > 1 and stack[-1].sign == "<":
                stack.pop()  # it was a comparison
            if len(stack) > 1:
                inner = stack.pop()
                found += inner.operators(line)
                close(stack[-1], inner, token)
        elif token == ";":
            here.end_statement(line)
            here.is_block = True  # an initializer list has no semicolon
        else:
            if token == ",":
                here.commas.append(line)
            here.statement.append(token)
        before, end = token, match.end()
    return sorted(found + stack[0].found)


def awaits_in_a_conditional(source: str) -> list[int]:
    """The lines of `c ? co_await a : co_await b`. g++ 12 destroys what that yields twice, so that a
    descriptor in it is closed twice: part6-uring/steps/43-named-first.cc."""
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
