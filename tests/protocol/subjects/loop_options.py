"""The command line of loop_server.py."""

import argparse
import re
import socket
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from loop_protocols import PROTOCOLS

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
NEVER = float("inf")


def duration(text: str) -> float:
    """Converts `250ms`, `10s` or `2m` to seconds; `0` means forever."""
    if text == "0":
        return NEVER
    match = re.fullmatch(r"([0-9]{1,9})(ms|s|m)", text)
    seconds = int(match[1]) * UNITS[match[2]] if match else NEVER
    if seconds > 366 * 86400:
        raise argparse.ArgumentTypeError("takes a duration: 250ms, 10s, 2m, or 0; 366 days at most")
    return seconds


def number(least: int, most: int) -> Callable[[str], int]:
    """Makes a parser for decimal digits and nothing else."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"takes a number from {least} to {most}")
        return int(text)

    return parse


def address(text: str) -> str:
    """Checks that the text is an IPv4 or IPv6 literal."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except OSError:
        raise argparse.ArgumentTypeError("takes an IPv4 or IPv6 address") from None
    return text


class Options(argparse.ArgumentParser):
    """Reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        print(ascii(f"{self.prog}: {message}").strip("'\""), file=sys.stderr)
        sys.exit(2)


def parse_options(words: Sequence[str]) -> argparse.Namespace:
    """Parses the contract's options."""
    options = Options(allow_abbrev=False)
    options.add_argument("--host", type=address, default="127.0.0.1")
    options.add_argument("--port", type=number(0, 65535), default=5882)
    options.add_argument("--max-message", type=number(0, 0xFFFFFFFF), default=65536)
    options.add_argument("--max-connections", type=number(1, 10_000_000), default=4096)
    options.add_argument("--read-timeout", type=duration, default=60.0)
    options.add_argument("--drain-timeout", default=5.0,
                         type=lambda text: 0.0 if text == "0" else duration(text))
    options.add_argument("--workers", type=number(1, 1024), default=1)
    options.add_argument("--protocol", choices=PROTOCOLS, default="echo")
    options.add_argument("--verbose", action="store_true")
    options.add_argument("--version", action="version", version="loop_server 1")
    return options.parse_args(words)
