"""The names by which broken_loops.py and broken_workers.py start what is broken."""

import importlib
import re


def bugs_of(*modules: str) -> dict[str, type]:
    """The classes of these modules: OneTooMany is called one-too-many. Those that are no bugs by
    themselves begin with an underscore."""
    return {
        re.sub(r"\B(?=[A-Z])", "-", part.__name__).lower(): part
        for module in map(importlib.import_module, modules)
        for part in vars(module).values()
        if isinstance(part, type) and part.__module__ == module.__name__
        and not part.__name__.startswith("_")
    }
