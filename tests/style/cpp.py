"""Finds the functions of a C++ file by its braces. Good enough for code in the project's format."""

import re
from dataclasses import dataclass

SILENT = re.compile(
    r"""R"(?P<end>[^(\s]*)\(.*?\)(?P=end)" | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'
      | //[^\n]* | /\*.*?\*/ | ^[ ]*\#(?:\\\n|[^\n])*""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
SCOPE = re.compile(r"(?:inline\s+)?namespace\b|extern\b[^(]*$")
TYPE = re.compile(r"(?:typedef\s+)?(?:class|struct|union|enum)\b")
NAME = re.compile(r"(operator\s*\S+?|~?[\w:]+~?\w*)\s*\(")


@dataclass(frozen=True)
class Function:
    """A function's definition: where it stands, from its head to its closing brace."""

    name: str
    first_line: int
    last_line: int

    @property
    def lines(self) -> int:
        """How long it is."""
        return self.last_line - self.first_line + 1


def without_words(source: str) -> str:
    """The source with comments, literals and preprocessor lines blanked, line by line as long."""
    return SILENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)


def without_templates(head: str) -> str:
    """A declaration without `template <…>`, `requires` before it, and attributes."""
    head = re.sub(r"\[\[.*?\]\]", "", head, flags=re.DOTALL).strip()
    while head.startswith("template"):
        depth = 0
        for at, sign in enumerate(head):
            depth += (sign == "<") - (sign == ">")
            if sign == ">" and depth == 0:
                head = head[at + 1 :].strip()
                break
        else:
            return head
    return re.sub(r"^(public|private|protected)\s*:", "", head).strip()


def functions(source: str) -> list[Function]:
    """The functions that a source defines, in order; lambdas and local types belong to theirs."""
    code = without_words(source)
    found, open_braces = [], []  # what each open brace belongs to
    start = 0  # of the declaration being read
    for at, sign in enumerate(code):
        inside = "function" in open_braces or "value" in open_braces
        if sign == "{":
            head = without_templates(code[start:at])
            open_braces.append("value" if inside else kind_of(head))
            if open_braces[-1] in ("scope", "type"):
                start = at + 1
        elif sign == "}" and open_braces:
            kind = open_braces.pop()
            if "function" in open_braces or "value" in open_braces or goes_on(code, at):
                continue
            if kind == "function":
                found.append(function(code, start, at))
            start = at + 1
        elif sign == ";" and not inside:
            start = at + 1
    return found


def kind_of(head: str) -> str:
    """What a brace opens, from what stands before it."""
    if SCOPE.match(head):
        return "scope"
    if TYPE.match(head):
        return "type"
    return "function" if "(" in head and not re.search(r"=\s*$", head) else "value"


def goes_on(code: str, at: int) -> bool:
    """Whether this brace closed a member's initializer: the body is still to come."""
    rest = code[at + 1 : at + 200].lstrip()
    return rest.startswith((",", "{"))


def function(code: str, start: int, end: int) -> Function:
    """The function whose declaration starts at `start` and whose body ends at `end`."""
    start += len(code[start:]) - len(code[start:].lstrip())
    head = without_templates(code[start:end])
    name = NAME.search(head)
    first, last = code.count("\n", 0, start) + 1, code.count("\n", 0, end) + 1
    return Function(re.sub(r"\s", "", name[1]) if name else "?", first, last)
