"""The search leads from people's questions to the sections that answer them."""

import json
import subprocess
from pathlib import Path

import pytest
from harness.needed import need_program
from pages import complain

pytestmark = pytest.mark.build

ASK = Path(__file__).with_name("search.mjs")
AMONG_FIRST = 2

# Titles of Stack Overflow (108183, 5106674, 18267146, 9162712, 4160347), of Server Fault (160558),
# and of issues on GitHub (foxweb/pico 29, joyent/libuv 690, axboe/liburing 932,
# chriskohlhoff/asio 1135), word for word.
QUESTIONS = {
    "How to prevent SIGPIPEs (or handle them properly)":
        "appendix-j-what-tcp-does#broken-pipe-with-sigpipe-and-msg_nosignal",
    "Error: Address already in use while binding socket with address but the port number is shown "
    "free by `netstat`":
        "appendix-j-what-tcp-does#address-already-in-use-with-time_wait-and-so_reuseaddr",
    "how to let a thread which blocks on recv() exit gracefully?":
        "04-threads#a-thread-that-waits-for-the-signal",
    "What is the purpose of epoll's edge triggered option?": "07-epoll#level-and-edge",
    "close vs shutdown socket?": "03-closing#a-lingering-close-in-three-moves",
    "How to not get so many apache CLOSE_WAIT connections": "03-closing#an-end-on-one-side",
    "Call to recv may only return partial request message":
        "01-bytes#one-recv-is-not-one-message",
    "Endless loop in EMFILE": "appendix-n-event-loops#emfile-or-too-many-open-files",
    "Socket close in combination with a read/recv is not happening.":
        "appendix-k-ring-in-production#close-with-a-recv-in-flight",
    "AddressSanitizer error when using co_spawn with capturing lambda":
        "appendix-m-coroutines#dangling-references-and-other-lifetimes",
    # And questions as people type them, with words from a message or of the trade.
    "connect() fails with Cannot assign requested address":
        "appendix-j-what-tcp-does#cannot-assign-requested-address",
    "bind: Permission denied on port 80":
        "appendix-j-what-tcp-does#permission-denied-for-port-80-and-below-1024",
    "How to detect that the network cable was unplugged from a TCP connection":
        "appendix-j-what-tcp-does#keepalive-and-a-dead-connection",
    "Can send() return fewer bytes than requested?": "02-blocking#to-send-all-of-it-takes-a-loop",
    "pthread_create fails: Resource temporarily unavailable":
        "appendix-n-event-loops#threads-that-cannot-be-started",
    "Wake up epoll_wait from another thread":
        "appendix-n-event-loops#wake-a-loop-from-another-thread",
    "io_uring_queue_init returns -12 Cannot allocate memory":
        "appendix-k-ring-in-production#io_uring-is-refused",
    "io_uring cqe res -125 ECANCELED": "appendix-a-errno#rings",
    "Graceful restart of server without dropping connections":
        "15-beyond#six-ways-to-restart-under-load",
    "How to get the real client IP address behind a load balancer":
        "appendix-l-the-day-after#who-is-asking",
}


def test_a_question_leads_to_its_answer(built_site: Path) -> None:
    run = subprocess.run([need_program("node"), ASK, built_site, *QUESTIONS], capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr
    complain([f"{question}\n  leads to {', '.join(leads[:AMONG_FIRST])}, not to {wanted}"
              for (question, wanted), leads in zip(QUESTIONS.items(), json.loads(run.stdout))
              if wanted not in leads[:AMONG_FIRST]])
