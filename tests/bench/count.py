"""Counts what a message costs each server: system calls and instructions in user space.

    cmake --build build/default --target bench && /usr/bin/python3 tests/bench/count.py

64 bytes a message. With several connections the server is stopped while the messages are sent, and
so finds all of them at once. The numbers are exact: nothing depends on how fast or how busy the
machine is, or on the server's start. Writes count.json and count.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from contenders import DEFAULT_BUILD, ECHO, Contender, built
from harness.limits import raise_descriptor_limit
from harness.target import REPOSITORY

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "costs"))

from counting import instructions_a_message, system_calls_a_message  # noqa: E402

CROWD = 64
MESSAGES = 100 * CROWD
HEAD = """\
# Counted

Of each message of 64 bytes, in user space and at its border. `strace` counts the system calls,
callgrind the instructions. At 64 connections a message waits on each when the server looks.

| server | system calls, 1 connection | system calls, 64 | instructions, 64 |
| --- | --- | --- | --- |
| *part6-uring at most* | 1.05 | 0.1 | 300 |
"""


def count(contender: Contender, build: Path, messages: int = MESSAGES) -> dict[str, float]:
    """All numbers of one server."""
    found = {}
    for connections in (1, CROWD):
        server = contender.start(build, before=())
        try:
            found[f"calls_{connections}"] = system_calls_a_message(server, connections, messages)
        finally:
            server.close_clients()
            server.kill()
    found["instructions"] = sum(profile(contender, build, messages).values())
    return found


def profile(
    contender: Contender, build: Path, messages: int = MESSAGES
) -> dict[str, float]:
    """Instructions a message, by function."""
    return instructions_a_message(
        lambda words: contender.start(build, before=words), CROWD, messages
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, help="a build's directory")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench")
    parser.add_argument("--profile", type=Contender.of_words, metavar="'PROGRAM OPTION...'",
                        help="only the instructions of this one, by function")
    arguments = parser.parse_args()
    raise_descriptor_limit()
    if arguments.profile:
        found = profile(arguments.profile, arguments.build)
        for name, each in sorted(found.items(), key=lambda item: -item[1]):
            print(f"{each:8.1f}  {name}")
        print(f"{sum(found.values()):8.1f}  instructions a message")
        return
    arguments.output.mkdir(parents=True, exist_ok=True)
    results, text = {}, HEAD
    for contender in built(ECHO, arguments.build):
        found = results[contender.name] = count(contender, arguments.build)
        text += (
            f"| {contender.name} | {found['calls_1']:.2f} | {found[f'calls_{CROWD}']:.3f} "
            f"| {found['instructions']:.0f} |\n"
        )
    (arguments.output / "count.json").write_text(json.dumps(results, indent=1) + "\n")
    (arguments.output / "count.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
