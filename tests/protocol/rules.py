"""The rules that the tests hold a server to, a sentence each, with the chapter that explains it."""

from harness.rule import LIVES, SAYS_READY, Rule

BYTES = "book/01-bytes.md"
BLOCKING = "book/02-blocking.md"
CLOSING = "book/03-closing.md"
THREADS = "book/04-threads.md"
NONBLOCKING = "book/05-nonblocking.md"
POLL = "book/06-poll.md"
EPOLL = "book/07-epoll.md"
MISBEHAVING = "book/08-misbehaving.md"
PROTOCOLS = "book/09-protocols.md"
RING = "book/10-ring.md"
ERRNO = "book/appendix-a-errno.md"
CONTRACT = "book/appendix-c-contract.md"
OWN_SERVER = "book/appendix-d-your-own-server.md"
TCP = "book/appendix-j-what-tcp-does.md"

# Framing
ECHO = Rule(
    "A message is 4 bytes of little-endian length and that many bytes of payload. "
    "Each is answered with the same message.",
    BYTES + "#the-message",
)
ZERO_LENGTH = Rule(
    "A zero-length message is a message like any other, not the end.",
    BYTES + "#the-message",
)
ORDER = Rule(
    "Answers come in the order in which the messages were received.",
    BYTES + "#what-a-stream-promises",
)
ANY_SLICING = Rule(
    "A message may arrive one byte at a time, and many may arrive at once: "
    "neither changes an answer.",
    BYTES + "#one-recv-is-not-one-message",
)
NOT_EARLY = Rule(
    "A message is not answered before it is complete.",
    BYTES + "#a-decoder-that-keeps-the-rest",
)
CUT_SHORT = Rule(
    "A message that the end of the stream cuts short is not answered; its connection is closed.",
    BYTES + "#how-a-stream-ends",
)
NOT_LATE = Rule(
    "A complete message is answered at once: nothing else has to arrive first, "
    "no timer has to end.",
    BYTES + "#a-decoder-that-keeps-the-rest",
)
NO_DELAY = Rule("TCP_NODELAY is set on every connection.", BLOCKING + "#a-server-on-one-page")
OPEN_ENDED = Rule(
    "A connection on which nothing is wrong stays open until its client leaves.",
    BYTES + "#how-a-stream-ends",
)

# Over-long messages
TOO_LONG = Rule(
    "A longer message than --max-message closes its connection as soon as the 4 bytes "
    "of length are known.",
    CONTRACT + "#framing",
)
TOO_LONG_BY_DEFAULT = Rule(
    "A length of more than 65,536 ends its connection as soon as the 4 bytes are known.",
    CLOSING + "#your-own-server",
)
TOO_LONG_ANSWERS_FIRST = Rule(
    "Before an over-long message closes the connection, every earlier message is answered.",
    BYTES + "#how-a-stream-ends",
)
TOO_LONG_ALONE = Rule(
    "An over-long message costs its own connection, and no other connection notices.",
    CONTRACT + "#framing",
)
LENGTH_COSTS_NOTHING = Rule(
    "An announced length costs no memory until the bytes arrive.",
    BYTES + "#memory-for-a-promise",
)

# Ends
HALF_CLOSE = Rule(
    "A client that shuts down its sending side still gets the answer to every complete message, "
    "in full, and then the end of the stream.",
    CLOSING + "#an-end-on-one-side",
)
CLOSE_WITHOUT_RESET = Rule(
    "When the server hangs up, input it never read must not become a reset that destroys "
    "its answers: it ends its stream, then reads and discards until the peer's end, "
    "for up to 2 s.",
    CLOSING + "#the-close-that-eats-the-answer",
)
CLOSING_KEEPS_PLACE = Rule(
    "A connection that is being closed keeps its --max-connections place until it is gone.",
    POLL + "#your-own-server",
)

# Clients that misbehave
SURVIVE = LIVES
BYSTANDER = Rule(
    "A client that says nothing does not keep the server from serving others.",
    THREADS + "#your-own-server",
)
OWN_ANSWERS = Rule(
    "An answer goes to the client that sent the message, whoever else speaks at that moment.",
    THREADS + "#two-threads-and-one-variable",
)
CROWD = Rule("A thousand clients at once are served.", THREADS + "#your-own-server")
BOUNDED_MEMORY = Rule(
    "One connection costs less than 4 x --max-message + 256 KiB of memory, whatever its peer does.",
    MISBEHAVING + "#the-client-that-never-reads",
)
SLOW_READER = Rule(
    "While answers wait for a slow reader, messages already received are kept and answered "
    "when it makes room, without waiting for new input.",
    MISBEHAVING + "#the-second-message",
)
FAIRNESS = Rule(
    "The work done for one busy client at a time is bounded.",
    NONBLOCKING + "#one-client-among-many",
)
ACCEPT_BUDGET = Rule(
    "However many new connections wait, a few are accepted at a time, and then the clients that "
    "are there have their turn.",
    NONBLOCKING + "#one-client-among-many",
)
RESTORE = Rule("What a client cost is given back when it has left.", POLL + "#your-own-server")
NO_THREAD_EACH = Rule("An idle connection costs no thread.", NONBLOCKING + "#your-own-server")
IDLE_HOLDS_NOTHING = Rule(
    "An idle connection holds no message buffer.",
    NONBLOCKING + "#your-own-server",
)

# Limits
MAX_CONNECTIONS = Rule(
    "At --max-connections the server stops accepting, new connections wait in the backlog, "
    "and it resumes as soon as one leaves.",
    POLL + "#when-the-server-is-full",
)
OUT_OF_DESCRIPTORS = Rule(
    "Out of descriptors, new connections wait in the backlog: no busy loop, at most one log line "
    "a second, tried again when a connection leaves or 100 ms have passed.",
    POLL + "#when-the-server-is-full",
)
RAISE_LIMIT = Rule(
    "At start the soft RLIMIT_NOFILE is raised to the hard one; "
    "too low a limit is said once on stderr.",
    POLL + "#your-own-server",
)
ACCEPT_FAULTS = Rule(
    "When accept fails for want of descriptors or memory, or with `EPERM` or an error of the "
    "network, it is tried again when a connection leaves or 100 ms have passed, without a busy "
    "loop.",
    ERRNO + "#accept4",
)
ACCEPT_BROKEN = Rule(
    "Where accept says that the listener itself is broken (EBADF, EINVAL and the like), trying "
    "again is vain: the server says so in one line, ends as after a signal, and exits with 1.",
    ERRNO + "#accept4",
)
BACKLOG = Rule(
    "listen(2) is asked for SOMAXCONN: so many new connections wait while the server cannot "
    "accept them.",
    THREADS + "#your-own-server",
)
LIMIT_COSTS_NOTHING = Rule(
    "What --max-connections allows is paid for as connections come.",
    POLL + "#your-own-server",
)

# Time
READ_TIMEOUT = Rule(
    "A connection that goes --read-timeout without completing a message is closed, "
    "not before that time and soon after it.",
    MISBEHAVING + "#the-dribbler",
)
BYTES_DO_NOT_EXTEND = Rule(
    "Bytes that do not complete a message do not extend the time.", MISBEHAVING + "#the-dribbler"
)
WRITE_TIMEOUT = Rule(
    "While answers wait, the time counts from the last byte that the peer took: "
    "who never reads is closed, who reads slowly is not.",
    OWN_SERVER + "#deadlines-and-a-slow-reader",
)

# Stopping
DRAIN = Rule(
    "On SIGINT or SIGTERM every message that the kernel had received on an accepted connection "
    "is answered in full, then the server closes and exits with 0.",
    OWN_SERVER + "#a-stop-that-loses-no-answer",
)
DRAIN_IDLE = Rule(
    "Idle clients and incomplete messages do not hold up an orderly stop: it ends within a second.",
    MISBEHAVING + "#the-stop",
)
DRAIN_BOUNDED = Rule(
    "An orderly stop takes no longer than --drain-timeout, and a client that reads slowly has all "
    "of that time.",
    OWN_SERVER + "#a-stop-that-loses-no-answer",
)
SECOND_SIGNAL = Rule(
    "A second signal ends the server at once, also with exit status 0.",
    OWN_SERVER + "#a-stop-that-loses-no-answer",
)
BACKLOG_DROPPED = Rule(
    "Connections that were never accepted are dropped at a stop.",
    CONTRACT + "#stopping",
)

# Interruptions
PAUSED = Rule(
    "A message that came in time is answered, also by a server that was paused meanwhile: when the "
    "time is up it looks once more whether something has come, and only then closes.",
    OWN_SERVER + "#deadlines-and-a-slow-reader",
)
EINTR = Rule(
    "A system call that a signal interrupts is called again; nobody notices.",
    TCP + "#eintr-and-sa_restart",
)
SIGPIPE = Rule(
    "Writing to a client that has left ends that connection, not the process.",
    CLOSING + "#the-signal-that-comes-with-a-reset",
)

# Around the process
READY_LINE = SAYS_READY
OPTIONS = Rule("`--port 0` and `--port=0` mean the same.", CONTRACT + "#command-line")
WRONG_USAGE = Rule(
    "Wrong usage exits with 2 after one line on stderr that names the option and what it takes.",
    CONTRACT + "#command-line",
)
CANNOT_RUN = Rule(
    "A server that cannot run exits with 1 after one line on stderr that says what to do about it.",
    CONTRACT + "#command-line",
)
STRICT_NUMBERS = Rule(
    "A number is decimal digits and nothing else; "
    "a duration is digits and ms, s or m, or the character 0.",
    CONTRACT + "#command-line",
)
WIDE_NUMBERS = Rule(
    "A number that does not fit is wrong usage: it is never taken for another number.",
    CONTRACT + "#command-line",
)
HELP = Rule("--help and --version print to stdout and exit with 0.", CONTRACT + "#command-line")
ADDRESSES = Rule(
    "--host takes an IPv4 or IPv6 literal without brackets; `::` serves both families.",
    CONTRACT + "#command-line",
)
ONE_SERVER_A_PORT = Rule(
    "A second server on the same address and port exits with 1.",
    CONTRACT + "#command-line",
)
RESTART = Rule("A server that was stopped can be started again on its port at once.",
               CLOSING + "#what-the-port-remembers")
LOGS = Rule(
    "Without --verbose one line each is logged for an over-long message, an end or a reset "
    "inside a message, and a fault of the server's own; nothing else.",
    CONTRACT + "#the-log",
)
LOG_GONE = Rule(
    "A log that cannot be written ends nothing, and goes to no client.",
    CONTRACT + "#the-log",
)
ESCAPED = Rule("Bytes chosen by a peer are escaped in the log.", CONTRACT + "#the-log")
VERBOSE = Rule(
    "With --verbose there is a line for each connection and one for why it closed.",
    CONTRACT + "#command-line",
)
LOSSES_COUNTED = Rule(
    "Log lines that find no room wait, a bounded number of them. The others are counted, and the "
    "next line that gets through is preceded by one that says how many were lost.",
    CONTRACT + "#the-log",
)

# Mechanisms
THREAD_EACH = Rule(
    "A thread for each client costs memory for each client.",
    THREADS + "#what-a-thousand-idle-clients-cost",
)
POOL = Rule(
    "With --workers, part2 serves as many clients at once as it has threads.",
    THREADS + "#what-a-thousand-idle-clients-cost",
)
BUSY_LOOP = Rule(
    "Asking every socket again and again takes a whole core, with nothing to do.", NONBLOCKING
)
REST = Rule("A server with nothing to do takes no processor time.", POLL + "#your-own-server")
WAKE_UP_COST = Rule(
    "poll(2) looks at every descriptor at every wake-up.",
    POLL + "#what-it-cannot-do",
)
WAKE_UP_FLAT = Rule(
    "A message costs the same however many idle clients are registered.",
    EPOLL + "#your-own-server",
)
TWO_CALLS = Rule("Readiness costs a call to receive and a call to send for every message.", EPOLL)
SHARED_CALLS = Rule(
    "Completion shares a system call: one hands over the answers of all clients that have spoken, "
    "and waits for what comes next.",
    RING,
)
INTEREST = Rule(
    "The kernel is told about a connection's interest only when that changes.",
    EPOLL + "#telling-the-kernel-what-has-changed",
)
WORKERS = Rule(
    "--max-connections counts for the whole process, and a place freed in one worker "
    "wakes every worker that had stopped accepting.",
    PROTOCOLS + "#your-own-server",
)

SO_MANY_WORKERS = Rule(
    "--workers N is how many loops serve, each a thread, a process or a wait of its own.",
    PROTOCOLS + "#your-own-server",
)

# The ring
NO_RING = Rule(
    "Where io_uring is missing or forbidden, or the kernel is older than Linux 6.1, the server "
    "exits with 1 after one line on stderr that says why and what to do about it.",
    RING,
)
RINGS = Rule(
    "Whatever the ring is, small, without newer features, one for each worker: the answers are the "
    "same.",
    RING,
)
SPIN = Rule(
    "--spin looks at the ring for that long before it sleeps, and no longer.",
    CONTRACT + "#command-line",
)
TRACE = Rule(
    "--trace writes when each operation began, whether it was asked to cancel, and its end; "
    "each worker has a file.",
    CONTRACT + "#command-line",
)
IDLE_BYTES = Rule(
    "An idle connection costs at most 1,280 bytes of the server's own memory, "
    "its coroutine included.",
    RING,
)

# Other protocols
DISCARD = Rule(
    "--protocol discard takes everything and answers nothing (RFC 863).",
    CONTRACT + "#the-other-protocols",
)
HTTP_OK = Rule(
    "GET and HEAD of any path: 200 OK, text/plain, Content-Length 6, `hello` and a line end.",
    CONTRACT + "#the-other-protocols",
)
HTTP_KEEP = Rule(
    "HTTP/1.1 keeps the connection unless told `Connection: close`; "
    "HTTP/1.0 closes it unless told keep-alive.",
    CONTRACT + "#the-other-protocols",
)
HTTP_PIPELINE = Rule("Pipelined requests are answered in order.", CONTRACT + "#the-other-protocols")
HTTP_METHOD = Rule(
    "Other methods: 405 with `Allow: GET, HEAD`, and the connection is kept.",
    CONTRACT + "#the-other-protocols",
)
HTTP_EMPTY_LINE = Rule(
    "An empty line before a request is passed over (RFC 9112, 2.2).",
    CONTRACT + "#the-other-protocols",
)
HTTP_MALFORMED = Rule("A malformed request: 400, then close.", CONTRACT + "#the-other-protocols")
HTTP_TOO_LARGE = Rule(
    "A head of more than 8 KiB, from the first byte of the request line to the end of "
    "the blank line: 431, then close.",
    CONTRACT + "#the-other-protocols",
)
HTTP_BODY = Rule(
    "A request's body is read and thrown away, never taken for the next request.",
    PROTOCOLS + "#the-body-is-not-the-next-request",
)
HTTP_AMBIGUOUS = Rule(
    "Content-Length with Transfer-Encoding, differing Content-Lengths, one that is no number, a "
    "transfer encoding that is not `chunked` alone, any transfer encoding in HTTP/1.0, and white "
    "space before the colon: 400, then close.",
    CONTRACT + "#the-other-protocols",
)
HTTP_BROKEN_CHUNK = Rule(
    "A chunk's size is hexadecimal digits, perhaps with extensions after a semicolon; CRLF ends "
    "the size, the data and each line of the trailer (RFC 9112, 7.1). Anything else: 400, then "
    "close.",
    CONTRACT + "#the-other-protocols",
)
HTTP_LONG_BODY = Rule(
    "A Content-Length of up to 2^63 - 1 is a number, and so is a chunk's size: a body may be as "
    "long as it says.",
    CONTRACT + "#the-other-protocols",
)
HTTP_ANY_CASE = Rule(
    "The name of a header means the same in any case, and white space around its value is no part "
    "of it.",
    CONTRACT + "#the-other-protocols",
)
HTTP_EXPECT = Rule("`Expect: 100-continue` is ignored.", CONTRACT + "#the-other-protocols")
HTTP_SLOW = Rule(
    "The read timeout closes a slow request without an answer.",
    CONTRACT + "#the-other-protocols",
)
HTTP_FLAT = Rule(
    "A connection's memory does not grow with the number of its requests.",
    PROTOCOLS + "#http-on-the-other-side-of-the-boundary",
)
