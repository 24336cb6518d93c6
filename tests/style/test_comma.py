"""One statement a line: the comma operator is not used."""

import comma
import pytest
from project import complain, cpp_files, name, text


def test_there_is_no_comma_operator() -> None:
    complain([f"{name(path)}:{line}: a comma operator: write two statements"
              for path in cpp_files() for line in comma.comma_operators(text(path) or "")])


@pytest.mark.parametrize("statement", [
    'check(bind(fd, at, size), "bind"), check(listen(fd, 1), "listen");',
    "if (result < 0) perror(what), exit(1);",
    "else first(), second();",
    "return errno = -result, result;",
    "return result < 0 ? (perror(what), 1) : result;",
    "for (int i = 0; i < 9; ++i, ++done) step(i);",
    "while (read(), more) continue;",
    "waiting_ = by, set_data(sqe_, this);",
    "values[0] = 1, values[1] = 2;",
    'std::cout << "a", close(fd);',
    "run([&](int i) { return write(i), true; });",
    "if (size <= 1 << 4) close(a), close(b);",
])
def test_a_comma_operator_is_seen(statement: str) -> None:
    assert comma.comma_operators(f"void f(int x) {{\n{statement}\n}}\n") == [2]


@pytest.mark.parametrize("statement", [
    "int a = first(1, 2), b{3, 4};",
    "const std::pair<int, std::string> pieces[] = {{1, two}, {3, four}};",
    "auto [first, second] = pair;",
    "auto& [first, second] = pair; use(first, second);",
    "using std::max, std::min;",
    "call(a, [b, c](int d, int e) { return d < e; }, f);",
    "(call(arguments), ...);",
    "std::map<int (*)(int, int), Name> table;",
    "for (std::size_t i = 0, end = size(); i < end; ++i) use(i, end);",
    "for (const int fd : {a, b}) close(fd);",
    "if (const auto [name, value] = wait(a, b); value > 0) use(name, value);",
    "enum Name { one, two, three };",
    "struct P : A, B { P(int a, int b) : a_(a), b_(b) {} };",
    "friend bool operator==(const P&, const P&) = default;",
    "std::ostream& operator<<(std::ostream& out, const P& p) { return out << p.a; }",
    "static void operator delete(void* frame, std::size_t bytes) noexcept;",
    'puts("a, b"); // first(), second();',
])
def test_a_comma_that_separates_is_not_reported(statement: str) -> None:
    assert comma.comma_operators(f"void f(int x, int y) {{\n{statement}\n}}\n") == []
