"""The rules for a finger server, each with the section that explains it."""

from harness.rule import Rule

FILES = "book/13-finger.md#a-file-is-not-a-socket"
GOODBYE = "book/13-finger.md#the-goodbye"
QUERIES = "finger/contract.md#queries-and-answers"
PLANS = "finger/contract.md#plans-and-files"
PLACES = "finger/contract.md#places-and-times"
ADDRESS = "finger/contract.md#where-it-listens-and-as-whom"
STOPPING = "finger/contract.md#reload-stop-and-what-ends-it"
BREAK_IN = "book/14-hardening.md#a-break-in"
NO_ROOT = "book/14-hardening.md#from-root-to-nobody"
LOOK = "book/14-hardening.md#between-the-look-and-the-open"
HOMES = "book/14-hardening.md#homes-that-hang"
SLOW = "book/14-hardening.md#clients-that-take-their-time"
LOG = "book/14-hardening.md#the-log-is-read-by-a-human"
PROXY = "finger/contract.md#behind-a-proxy"
SYSTEMD = "book/appendix-l-the-day-after.md#sockets-from-systemd"
RELOADING = "book/14-hardening.md#reloading-without-root"
PROMISES = "SECURITY.md#what-fingerd-promises"
SERVED = "finger/README.md#who-is-served-and-with-what"
WORDS = "finger/README.md#what-it-says-and-what-to-do"
LOG_LINES = "finger/README.md#logs"
MANAGER = "book/15-beyond.md#a-manager-with-a-gate"
CONTRACT = "book/appendix-c-contract.md#command-line"

# The query
PLAN = Rule(
    "A name, ended by CRLF, LF, CR, or the end of the stream, is answered with that user's plan, "
    "then closed.",
    QUERIES,
)
PROJECT = Rule(
    "Before the plan comes a line `Project: ` with the first line of .project, if there is one, "
    "and with /W the content of .pubkey; both by the same rules as the plan.",
    QUERIES,
)
ANY_SLICING = Rule("A query may arrive one byte at a time: that changes no answer.", QUERIES)
NOT_EARLY = Rule("Nothing is answered before the end of the line has come.", QUERIES)
LINE_ONLY = Rule("What comes behind the end of the query's line is ignored.", QUERIES)
LENGTH = Rule(
    "A query has up to 1024 bytes before its end. With one more it is answered "
    "`Error: Maximum query length exceeded` as soon as no end can come in time.",
    QUERIES,
)
SWITCH = Rule(
    "`/W`, in any case, with spaces or tabs behind it, is a switch: a line `Name: FULL NAME` comes "
    "before the plan. `/Wname` is a name.",
    QUERIES,
)
BLANKS = Rule("Blanks around a name are dropped, those inside belong to it.", QUERIES)
LIST = Rule(
    "The empty query is answered with who has opted in, sorted, a line each, after the text of "
    "--list-text; with --users the login alone. The answer is never nothing.",
    QUERIES,
)
NO_LIST = Rule("With --no-list the empty query is answered `Error: User list denied`.", QUERIES)
FULL_NAME = Rule("With --full-name a line `Name: FULL NAME` comes before every plan.", PLANS)

# Errors
NO_SUCH_USER = Rule(
    "A name of no user who has opted in is answered `Error: No such user`. It is compared with "
    "names, and never becomes a part of a path.",
    QUERIES,
)
RELAY = Rule(
    "A query with an @ is answered `Error: Relay access denied`, unless the text after the "
    "only one is the address that was asked.",
    QUERIES,
)
INVALID = Rule(
    "A query that is not UTF-8, or has control characters (C1 included), is answered "
    "`Error: Invalid query`.",
    QUERIES,
)
UNEXPECTED_EOF = Rule(
    "A stream that ends before its first byte is answered `Error: Unexpected EOF`.", QUERIES
)
CLOSE_WITHOUT_RESET = Rule(
    "Input that was never read must not turn the close into a reset that destroys the answer: the "
    "server ends its stream, then reads and discards until the peer's end, for up to 2 s.",
    GOODBYE,
)
HALF_CLOSE = Rule(
    "A client that has sent a whole query and shuts down its sending side gets the whole answer.",
    QUERIES,
)

# Plans
CRLF = Rule(
    "Every line of an answer ends with CRLF: LF becomes CRLF, CRLF stays, also across two reads, a "
    "CR without LF passes as it is, and a last line without an end gets one.",
    PLANS,
)
NO_PLAN = Rule("A user whose plan is missing or empty is answered `No Plan.`", QUERIES)
NO_LIES = Rule(
    "Where the daemon itself fails, nothing more is sent, and no `No Plan.` for a plan that it "
    "could not look at.",
    PLANS,
)
REGULAR_FILES = Rule(
    "Only a regular file is a plan. Anything else, and what may not be read, is answered "
    "`No Plan.` immediately.",
    QUERIES,
)
NOT_OPENED = Rule(
    "Nothing but a regular file is opened: a process that waits at the other end of a FIFO keeps "
    "waiting.",
    FILES,
)
NO_LINKS = Rule(
    "No symbolic link below a home directory, or below --users DIR, is followed for a client.",
    LOOK,
)
NO_OTHER_MOUNT = Rule("No mount below a home directory is entered for a client.", LOOK)
CHANGING = Rule(
    "A plan that changes while it is served spoils that answer at most, and leads to no other "
    "file; if it becomes shorter, the answer does not look whole.",
    QUERIES,
)
SLOW_READER = Rule("A client that reads slowly, but in time, gets the whole answer.", SLOW)
HANGING_FILES = Rule(
    "Opening and reading a plan are within the deadline, and hold up no other client.", HOMES
)

# Time
DEADLINE = Rule(
    "An exchange ends at its --deadline, counted from accept, whatever the client does: not before "
    "it, and soon after.",
    PLACES,
)

# Limits
SURVIVE = Rule("Whatever one client does, the server lives and serves the others.", SLOW)
MAX_CLIENTS = Rule(
    "At --max-clients, if all have sent a complete query, new connections wait in the backlog, and "
    "are served as soon as one is closed.",
    PLACES,
)
DISPLACED = Rule(
    "At --max-clients the next connection displaces the one that has gone longest without a "
    "complete query.",
    PLACES,
)
QUERY_TIMEOUT = Rule(
    "A query that is not whole at --query-timeout, counted from accept, is answered "
    "`Error: Query timeout`.",
    PLACES,
)
MAX_PER_IP = Rule(
    "From one address (IPv6: one /64) no more than --max-per-ip are served together, and four "
    "times as many from one /48. More are closed immediately; other addresses do not notice.",
    PLACES,
)
MAX_CLIENTS_IN_A_RELOAD = Rule(
    "Whom an old worker still serves after a reload is not counted by the fresh one: together they "
    "have no more than twice as many, for no longer than the deadline.",
    RELOADING,
)
OUT_OF_DESCRIPTORS = Rule(
    "Out of descriptors, new connections wait in the backlog and all are served in the end: no "
    "busy loop, at most one log line a second.",
    CONTRACT,
)
RESTORE = Rule("When a client leaves, everything it used is freed.", SLOW)
SECRECY = Rule(
    "A user who does not exist and one who has not opted in get the same answer by the same "
    "sequence of system calls.",
    PROMISES,
)

# Started as root
OPTED_IN = Rule(
    "A user has opted in who has the group, as the primary or as a supplementary one.", SERVED
)
AS_OWNER = Rule(
    "With the system's accounts, started as root, a plan is opened with its owner's rights, and "
    "with no others: not the daemon's, not root's.",
    ADDRESS,
)
ROOT_IS_GONE = Rule(
    "The process that serves clients has given root up for good, with all capabilities, and cannot "
    "be looked into.",
    NO_ROOT,
)
CONFINED = Rule(
    "A client that takes the server over gets nothing that serving plans does not take: no "
    "descriptor that was inherited, no file outside the homes, nothing to write to, no connection.",
    BREAK_IN,
)
CUT_SHORT = Rule(
    "An answer that the end of its process cuts short ends in a reset, whatever has ended it.",
    GOODBYE,
)
WORKER_ENDS = Rule(
    "A worker that crashes, or is silent for ten seconds, ends the daemon with 1, and a line says "
    "which it was; one says so of a worker that leaves, too. No worker outlives its parent.",
    STOPPING,
)

SIGNALS = Rule(
    "Signals that a write raises end and stop nothing; one that ends any program ends the daemon, "
    "by that signal, or with 1 if it ended a worker.",
    STOPPING,
)

# The process
RELOAD = Rule("SIGHUP reads again who has opted in, and disturbs no exchange.", STOPPING)
RELOAD_COUNTS = Rule(
    "The line of a reload says how many users are served, how many were before, and which members "
    "of the group have no account; a list that shrinks by half is a warning.",
    STOPPING,
)
CHECK_CONFIG = Rule(
    "--check-config says what would be served and exits with 0, or why the daemon would not run, "
    "and exits with 1. It serves nothing, and disturbs no daemon that runs.",
    WORDS,
)
READY_MEANS_READY = Rule(
    "Before the ready line a thread, descriptors and a request through the ring were tried; if "
    "one fails, one line says what to do, and the exit status is 1.",
    WORDS,
)
RELOAD_FAILS = Rule("A reload that fails keeps the old list, and says so in a line.", STOPPING)
DRAIN = Rule(
    "On SIGTERM or SIGINT a client that has sent a whole query gets the whole answer within the "
    "deadline, the others and the backlog are closed, and the server exits with 0.",
    STOPPING,
)
SECOND_SIGNAL = Rule(
    "A second signal ends the server immediately, with 0, and a line says how many clients that "
    "cuts; within 100 ms of the first it is the same stop.",
    STOPPING,
)
READY_LINE = Rule(
    "Once it can accept, the server prints `listening on ADDRESS:PORT` to stdout, flushed; nothing "
    "else goes there.",
    CONTRACT,
)
ADDRESSES = Rule(
    "--addr takes an IPv4 or IPv6 literal; `::`, the default, serves both families, and becomes "
    "0.0.0.0 if there is no IPv6.",
    ADDRESS,
)
ONE_SERVER_A_PORT = Rule("A second server on the same address and port exits with 1.", CONTRACT)
OPTIONS = Rule("`--option value` and `--option=value` mean the same.", CONTRACT)
WRONG_USAGE = Rule(
    "Wrong usage exits with 2 after one line on stderr that names the option and its values.",
    CONTRACT,
)
CANNOT_RUN = Rule(
    "A server that cannot run exits with 1 after one line on stderr that says why.", CONTRACT
)
HELP = Rule("--help and --version print to stdout and exit with 0.", CONTRACT)
LOGS = Rule(
    "One line an exchange on stderr: peer, query, outcome, bytes, milliseconds; none with "
    "--log none.",
    LOG_LINES,
)
COUNTED = Rule(
    "SIGUSR1 logs the counts in a line, and so does a worker when it ends.", STOPPING
)
PRIVACY = Rule(
    "With --log outcome, and with none, no line of any kind names a client or a query.", LOG_LINES
)
WHY_NO_PLAN = Rule("For `No Plan.` the line says `no plan` and why, for the operator.", LOG)
PRIORITIES = Rule(
    "Where stderr is a stream to systemd's journal (JOURNAL_STREAM), each line begins with its "
    "priority, as `<4>`; anywhere else it does not.",
    LOG_LINES,
)
ESCAPED = Rule("Bytes chosen by a peer are escaped in the log.", LOG)
STALLED_LOG = Rule("A reader of the log that stops reading holds up no client.", LOG)
PASSED_SOCKET = Rule(
    "The listening sockets that the service manager passes (LISTEN_FDS, LISTEN_PID) are served in "
    "place of --addr and --port; what waits in their backlogs while no server runs is answered by "
    "the next.",
    SYSTEMD,
)
MESSAGES = Rule(
    "NOTIFY_SOCKET is told READY=1 when it serves, RELOADING=1 with MONOTONIC_USEC and READY=1 at "
    "SIGHUP, STOPPING=1 when it is asked to stop.",
    MANAGER,
)
PROXY_HEADER = Rule(
    "Connections from an address of --proxy-protocol begin with a PROXY header, in any slices, "
    "and count as the client's that the header names.",
    PROXY,
)
PROXY_TRUST = Rule(
    "From such an address a connection without a PROXY header is closed; from any other a PROXY "
    "header is a query like any other.",
    PROXY,
)
PROXY_BOUNDED = Rule(
    "A PROXY header of version 1 has at most 107 bytes, one of version 2 at most 8 KiB; "
    "anything behind the addresses is skipped.",
    PROXY,
)
PROXY_LOGS = Rule(
    "A proxy's connection that says that it is a check (LOCAL), and one that says nothing before "
    "it ends, is counted, and not logged.",
    PROXY,
)
PROXY_LIMIT = Rule("--max-per-ip counts the client that the PROXY header names.", PROXY)
PROXY_TIMEOUT = Rule(
    "A PROXY header is waited for as long as --query-timeout, and three seconds at the least.",
    PROXY,
)
OTHERS_CLIENTS = Rule("Other people's clients understand the answers.", QUERIES)
