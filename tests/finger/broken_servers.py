"""Finger servers with one defect each, to show that the tests find it and say what is wrong.

python3 broken_servers.py BUG --port PORT --users DIR; the bugs are the names in BUGS.
"""

import os
import re

from finger_server import DEADLINE_SECONDS, QUERY_BYTES_MAX, Exchange, Refused, parser, run

READ_BYTES = 4096


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


class SwitchWithoutBlank(Exchange):
    """Takes the first two letters of /Wname for the switch."""

    def parse(self, line: bytes) -> tuple[bool, str]:
        return super().parse(re.sub(rb"^/[Ww](?=\S)", b"/W ", line))


class NobodyIsNamedNothing(Exchange):
    """Looks for a user with an empty name."""

    def answer(self, line: bytes) -> bytes:
        if not self.parse(line)[1]:
            raise Refused("No such user")
        return super().answer(line)


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


class SilentWithoutPlan(Exchange):
    """Has nothing to say about who has written nothing."""

    def answer(self, line: bytes) -> bytes:
        return super().answer(line).replace(b"No Plan.\r\n", b"")


class DoublesCarriageReturns(Exchange):
    """Forgets between two reads what the last byte was."""

    def converted(self, plan: bytes) -> bytes:
        pieces = [plan[begin : begin + READ_BYTES] for begin in range(0, len(plan), READ_BYTES)]
        lines = b"".join(re.sub(rb"(?<!\r)\n", b"\r\n", piece) for piece in pieces)
        return lines if lines.endswith(b"\n") else lines + b"\r\n"


class KeepsBareLineFeeds(Exchange):
    """Forgets too late that there was a CR: the LF after a CRLF stays bare."""

    def converted(self, plan: bytes) -> bytes:
        lines = re.sub(rb"(?<![\r\n])\n", b"\r\n", plan)
        return lines if lines.endswith(b"\n") else lines + b"\r\n"


class LeavesTheLastLineOpen(Exchange):
    """Converts line ends and makes none."""

    def converted(self, plan: bytes) -> bytes:
        return re.sub(rb"(?<!\r)\n", b"\r\n", plan)


class FollowsLinks(Exchange):
    """Opens whatever a user points to."""

    def read_plan(self, home: str) -> bytes:
        try:
            with open(os.open(f"{home}/.plan", os.O_RDONLY | os.O_NONBLOCK), "rb") as plan:
                return plan.read()
        except OSError:
            return b""


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


class ResetsAnswersAway(Exchange):
    """Closes at once: with input unread, the kernel sends a reset."""

    def hang_up(self) -> None:
        self.connection.close()


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
    "switch-without-blank": SwitchWithoutBlank,
    "nobody-is-named-nothing": NobodyIsNamedNothing,
    "name-is-a-path": NameIsAPath,
    "knows-no-relay": KnowsNoRelay,
    "only-ascii-controls": OnlyAsciiControls,
    "silent-without-plan": SilentWithoutPlan,
    "doubles-carriage-returns": DoublesCarriageReturns,
    "keeps-bare-line-feeds": KeepsBareLineFeeds,
    "leaves-the-last-line-open": LeavesTheLastLineOpen,
    "follows-links": FollowsLinks,
    "waits-for-a-writer": WaitsForAWriter,
    "sends-once": SendsOnce,
    "resets-answers-away": ResetsAnswersAway,
    "time-per-call": TimePerCall,
}


def main() -> None:
    arguments = parser()
    arguments.add_argument("bug", choices=BUGS)
    chosen = arguments.parse_args()
    run(BUGS[chosen.bug], chosen)


if __name__ == "__main__":
    main()
