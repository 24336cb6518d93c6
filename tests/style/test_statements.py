"""One statement a line: neither a comma operator nor a ?: makes one of two."""

import pytest
from project import complain, cpp_files, name, text, to_look_at
from statements import COMMA, CONDITIONAL, awaits_in_a_conditional, doubled_statements


def test_no_statement_is_two() -> None:
    complain([f"{name(path)}:{line}: {what}"
              for path in to_look_at(cpp_files())
              for line, what in doubled_statements(text(path) or "")])


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
    assert doubled_statements(f"void f(int x) {{\n{statement}\n}}\n") == [(2, COMMA)]


@pytest.mark.parametrize("statement", [
    "log.wake ? log.wake() : write_now(log.queue);",
    "if (open) size == 0 ? close() : flush();",
    "for (int i = 0; i < 9; ++i) found != end ? use(i) : make(i);",
])
def test_a_conditional_expression_for_what_it_does_is_seen(statement: str) -> None:
    assert doubled_statements(f"void f(int x) {{\n{statement}\n}}\n") == [(2, CONDITIONAL)]


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
    "return log.wake ? log.wake() : write_now(log.queue);",
    "size += begun == 0 ? first() : next();",
    "(void)(open ? close(a) : close(b));",
    "const auto found = is_new ? make() : find();",
    "for (const auto byte : is_new ? make() : find()) use(byte);",
])
def test_one_statement_is_not_reported(statement: str) -> None:
    assert doubled_statements(f"void f(int x, int y) {{\n{statement}\n}}\n") == []


def test_no_conditional_expression_awaits() -> None:
    shows_it = "part6-uring/steps/43-named-first.cc"
    complain([f"{name(path)}:{line}: co_await after a ?, which g++ 12 gets wrong: write an if"
              for path in to_look_at(cpp_files()) if name(path) != shows_it
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
