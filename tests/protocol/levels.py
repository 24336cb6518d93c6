"""The levels that a reader's own server climbs, in the order of the chapters."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """A level of the judge. It doesn't matter in which way the server waits."""

    name: str
    adds: tuple[str, ...]  # capabilities, with the first tests first; those of lower levels stay
    asks: str  # the new demands, for a reader who sees no test
    chapter: str


# They're in the order of the chapters, so a reader of a chapter can climb the chapter's levels.
LEVELS = (
    Level(
        "framing",
        ("framing",),
        "each message comes back whole and in order, however its bytes are cut into pieces",
        "book/01-bytes.md",
    ),
    Level(
        "survival",
        ("survival",),
        "whatever one client does (vanish, reset, send garbage), the next one is served",
        "book/02-blocking.md",
    ),
    Level(
        "closing",
        ("half-close", "closing"),
        "a client that has finished sending gets every answer; a length over 65,536 ends the "
        "connection; and after its own end of stream the server reads on until the client's end "
        "(a lingering close), since closing with unread input would destroy the last answers",
        "book/03-closing.md",
    ),
    Level(
        "start",
        ("ready-line",),
        "from here on {port} is 0, which asks the kernel for a free port; once it listens, the "
        "server prints `listening on ADDRESS:PORT`, its only line on stdout; SIGTERM and SIGINT "
        "end it with status 0, it can be started again on its port at once (SO_REUSEADDR), and "
        "every client's socket has TCP_NODELAY",
        "book/04-threads.md",
    ),
    Level(
        "crowd",
        ("concurrency", "crowd"),
        "a thousand clients at once, none of whom holds up another",
        "book/04-threads.md",
    ),
    Level(
        "light",
        ("light-clients", "fairness"),
        "an idle client costs no thread and no buffer, and one that floods starves no other",
        "book/05-nonblocking.md",
    ),
    Level(
        "rest",
        ("rest-when-idle",),
        "with nothing to do, no processor time",
        "book/06-poll.md",
    ),
    Level(
        "resources",
        ("max-connections", "out-of-descriptors", "accept-faults", "restore"),
        "at --max-connections, out of descriptors, or when accept fails, new connections wait; "
        "what a client cost is given back",
        "book/06-poll.md",
    ),
    Level(
        "wake-ups",
        ("flat-wake-ups",),
        "idle clients do not make a message more expensive",
        "book/07-epoll.md",
    ),
    Level(
        "timeouts",
        ("read-timeout",),
        "--read-timeout: a client that completes no message, or takes no answer, leaves in time",
        "book/08-misbehaving.md",
    ),
    Level(
        "limits",
        ("max-message",),
        "--max-message: too long a message costs its sender the connection, and nothing else",
        "book/08-misbehaving.md",
    ),
    Level(
        "backpressure",
        ("backpressure",),
        "a client that reads slowly, or never, costs bounded memory and loses no answer",
        "book/08-misbehaving.md",
    ),
    Level(
        "drain",
        ("drain", "interruptions"),
        "--drain-timeout: asked to stop, the server answers every message that had arrived and "
        "ends in time; a pause, or a window that changes size, changes nothing",
        "book/08-misbehaving.md",
    ),
    Level(
        "sockets",
        ("slow-readers",),
        "what only the socket can tell you, not a runtime's stream around it: "
        "a client that takes a byte now and then is not too slow, and one that has taken none for "
        "--read-timeout still gets what the kernel holds for it, and an end of stream",
        "book/08-misbehaving.md",
    ),
    Level(
        "protocols",
        ("discard", "http"),
        "--protocol discard and --protocol http",
        "book/09-protocols.md",
    ),
    Level(
        "workers",
        ("workers",),
        "--workers: several loops share the clients and the limit",
        "book/09-protocols.md",
    ),
    Level(
        "logs",
        ("logs",),
        "one line for each event worth one and no other, --verbose for more; and a log that "
        "nobody reads blocks nothing",
        "book/appendix-c-contract.md",
    ),
    Level(
        "command-line",
        ("addresses", "command-line"),
        "the rest of the contract's command line: --host, --help, --version, strict numbers, and "
        "wrong usage that ends with status 2 and a line that says what is wrong",
        "book/appendix-c-contract.md",
    ),
)
LEVEL_NAMES = tuple(level.name for level in LEVELS)
# Tests of these levels pass nothing but the port.
PORT_ONLY_LEVELS = LEVEL_NAMES[: LEVEL_NAMES.index("start")]
DEFAULT_LEVEL = PORT_ONLY_LEVELS[-1]
FOUNDATION = (*PORT_ONLY_LEVELS, "start")  # every other level builds on these
CLIMBING_ORDER = tuple(name for level in LEVELS for name in level.adds)
