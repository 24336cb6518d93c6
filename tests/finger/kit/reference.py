"""The contract's answers, in the shortest form."""

import re

NO_PLAN = b"No Plan.\r\n"
LARGE = b"0123456789abcde\n" * 640_000  # a plan of 10 MB, more than all buffers on the way hold


def error(text: str) -> bytes:
    """Returns the line that tells a peer what is wrong."""
    return f"Error: {text}\r\n".encode()


NO_SUCH_USER = error("No such user")
RELAY_DENIED = error("Relay access denied")
INVALID_QUERY = error("Invalid query")
TOO_LONG = error("Maximum query length exceeded")
UNEXPECTED_EOF = error("Unexpected EOF")
QUERY_TIMEOUT = error("Query timeout")
LIST_DENIED = error("User list denied")


def converted(plan: bytes) -> bytes:
    """Returns the plan as it's sent, with CRLF at the end of every line."""
    lines = re.sub(rb"(?<!\r)\n", b"\r\n", plan)
    return lines if lines == b"" or lines.endswith(b"\n") else lines + b"\r\n"


def plan_answer(plan: bytes | None) -> bytes:
    """Returns the answer for a user with this plan, or with no plan if it's None."""
    return converted(plan) if plan else NO_PLAN


def name_line(full_name: str) -> bytes:
    """Returns the line before a plan that /W asks for."""
    return f"Name: {full_name}\r\n".encode()
