"""What each finger server can do. Every test names the capability that it checks."""

CORE_LEVEL = "core"

# Capability: what it means.
CAPABILITIES = {
    "query": "a line in, an answer out, however the bytes are cut",
    "grammar": "`/W`, blanks, names, and what is none",
    "errors": "every error is told, in its own words",
    "list": "the empty query is answered with who has opted in",
    "crlf": "every line of an answer ends with CRLF",
    "plans": "a plan is a regular file; for whatever else there is `No Plan.`",
    "half-close": "who has sent a whole query and says no more gets the whole answer",
    "closing": "no answer and no error is lost to a reset",
    "deadline": "the whole exchange has one deadline, whatever the client does",
    "slow-reader": "who reads slowly, but in time, gets everything",
    "survival": "a broken client does not end the server, nor hold up others",
    "process": "ready line, orderly stop, exit statuses",
    "options": "the options of the contract, all of them",
    "names": "`--full-name`, `--no-list`",
    "logs": "a line for each exchange, and no other",
    "limits": "`--max-clients` wait, more than `--max-per-ip` are turned away",
    "descriptors": "EMFILE: new connections wait, the processor rests",
    "reload": "SIGHUP reads again who has opted in",
    "drain": "who has sent a whole query is answered before the end",
    "addresses": "IPv4, IPv6, both; a port that is taken",
    "start": "what says that it serves has what that takes",
    "only-files": "nothing but a regular file is opened",
    "restore": "descriptors and memory go back to where they were",
    "hanging-files": "a file system that does not answer holds up nobody",
    "secrecy": "who is unknown and who has not opted in cannot be told apart",
    "ring": "any ring serves; several workers, too",
    "manager": "a service manager passes the socket, is told what happens, and watches",
    "takeover": "replaced while it runs: no connection is refused or lost",
    "metrics": "SIGUSR1 and --metrics tell what it has counted",
    "privileges": "started as root: plans are opened as their owners, and root is gone",
}

_CORE = frozenset(
    {
        "query",
        "grammar",
        "errors",
        "list",
        "crlf",
        "plans",
        "half-close",
        "closing",
        "deadline",
        "slow-reader",
        "survival",
    }
)

LEVELS: dict[str, frozenset[str]] = {
    CORE_LEVEL: _CORE,
    "fingerd-plain": _CORE,
    "fingerd-machine": _CORE | {"process"},
    "fingerd": frozenset(CAPABILITIES),
}

# How each of ours is started: the program, below the directory of the build, and options for one
# that does not speak the contract's command line.
PROGRAMS = {
    "fingerd": "finger/fingerd",
    "fingerd-machine": "finger/fingerd-machine",
    "fingerd-plain": "finger/fingerd-plain --port {port} --users {users} --deadline {deadline}",
}
