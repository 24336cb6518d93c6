"""What the comments of a source say, without the code."""

import ast
import io
import re
import tokenize
from pathlib import Path

import cpp
from project import is_shell, text

CPP = {".h", ".cc"}
MARKS = re.compile(r"^[ \t]*(?://[/!]?<?|/?\*+/?|#!?)[ \t]*|\*/[ \t]*$", re.MULTILINE)
HASH = re.compile(r"(?:^|(?<=\s))#(?!!).*")


def comments(path: Path) -> str:
    """Line by line what a comment says there, without its marks; the other lines are empty. Nothing
    of a file whose language has no reader here."""
    source = text(path) or ""
    if path.suffix in CPP:
        return MARKS.sub("", cpp.comments(source))
    if path.suffix == ".py":
        return of_python(source)
    if is_shell(path) or path.suffix in {".cmake", ".t"} or path.name == "CMakeLists.txt":
        return "\n".join(MARKS.sub("", "".join(HASH.findall(line))) for line in source.split("\n"))
    return ""


def of_python(source: str) -> str:
    """Comments, and the strings that describe a module, a class or a function."""
    said = [""] * (source.count("\n") + 1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            said[token.start[0] - 1] = token.string.lstrip("#! ")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines = source.split("\n")[first.lineno - 1 : first.end_lineno]
            said[first.lineno - 1 : first.end_lineno] = [line.strip(' r"') for line in lines]
    return "\n".join(said)
