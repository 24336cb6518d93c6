"""A function fits on a page. The limit is advice: see test_files.py."""

import ast

import cpp
from project import complain, cpp_files, name, python_files, text

FUNCTION_LINES_MAX = 60


def test_a_cpp_function_fits_on_a_page() -> None:
    functions = cpp.functions_of(cpp_files())
    complain([f"{name(path)}:{function.first_line}: {function.name} has {function.lines} lines, "
              f"{FUNCTION_LINES_MAX} are advised: give a part of it a name"
              for path, found in functions.items() for function in found
              if function.lines > FUNCTION_LINES_MAX])


def test_a_python_function_fits_on_a_page() -> None:
    complaints = []
    for path in python_files():
        for node in ast.walk(ast.parse(text(path) or "")):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    complaints.append(f"{name(path)}:{node.lineno}: {node.name} has {lines} lines, "
                                      f"{FUNCTION_LINES_MAX} are advised: give a part of it a name")
    complain(complaints)
