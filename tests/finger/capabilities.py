"""What is asked of which finger server. Every test names what it needs of its server."""

CORE_LEVEL = "core"

CAPABILITIES = {
    "core": "a line in, an answer out: what any finger server can do, however it is started",
    "process": "a ready line, an orderly stop, and a process to look at",
    "contract": "all of the contract, with its options",
}

LEVELS: dict[str, frozenset[str]] = {
    CORE_LEVEL: frozenset({"core"}),
    "fingerd": frozenset(CAPABILITIES),
}

# Where each of ours is, below the directory of the build. With further words it is a program of the
# core's level, which takes no options.
PROGRAMS = {
    "fingerd": ("finger/fingerd",),
    "state-machine": ("finger/steps/09-state-machine", "{port}", "{users}", "{deadline}"),
}
