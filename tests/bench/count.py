"""Counts a message's cost to a server: system calls and instructions in user space.

    /usr/bin/python3 tests/bench/count.py --profile part6-uring

prints the instructions by function, or with `--by file` by source file. `./measure counted` has all
servers side by side. Messages have 64 bytes. With several connections the server is stopped while
the messages are sent, and so finds all of them at once. The numbers are exact, since neither the
machine's speed and load nor the server's start matter.
"""

import argparse
from pathlib import Path

from contenders import DEFAULT_BUILD, Contender
from counting import instructions_a_message, system_calls_a_message
from harness.limits import raise_descriptor_limit

CROWD = 64


def count(contender: Contender, build: Path, messages: int) -> dict[str, float]:
    """Counts everything for one server."""
    found = {}
    for connections in (1, CROWD):
        with contender.running(build, before=()) as server:
            found[f"calls_{connections}"] = system_calls_a_message(server, connections, messages)
    found["instructions"] = sum(profile(contender, build, messages).values())
    return found


def profile(
    contender: Contender, build: Path, messages: int, by: str = "function"
) -> dict[str, float]:
    """Instructions a message, by function or by file."""
    return instructions_a_message(
        lambda words: contender.start(build, before=words), CROWD, messages, by
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, help="a build's directory")
    parser.add_argument("--profile", type=Contender.of_words, metavar="'PROGRAM OPTION...'",
                        required=True, help="the server whose instructions are counted")
    parser.add_argument("--by", choices=("function", "file"), default="function",
                        help="file: the one whose lines they are, inlined or not")
    arguments = parser.parse_args()
    raise_descriptor_limit()
    found = profile(arguments.profile, arguments.build, 100 * CROWD, arguments.by)
    for name, each in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{each:8.1f}  {name}")
    print(f"{sum(found.values()):8.1f}  instructions a message")


if __name__ == "__main__":
    main()
