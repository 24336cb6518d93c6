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
COST = "book/13-finger.md#what-a-query-costs"
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
    "then the server closes.",
    QUERIES,
)
PROJECT = Rule(
    "Before the plan comes a line `Project: ` with the first line of .project, if there is one, "
    "and with /W the text of .pubkey. The rules for the plan hold for both files.",
    QUERIES,
)
ANY_SLICING = Rule("A query may arrive one byte at a time, and that changes no answer.", QUERIES)
NOT_EARLY = Rule("The server answers nothing before the end of the line has come.", QUERIES)
LINE_ONLY = Rule("The server ignores bytes after the end of the query's line.", QUERIES)
LENGTH = Rule(
    "A query has up to 1024 bytes before its end. A longer one is answered `Error: Maximum query "
    "length exceeded` as soon as no end can come in time.",
    QUERIES,
)
SWITCH = Rule(
    "`/W`, in upper or lower case, with spaces or tabs after it, is a switch: a line `Name: FULL "
    "NAME` comes before the plan. `/Wname` is a name.",
    QUERIES,
)
BLANKS = Rule("The server drops blanks around a name; blanks inside belong to the name.", QUERIES)
LIST = Rule(
    "The empty query is answered with the text of --list-text and the users who have opted in, "
    "sorted, a line each; with --users, a line has the login alone. The answer is never empty.",
    QUERIES,
)
NO_LIST = Rule("With --no-list, the empty query is answered `Error: User list denied`.", QUERIES)
FULL_NAME = Rule("With --full-name, a line `Name: FULL NAME` comes before every plan.", PLANS)

# Errors
NO_SUCH_USER = Rule(
    "A name of no user who has opted in is answered `Error: No such user`. The server compares the "
    "name with others, and never makes it a part of a path.",
    QUERIES,
)
RELAY = Rule(
    "A query with an @ is answered `Error: Relay access denied`, unless it has only one, followed "
    "by the address that was asked.",
    QUERIES,
)
INVALID = Rule(
    "A query that isn't UTF-8, or has control characters (C1 included), is answered `Error: "
    "Invalid query`.",
    QUERIES,
)
UNEXPECTED_EOF = Rule(
    "A stream that ends before its first byte is answered `Error: Unexpected EOF`.", QUERIES
)
CLOSE_WITHOUT_RESET = Rule(
    "Unread input must not turn the close into a reset that destroys the answer: the server ends "
    "its stream, then reads and discards until the peer's end, for up to 2 s.",
    GOODBYE,
)
HALF_CLOSE = Rule(
    "A client that has sent a complete query and shuts down its sending side gets the whole "
    "answer.",
    QUERIES,
)

# Plans
CRLF = Rule(
    "Every line of an answer ends with CRLF: LF becomes CRLF, CRLF stays, even across two reads, a "
    "CR without LF passes as it is, and a last line without an end gets one.",
    PLANS,
)
NO_PLAN = Rule("A user whose plan is missing or empty is answered `No Plan.`", QUERIES)
NO_LIES = Rule(
    "If the daemon itself fails, it sends nothing more, and never `No Plan.` for a plan that it "
    "couldn't look at.",
    PLANS,
)
REGULAR_FILES = Rule(
    "Only a regular file is a plan. For anything else, and for a file that the server may not "
    "read, it answers `No Plan.` immediately.",
    QUERIES,
)
NOT_OPENED = Rule(
    "The server opens nothing but regular files, so a process that waits at the other end of a "
    "FIFO goes on waiting.",
    FILES,
)
NO_LINKS = Rule(
    "The server follows no symbolic link for a client below a home directory or below --users DIR.",
    LOOK,
)
NO_OTHER_MOUNT = Rule("The server enters no mount below a home directory for a client.", LOOK)
CHANGING = Rule(
    "A plan that changes while the server sends it spoils that answer at most, and leads to no "
    "other file; if the plan becomes shorter, the answer doesn't look whole.",
    QUERIES,
)
SLOW_READER = Rule("A client that reads slowly, but in time, gets the whole answer.", SLOW)
HANGING_FILES = Rule(
    "The deadline covers opening and reading a plan, too, and neither holds up another client.",
    HOMES,
)

# Time
DEADLINE = Rule(
    "An exchange ends at its --deadline, counted from accept, whatever the client does: not "
    "earlier, and not much later.",
    PLACES,
)

# Limits
SURVIVE = Rule("Whatever one client does, the server lives and serves the others.", SLOW)
MAX_CLIENTS = Rule(
    "At --max-clients, if all have sent a complete query, new connections wait in the backlog, and "
    "the server takes them as soon as one is closed.",
    PLACES,
)
DISPLACED = Rule(
    "At --max-clients, the server closes the connection that has had its place longest without a "
    "complete query, to make room for the next one.",
    PLACES,
)
QUERY_TIMEOUT = Rule(
    "A query that isn't complete at --query-timeout, counted from accept, is answered "
    "`Error: Query timeout`.",
    PLACES,
)
MAX_PER_IP = Rule(
    "One address (IPv6: one /64) has at most --max-per-ip connections at a time, and one /48 "
    "four times as many. The server closes any more immediately, and other addresses don't notice.",
    PLACES,
)
MAX_CLIENTS_IN_A_RELOAD = Rule(
    "A fresh worker doesn't count the clients that an old one still serves after a reload: "
    "together they have at most twice as many, for no longer than the deadline.",
    RELOADING,
)
OUT_OF_DESCRIPTORS = Rule(
    "If the server is out of descriptors, new connections wait in the backlog, and all are served "
    "in the end. The server runs no busy loop, and logs at most one line a second.",
    CONTRACT,
)
RESTORE = Rule("When a client leaves, the server frees everything that the client used.", SLOW)
SECRECY = Rule(
    "A user who doesn't exist and one who hasn't opted in get the same answer by the same sequence "
    "of system calls.",
    PROMISES,
)

# Started as root
OPTED_IN = Rule(
    "A user opts in by the group, be it the user's primary one or a supplementary one.", SERVED
)
AS_OWNER = Rule(
    "With the system's accounts, a daemon started as root opens a plan with its owner's rights, "
    "and neither with the daemon's nor with root's.",
    ADDRESS,
)
ROOT_IS_GONE = Rule(
    "The process that serves clients has given up root and all capabilities for good, and others "
    "can't look into it.",
    NO_ROOT,
)
CONFINED = Rule(
    "A client that takes over the server gets only what serving plans takes: no inherited "
    "descriptor, no file outside the homes, nothing to write to, no connection.",
    BREAK_IN,
)
CUT_SHORT = Rule(
    "If a process ends in the middle of an answer, for whatever reason, the client gets a reset.",
    GOODBYE,
)
WORKER_ENDS = Rule(
    "A worker that crashes, or is silent for ten seconds, ends the daemon with status 1, and a "
    "line says which of the two. A worker that leaves gets a line, too. No worker outlives its "
    "parent.",
    STOPPING,
)

SIGNALS = Rule(
    "Signals that a write raises end and stop nothing. A signal that ends any program ends the "
    "daemon, by that signal, or with status 1 if the signal has ended a worker.",
    STOPPING,
)

# The process
RELOAD = Rule(
    "On SIGHUP, the server reads again who has opted in, and disturbs no exchange.", STOPPING
)
RELOAD_COUNTS = Rule(
    "The line of a reload says how many users are served, how many were before, and which members "
    "of the group have no account; if the list shrinks by half, the line is a warning.",
    STOPPING,
)
CHECK_CONFIG = Rule(
    "--check-config says what the daemon would serve and exits with 0, or says why it wouldn't run "
    "and exits with 1. It serves nothing, and disturbs no daemon that runs.",
    WORDS,
)
READY_MEANS_READY = Rule(
    "Before its ready line, the daemon has tried a thread, descriptors and a request through the "
    "ring. If it can't have one of them, one line says what to do, and the exit status is 1.",
    WORDS,
)
RELOAD_FAILS = Rule(
    "A daemon whose reload fails keeps the old list, and says so in a line.", STOPPING
)
DRAIN = Rule(
    "On SIGTERM or SIGINT, a client that has sent a complete query gets the whole answer within "
    "the deadline. The server closes the others and the backlog, and exits with 0.",
    STOPPING,
)
SECOND_SIGNAL = Rule(
    "A second signal ends the server immediately, with 0, and a line says how many clients "
    "that cuts off; within 100 ms of the first, it's the same stop.",
    STOPPING,
)
READY_LINE = Rule(
    "Once it can accept, the server prints `listening on ADDRESS:PORT` to stdout, flushed, and "
    "nothing else goes there.",
    CONTRACT,
)
ADDRESSES = Rule(
    "--addr takes an IPv4 or IPv6 literal; `::`, the default, serves both families, and becomes "
    "0.0.0.0 on a system without IPv6.",
    ADDRESS,
)
ONE_SERVER_A_PORT = Rule("A second server on the same address and port exits with 1.", CONTRACT)
OPTIONS = Rule("`--option value` and `--option=value` mean the same.", CONTRACT)
WRONG_USAGE = Rule(
    "Wrong usage exits with 2 after one line on stderr that names the option and its values.",
    CONTRACT,
)
CANNOT_RUN = Rule(
    "A server that can't run exits with 1 after one line on stderr that says why.", CONTRACT
)
HELP = Rule("--help and --version print to stdout and exit with 0.", CONTRACT)
LOGS = Rule(
    "Each exchange logs one line on stderr: peer, query, outcome, bytes, milliseconds. With --log "
    "none, no exchange does.",
    LOG_LINES,
)
COUNTED = Rule("On SIGUSR1, and when it ends, a worker logs its counts in a line.", STOPPING)
PRIVACY = Rule(
    "With --log outcome or --log none, no line of any kind names a client or a query.", LOG_LINES
)
WHY_NO_PLAN = Rule("For `No Plan.`, the log line says `no plan` and why, for the operator.", LOG)
PRIORITIES = Rule(
    "If stderr is a stream to systemd's journal (JOURNAL_STREAM), each line begins with its "
    "priority, as `<4>`; otherwise none does.",
    LOG_LINES,
)
ESCAPED = Rule("The log escapes bytes that a peer chose.", LOG)
STALLED_LOG = Rule("If the reader of the log stops reading, that holds up no client.", LOG)
PASSED_SOCKET = Rule(
    "The server serves the listening sockets that the service manager passes (LISTEN_FDS, "
    "LISTEN_PID) instead of --addr and --port; a client that waits in their backlogs while no "
    "server runs is answered by the next.",
    SYSTEMD,
)
MESSAGES = Rule(
    "The daemon tells NOTIFY_SOCKET READY=1 when it serves, RELOADING=1 with MONOTONIC_USEC and "
    "READY=1 at SIGHUP, and STOPPING=1 when it's asked to stop.",
    MANAGER,
)
PROXY_HEADER = Rule(
    "A connection from an address of --proxy-protocol begins with a PROXY header, in any slices, "
    "and counts as one from the client that the header names.",
    PROXY,
)
PROXY_TRUST = Rule(
    "The server closes a connection from such an address without a PROXY header; from any other "
    "address, a PROXY header is a query like any other.",
    PROXY,
)
PROXY_BOUNDED = Rule(
    "A PROXY header of version 1 has at most 107 bytes, one of version 2 at most 8 KiB, and the "
    "server skips everything after the addresses.",
    PROXY,
)
PROXY_LOGS = Rule(
    "The server counts a proxy's connection that says it's a check (LOCAL), or ends without a "
    "word, and doesn't log it.",
    PROXY,
)
PROXY_LIMIT = Rule("--max-per-ip counts the client that the PROXY header names.", PROXY)
PROXY_TIMEOUT = Rule(
    "The server waits for a PROXY header as long as --query-timeout, and at least three seconds.",
    PROXY,
)
OTHERS_CLIENTS = Rule("Other people's clients understand the answers.", QUERIES)
COSTS = Rule("A query takes the calls and allocations that its answer needs, and no more.", COST)
