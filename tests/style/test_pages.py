"""The page that grows from chapter to chapter keeps the rules of the chapters before it.

The judge tests each chapter's page from outside. These are lines that a page must have, or must not
have, so that no line becomes wrong in a later chapter.
"""

import re

import pytest
from project import ROOT

PAGES = {  # by the chapter that ends with it
    2: "part1-blocking/steps/08-a-minute-each.cc",
    3: "part1-blocking/steps/09-three-moves.cc",
    4: "part2-threads/steps/04-stop-them-all.cc",
    5: "part3-nonblocking/steps/04-patient-loop.cc",
    6: "part4-poll/steps/08-poll-loop.cc",
    7: "part5-epoll/steps/14-epoll-loop.cc",
    8: "part5-epoll/steps/19-under-attack.cc",
    9: "part5-epoll/steps/20-page-with-loops.cc",
}
HAS = [  # since this chapter, for this reason, a match for this
    (2, "no answer waits for a timer", r"TCP_NODELAY"),
    (2, "a client gets a time for a whole message", r"deadline"),
    (3, "the first of the three moves", r"shutdown\(client(\.fd)?, SHUT_WR\)"),
    (3, "the second, for two seconds", r"Clock::now\(\) \+ (std::chrono::seconds\(2\)|2s)"),
    (3, "a server can be started again on its port", r"SO_REUSEADDR"),
    (4, "the options that the judge passes", r'"--max-connections"'),
    (4, "the options that the judge passes", r'"--read-timeout"'),
    (5, "backpressure", r"if \(!client\.held\.empty\(\)\) return send_held\(client\);"),
    (5, "a listener that doesn't wait", r"type = SOCK_STREAM \| SOCK_NONBLOCK"),
    (5, "a string is freed", r"held\.shrink_to_fit\(\)"),
    (6, "a line a second at most", r"quiet_until = now \+ 1s"),
    (6, "a listener that is broken ends the server", r"EBADF"),
    (6, "as many descriptors as there may be", r"RLIMIT_NOFILE"),
    (6, "the last millisecond is waited through", r"std::chrono::ceil<milliseconds>"),
    (7, "off the list before the close", r"EPOLL_CTL_DEL, client\.fd, nullptr\);\s+close\(client"),
]
HAS_NOT = [
    (2, "a write that a client can end us with", r"\bsend\((?![^;]*MSG_NOSIGNAL)"),
    (4, "more on stdout than the ready line", r'std::puts|std::printf\((?!"listening)'),
    (5, "a socket that may wait", r"\b(socket|accept4)\((?![^;]*(SOCK_NONBLOCK|\btype\b))"),
    (5, "a send for all clients", r"\bsend_all\("),
    (6, "a decision by what poll reports", r"revents (==|&)(?! 0)"),
    (7, "an event that leads to a descriptor or to memory", r"\bdata\.(fd|ptr)\b"),
]


@pytest.mark.parametrize("chapter", PAGES)
def test_a_page_keeps_the_rules_of_the_chapters_before_it(chapter: int) -> None:
    page = (ROOT / PAGES[chapter]).read_text()
    missing = [f"{why}: {pattern}" for since, why, pattern in HAS
               if since <= chapter and not re.search(pattern, page)]
    wrong = [f"{why}: {found[0]}" for since, why, pattern in HAS_NOT
             if since <= chapter and (found := re.search(pattern, page))]
    assert not missing + wrong, f"{PAGES[chapter]} of chapter {chapter}: {missing} {wrong}"


def test_a_turn_is_the_same_whether_the_loop_sleeps_or_not() -> None:
    turns = [re.search(r"^int check\((.|\n)*^bool expire\(.*$", (ROOT / PAGES[chapter]).read_text(),
                       re.MULTILINE) for chapter in (5, 6)]
    assert turns[0] and turns[1] and turns[0][0] == turns[1][0]
