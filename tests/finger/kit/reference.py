"""What the contract wants answered, said as shortly as possible."""

import re

NO_PLAN = b"No Plan.\r\n"
QUERY_BYTES_MAX = 1024


def error(text: str) -> bytes:
    """The line that tells a peer what is wrong."""
    return f"Error: {text}\r\n".encode()


NO_SUCH_USER = error("No such user")
RELAY_DENIED = error("Relay access denied")
INVALID_QUERY = error("Invalid query")
TOO_LONG = error("Maximum query length exceeded")
UNEXPECTED_EOF = error("Unexpected EOF")
LIST_DENIED = error("User list denied")

ERRORS = (NO_SUCH_USER, RELAY_DENIED, INVALID_QUERY, TOO_LONG, UNEXPECTED_EOF, LIST_DENIED)


def converted(plan: bytes) -> bytes:
    """The plan as it travels: every line ends with CRLF."""
    lines = re.sub(rb"(?<!\r)\n", b"\r\n", plan)
    return lines if lines == b"" or lines.endswith(b"\n") else lines + b"\r\n"


def plan_answer(plan: bytes | None) -> bytes:
    """The answer for a user with this plan; None: without one."""
    return converted(plan) if plan else NO_PLAN


def name_line(full_name: str) -> bytes:
    """The line before a plan that /W asks for."""
    return f"Name: {full_name}\r\n".encode()


def answer_to(line: bytes, plans: dict[str, bytes | None]) -> bytes:
    """The answer to a query line without its end, where these users have these plans."""
    if len(line) > QUERY_BYTES_MAX:
        return TOO_LONG
    words = re.fullmatch(rb"[ \t]*(?P<switch>/[Ww](?=[ \t]|\Z))?(?P<user>.*)", line, re.DOTALL)
    assert words is not None
    try:
        user = words["user"].strip(b" \t").decode()
    except UnicodeDecodeError:
        return INVALID_QUERY
    if re.search("[\0-\x1f\x7f-\x9f]", user):
        return INVALID_QUERY
    if "@" in user:
        return RELAY_DENIED
    if not user:
        return b"".join(login.encode() + b"\r\n" for login in sorted(plans, key=str.encode))
    if user not in plans:
        return NO_SUCH_USER
    return (name_line(user) if words["switch"] else b"") + plan_answer(plans[user])
