"""Finger servers with one defect each, to show that the tests find it and say what is wrong.

Those that book/bugs has for the daemons of finger/ are not repeated here.

python3 broken_servers.py BUG --port PORT --users DIR; the bugs are the names in BUGS.
"""

import os
import re

from finger_server import DEADLINE_SECONDS, QUERY_BYTES_MAX, Exchange, Refused, parser, run


class OneReceiveIsAQuery(Exchange):
    """Takes what comes first for all that comes."""

    def receive_line(self) -> bytes:
        return self.connection.recv(4096).rstrip(b"\r\n")


class InsistsOnCarriageReturns(Exchange):
    """Waits for CRLF where people type LF."""

    def receive_line(self) -> bytes:
        received = b""
        while not received.endswith(b"\r\n"):
            self.connection.settimeout(self.seconds_left())
            received += self.connection.recv(1)
        return received[:-2]


class CountsTheLineEnd(Exchange):
    """Has a buffer of 1024 bytes, the end of the line included."""

    def receive_line(self) -> bytes:
        line = super().receive_line()
        if len(line) + 2 > QUERY_BYTES_MAX:
            raise Refused("Maximum query length exceeded")
        return line


class DropsHalfClosed(Exchange):
    """Takes the end of the client's stream for a goodbye."""

    def answer(self, line: bytes) -> bytes:
        answer = super().answer(line)
        self.connection.settimeout(0.1)
        try:
            if self.connection.recv(65536) == b"":
                return b""
        except TimeoutError:
            pass
        return answer


class NameIsAPath(Exchange):
    """Puts what a client sends into a path."""

    def answer(self, line: bytes) -> bytes:
        user = self.parse(line)[1]
        directory = os.path.dirname(next(iter(self.users.values())))
        if user and os.path.isfile(f"{directory}/{user}/.plan"):
            self.users = {**self.users, user: f"{directory}/{user}"}
        return super().answer(line)


class KnowsNoRelay(Exchange):
    """Finds nobody whose name has an @."""

    def parse(self, line: bytes) -> tuple[bool, str]:
        return super().parse(line.replace(b"@", b"(at)"))


class OnlyAsciiControls(Exchange):
    """Lets C1 through, which a terminal obeys as it does ESC."""

    def parse(self, line: bytes) -> tuple[bool, str]:
        return super().parse(re.sub(rb"\xc2[\x80-\x9f]", b"c1", line))


class LeavesTheLastLineOpen(Exchange):
    """Converts line ends and makes none."""

    def converted(self, plan: bytes) -> bytes:
        return re.sub(rb"(?<!\r)\n", b"\r\n", plan)


class WaitsForAWriter(Exchange):
    """Opens a FIFO as if it were a file."""

    def read_plan(self, home: str) -> bytes:
        try:
            with open(f"{home}/.plan", "rb") as plan:
                return plan.read()
        except OSError:
            return b""


class SendsOnce(Exchange):
    """Takes a send for one of everything."""

    def send(self, answer: bytes) -> None:
        self.connection.setblocking(False)
        self.connection.send(answer)


class TimePerCall(Exchange):
    """Gives every receive and every send the whole time."""

    def seconds_left(self) -> float:
        return DEADLINE_SECONDS


BUGS: dict[str, type[Exchange]] = {
    "none": Exchange,
    "one-receive-is-a-query": OneReceiveIsAQuery,
    "insists-on-carriage-returns": InsistsOnCarriageReturns,
    "counts-the-line-end": CountsTheLineEnd,
    "drops-half-closed": DropsHalfClosed,
    "name-is-a-path": NameIsAPath,
    "knows-no-relay": KnowsNoRelay,
    "only-ascii-controls": OnlyAsciiControls,
    "leaves-the-last-line-open": LeavesTheLastLineOpen,
    "waits-for-a-writer": WaitsForAWriter,
    "sends-once": SendsOnce,
    "time-per-call": TimePerCall,
}


def main() -> None:
    arguments = parser()
    arguments.add_argument("bug", choices=BUGS)
    chosen = arguments.parse_args()
    run(BUGS[chosen.bug], chosen)


if __name__ == "__main__":
    main()
