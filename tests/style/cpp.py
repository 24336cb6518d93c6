"""The functions of a C++ file, by universal-ctags, and its text without words."""

import re
from dataclasses import dataclass
from pathlib import Path

import listings

SILENT = re.compile(
    r"""R"(?P<end>[^(\s]*)\(.*?\)(?P=end)" | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'
      | //[^\n]* | /\*.*?\*/ | ^[ ]*\#(?:\\\n|[^\n])*""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True)
class Function:
    """A function's definition, from its head to the closing brace."""

    name: str
    first_line: int
    last_line: int

    @property
    def lines(self) -> int:
        """The number of lines."""
        return self.last_line - self.first_line + 1


def without_words(source: str) -> str:
    """Blanks comments, literals and preprocessor lines. Each line keeps its length."""
    return SILENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)


def functions(path: Path) -> list[Function]:
    """The functions that a source defines, in order. Lambdas and local types aren't listed."""
    return functions_of([path])[path]


def functions_of(paths: list[Path]) -> dict[Path, list[Function]]:
    """The functions of several sources, by file."""
    tags_of = listings.tags_of(paths) if paths else {}
    return {path: definitions(tags, path) for path, tags in tags_of.items()}


def definitions(tags: list[dict[str, object]], path: Path) -> list[Function]:
    """The functions among the tags of one file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [Function(called(tag), listings.first_line(lines, int(str(tag["line"])) - 1) + 1,
                      int(str(tag["end"])))
             for tag in tags
             if tag["kind"] == "function" and "end" in tag and not is_inside_a_function(tag)]
    return sorted(found, key=lambda function: function.first_line)


def called(tag: dict[str, object]) -> str:
    """The function's name, with its class."""
    name, scope = str(tag["name"]), str(tag.get("scope", ""))
    in_class = tag.get("scopeKind") in {"class", "struct"}
    return f"{scope.rpartition('::')[2]}::{name}" if in_class else name


def is_inside_a_function(tag: dict[str, object]) -> bool:
    """Whether the tag is a lambda, or a member of a function's local type."""
    return tag.get("scopeKind") == "function" or str(tag["name"]).startswith("__anon")
