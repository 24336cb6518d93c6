"""What is asked of which finger server. Every test names what it needs of its server."""

CORE_LEVEL = "core"

CAPABILITIES = {
    "core": "a line in, an answer out: what any finger server can do, however it is started",
    "process": "a ready line, an orderly stop, and a process to look at",
    "contract": "all of the contract, with its options",
}

LEVELS: dict[str, frozenset[str]] = {
    CORE_LEVEL: frozenset({"core"}),
    "fingerd-plain": frozenset({"core"}),
    "fingerd-machine": frozenset({"core", "process"}),
    "fingerd": frozenset(CAPABILITIES),
}

# How each of ours is started: the program, below the directory of the build, and options for one
# that does not speak the contract's command line.
PROGRAMS = {
    "fingerd": "finger/fingerd",
    "fingerd-machine": "finger/fingerd-machine",
    "fingerd-plain": "finger/fingerd-plain --port {port} --users {users} --deadline {deadline}",
}
