"""The capabilities of each stage.

Every test names the capability that it checks, and this table decides which stages run the test. If
a stage lacks a capability on purpose, it's in WEAKNESSES, and a test there shows that the stage
really lacks it. If neither holds, the capability makes no sense for the stage.
"""

from levels import LEVELS

STAGES = (
    "part1-blocking",
    "part2-threads",
    "part3-nonblocking",
    "part4-poll",
    "part5-epoll",
    "part6-uring",
)

# Each capability and its meaning, in the words of tests/matrix.md.
CAPABILITIES = {
    "framing": "messages come back whole and in order, however the bytes are cut",
    "half-close": "a client that has finished sending gets every answer",
    "closing": "the server's own close destroys no answer",
    "survival": "a broken client does not end the server",
    "ready-line": "tells on which address it listens, once it does",
    "command-line": "options, strict numbers, exit statuses",
    "addresses": "IPv4, IPv6, both; a port that is taken; restart on the same port",
    "max-message": "an over-long message costs its sender the connection, and nobody else anything",
    "logs": "one line for each event worth one, and no other",
    "read-timeout": "a client that completes no message leaves in time",
    "backpressure": "a client that reads slowly, or never, costs bounded memory",
    "slow-readers": "a client that reads slowly stays, and one that never reads loses no answer "
    "that the kernel has",
    "drain": "stops on a signal, in order and in time",
    "interruptions": "EINTR, SIGSTOP and SIGPIPE change nothing",
    "after-a-pause": "a message that came in time is answered wherever the pause found the server, "
    "and however many receives it takes",
    "accept-faults": "a failing accept is tried again, without a busy loop",
    "restore": "descriptors and memory go back to where they were",
    "concurrency": "a silent client does not stop the next one",
    "crowd": "a thousand clients at once",
    "max-connections": "at the limit new connections wait, and are served when one leaves",
    "fairness": "a client that floods does not starve its neighbour",
    "out-of-descriptors": "EMFILE: new connections wait, the processor rests",
    "light-clients": "an idle client costs no thread and no buffer",
    "rest-when-idle": "no work, no processor time",
    "flat-wake-ups": "idle clients do not make a message more expensive",
    "batched-calls": "less than two system calls a message",
    "pool": "a fixed pool of threads",
    "plain-calls": "moves its bytes by system calls, which strace can see and make fail",
    "workers": "several loops share the clients and the limit",
    "interest": "epoll_ctl only when the interest changes, and its failure costs one client",
    "feather-light": "an idle client costs at most 1,280 bytes of the server's own memory",
    "ring": "any ring serves; where there can be none, a line says why",
    "trace": "the trace shows each operation from its beginning to its end",
    "discard": "`--protocol discard`",
    "http": "`--protocol http`",
}

_PORT_ONLY = {"framing", "half-close", "closing", "survival"}
_EVERY_STAGE = _PORT_ONLY | {
    "ready-line",
    "command-line",
    "addresses",
    "max-message",
    "logs",
    "read-timeout",
    "backpressure",
    "slow-readers",
    "drain",
    "interruptions",
    "after-a-pause",
    "accept-faults",
    "restore",
}
_PLAIN = {"plain-calls"}
_SEVERAL_CLIENTS = {"concurrency", "crowd", "max-connections", "fairness", "out-of-descriptors"}

# The capabilities of a server, by its name, which is a level of the judge, or a stage.
CAPABILITIES_OF: dict[str, frozenset[str]] = {
    **{
        level.name: frozenset(name for below in LEVELS[: number + 1] for name in below.adds)
        for number, level in enumerate(LEVELS)
    },
    "part1-blocking": frozenset(_EVERY_STAGE | _PLAIN | {"rest-when-idle"}),
    "part2-threads": frozenset(
        _EVERY_STAGE | _PLAIN | _SEVERAL_CLIENTS | {"rest-when-idle", "flat-wake-ups", "pool"}
    ),
    "part3-nonblocking": frozenset(
        _EVERY_STAGE | _PLAIN | _SEVERAL_CLIENTS | {"light-clients"}
    ),
    "part4-poll": frozenset(
        _EVERY_STAGE | _PLAIN | _SEVERAL_CLIENTS | {"light-clients", "rest-when-idle"}
    ),
    "part5-epoll": frozenset(
        _EVERY_STAGE
        | _SEVERAL_CLIENTS
        | {"light-clients", "rest-when-idle", "flat-wake-ups"}
        | {"plain-calls", "workers", "interest", "discard", "http"}
    ),
    "part6-uring": frozenset(
        _EVERY_STAGE
        | _SEVERAL_CLIENTS
        | {"light-clients", "rest-when-idle", "flat-wake-ups", "batched-calls"}
        | {"workers", "discard", "http", "feather-light", "ring", "trace"}
    ),
}

# The capabilities that a stage lacks because of its mechanism, each shown by a test marked `lacks`.
WEAKNESSES: dict[str, frozenset[str]] = {
    "part1-blocking": frozenset({"concurrency", "batched-calls"}),
    "part2-threads": frozenset({"light-clients", "batched-calls"}),
    "part3-nonblocking": frozenset({"rest-when-idle", "flat-wake-ups", "batched-calls"}),
    "part4-poll": frozenset({"flat-wake-ups", "batched-calls"}),
    "part5-epoll": frozenset({"batched-calls"}),
    "part6-uring": frozenset(),
}

# Stages with a busy loop, which takes a whole core if it may.
SPIN = frozenset({"part3-nonblocking"})

# The options that a stage may lack, with the stages that take each; every stage takes all the
# others. An option without a stage is the finger daemon's.
OPTION_STAGES: dict[str, frozenset[str]] = {
    "--max-connections": frozenset(STAGES) - {"part1-blocking"},
    "--workers": frozenset({"part2-threads", "part5-epoll", "part6-uring"}),
    "--accept": frozenset({"part5-epoll"}),
    "--protocol": frozenset({"part5-epoll", "part6-uring"}),
    "--trace": frozenset({"part6-uring"}),
    "--spin": frozenset({"part6-uring"}),
    "--ring": frozenset({"part6-uring"}),
    "--proxy-protocol": frozenset(),
}

# A server that climbs has an option when it has the capability. Options that aren't here belong to
# a mechanism.
OPTION_OF: dict[str, str] = {
    "--max-connections": "max-connections",
    "--read-timeout": "read-timeout",
    "--max-message": "max-message",
    "--drain-timeout": "drain",
    "--protocol": "http",
    "--workers": "workers",
    "--verbose": "logs",
    "--host": "addresses",
}


def takes_option(level: str, option: str) -> bool:
    """Returns true if a server of this level must take the option."""
    if level in STAGES:
        return level in OPTION_STAGES.get(option, STAGES)
    return OPTION_OF.get(option) in CAPABILITIES_OF[level]


def refuses_option(level: str, option: str) -> bool:
    """Returns true if a server of this level must refuse the option. A server that still climbs may
    be ahead of its level."""
    return level in STAGES and not takes_option(level, option)
