"""What clients do to a finger daemon in a soak."""

import time

from kit.hanging_fs import ALICES_PLAN
from kit.reference import converted
from traffic import GRACE, Lost, Visitor

LINES = 5000
PLANS = {
    "alice": b"Building a telescope.\nBack in May.\n",
    "bob": None,
    "big": b"".join(b"line %d of a long plan\n" % number for number in range(LINES)),
}
ANSWERS = {
    "alice": b"Building a telescope.\r\nBack in May.\r\n",
    "bob": b"No Plan.\r\n",
    "big": PLANS["big"].replace(b"\n", b"\r\n"),
    "mallory": b"Error: No such user\r\n",
}
# Users whose homes hang at times: in which request, and whether it can be interrupted meanwhile.
HANGING = {"away": ("lookup", False), "asleep": ("open", False), "dead": ("open", True)}


class FingerVisitor(Visitor):
    def good(self) -> None:
        user = self.random.choice([*ANSWERS])
        began = time.monotonic()
        with self.connect() as client:
            client.sendall(user.encode() + b"\r\n")
            received = self.receive_until_end(client, 65536, pause=0)
        self.compare(user, received, began)

    def compare(self, user: str, received: bytes, began: float | None = None) -> None:
        if received != ANSWERS[user]:
            raise Lost(f"{user}: {len(received)} bytes came instead of {len(ANSWERS[user])}: "
                       f"{received[:40]!r}")  # fmt: skip
        self.answered(began)

    def slow(self) -> None:
        """A byte at a time, and the answer in small pieces, all within the deadline."""
        user = self.random.choice(["alice", "big"])
        with self.connect(receive_buffer=16_384) as client:
            self.send_slowly(client, user.encode() + b"\r\n", 1)
            received = self.receive_until_end(client, 8192, self.limit_seconds / 400)
        self.compare(user, received)

    def hostile(self) -> None:
        with self.connect() as client:
            match self.random.randrange(4):
                case 0:
                    client.sendall(b"ali")  # and never the rest
                    self.expect_to_be_closed(client)
                case 1:
                    client.sendall(b"x" * 3000)
                    self.expect_to_be_closed(client)
                case 2:
                    client.sendall(self.random.randbytes(100) + b"\r\n")
                    self.expect_to_be_closed(client)
                case _:
                    client.sendall(b"big\r\n")
                    time.sleep(self.random.uniform(0, 2 * self.limit_seconds))  # and reads nothing
                    self.reset(client)

    def churn(self) -> None:
        client = self.connect()
        if self.random.random() < 0.5:
            client.close()
            self.count("came and went")
        else:
            client.sendall(b"alice\r\n")
            self.reset(client)


class VisitorOfHomesThatHang(FingerVisitor):
    def hostile(self) -> None:
        if self.random.random() < 0.5:
            super().hostile()
        else:
            self.ask_for_a_home_that_hangs()

    def ask_for_a_home_that_hangs(self) -> None:
        """The whole plan, or nothing at all when the deadline has passed."""
        with self.connect() as client:
            client.sendall(self.random.choice([*HANGING]).encode() + b"\r\n")
            client.settimeout(self.limit_seconds + GRACE)
            try:
                received = self.receive_until_end(client, 8192, pause=0)
            except TimeoutError:
                raise Lost("a home that hangs holds a client beyond the deadline") from None
        if received not in (b"", converted(ALICES_PLAN)):
            raise Lost(f"of a home that hangs at times {received[:40]!r} came")
        self.count("had a home's answer" if received else "had a home that hung")
