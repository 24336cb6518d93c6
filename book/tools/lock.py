#!/usr/bin/python3
"""Puts each package of book/package-lock.json on a line of its own. npm can read that, but npm
install writes twelve lines for each package again."""

import json

from blocks import ROOT

LOCK = ROOT / "book" / "package-lock.json"


def compact(text: str) -> str:
    """The lock, with a line for each package."""
    about = json.loads(text)
    packages = ",\n".join(f"{json.dumps(name)}: {json.dumps(package)}"
                          for name, package in about.pop("packages").items())
    return f'{json.dumps(about)[:-1]}, "packages": {{\n{packages}\n}}}}\n'


if __name__ == "__main__":
    LOCK.write_text(compact(LOCK.read_text()))
