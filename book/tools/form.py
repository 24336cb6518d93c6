"""The form of the book's Markdown that both the code host and the site show correctly, as far as
markdownlint doesn't check it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = re.compile(r"^(```+)(\S*)[^\n]*\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"(`+)(?!`).+?\1", re.DOTALL)
COMMENT = re.compile(r"(?<!`)<!--.*?-->", re.DOTALL)  # in backticks, a comment is code
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
# No link may lead to these headings, because host and site make different anchors.
EXERCISE = re.compile(r"E\d+\.\d+ - ")
CODE_HEADING = re.compile(r"`.+`$")
CALLOUT = re.compile(r"^> \[!(\w+)\](.*)$", re.MULTILINE)

CALLOUTS = {"NOTE", "TIP", "WARNING", "IMPORTANT"}
FRONT = {"title", "description", "outline"}


@dataclass(frozen=True)
class Problem:
    """Something to fix, and where."""

    line: int
    what: str


def problems(text: str) -> Iterator[Problem]:
    """All problems that we can see without other files."""
    prose = without_code(text)
    yield from _front_matter(text)
    yield from _headings(prose)
    yield from _marks(text)
    yield from _traps(prose)
    yield from _callouts(prose)
    yield from _tables(prose, text.splitlines())


def without_code(text: str) -> str:
    """The text, with code and comments blanked out."""
    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found[0])

    def fence(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", "", found[0])

    text = FENCE.sub(fence, text)
    text = COMMENT.sub(fence, text)
    text = FRONT_MATTER.sub(fence, text)
    return INLINE_CODE.sub(lambda found: "`" + blank(found)[2:] + "`", text)


def anchors(text: str) -> set[str]:
    """The anchors, which a link may name after `#`. Host and site agree for our headings."""
    return {heading.lower().replace(" ", "-")
            for _, heading in HEADING.findall(without_code(text))
            if not EXERCISE.match(heading) and not CODE_HEADING.match(heading)}


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _front_matter(text: str) -> Iterator[Problem]:
    found = FRONT_MATTER.match(text)
    if not found:
        yield Problem(1, "has no front matter with title and description")
        return
    keys = {line.split(":")[0] for line in found[1].splitlines()}
    if keys != FRONT:
        yield Problem(1, f"front matter has {sorted(keys)}, wanted {sorted(FRONT)}")


def _headings(prose: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for found in HEADING.finditer(prose):
        if CODE_HEADING.match(found[2]):
            continue
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_ -]*", EXERCISE.sub("", found[2])):
            yield Problem(_line(prose, found.start()),
                          f"heading '{found[2]}': letters, digits, blanks, hyphens and "
                          "underscores; first a letter")
        if found[2] in seen:
            yield Problem(_line(prose, found.start()), f"two headings '{found[2]}', one anchor")
        seen.add(found[2])


def _marks(text: str) -> Iterator[Problem]:
    for found in re.finditer(r"^[>\s*\d.-]*<!-- value:", text, re.MULTILINE):
        yield Problem(_line(text, found.start()),
                      "a line that begins with <!-- value: is taken for HTML as a whole")


def _traps(prose: str) -> Iterator[Problem]:
    for found in re.finditer(r"\{\{|\}\}|^:::|^\[\^", prose, re.MULTILINE):
        yield Problem(_line(prose, found.start()), f"'{found[0]}' means something to the site")


def _callouts(prose: str) -> Iterator[Problem]:
    lines = prose.splitlines()
    for found in CALLOUT.finditer(prose):
        line = _line(prose, found.start())
        if found[1] not in CALLOUTS or found[2].strip():
            yield Problem(line, f"callout '{found[0]}': one of {sorted(CALLOUTS)}, alone")
        if line >= len(lines) or not lines[line].startswith("> **"):
            yield Problem(line, "the line below a callout's mark is its title, in bold")


def _tables(prose: str, lines: list[str]) -> Iterator[Problem]:
    for found in re.finditer(r"^\|[ :|-]+\|$", prose, re.MULTILINE):
        head = _line(prose, found.start()) - 1
        if re.search(r"\|\s*\|", lines[head - 1]):
            yield Problem(head, "a column without a name: whoever hears the table needs one")
