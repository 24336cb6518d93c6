"""What clients do to a finger daemon in a soak."""

import time

from traffic import Lost, Visitor

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


WITH_A_DEAD_HOME = "host"
ITS_ANSWER = b"Cannot be read.\r\n"


class FingerVisitor(Visitor):
    """Visits of one kind."""

    def visit(self) -> None:
        {"good": self.ask, "slow": self.ask_slowly, "hostile": self.misbehave,
         "churn": self.come_and_go}[self.kind]()  # fmt: skip

    def ask(self) -> None:
        user = self.random.choice([*ANSWERS])
        began = time.monotonic()
        with self.connect() as client:
            client.sendall(user.encode() + b"\r\n")
            received = self.receive_until_end(client, 65536, pause=0)
        self.compare(user, received, began)

    def compare(self, user: str, received: bytes, began: float | None = None) -> None:
        if not received and self.may_move:
            self.count("moved")
        elif received != ANSWERS[user]:
            raise Lost(f"{user}: {len(received)} bytes came instead of {len(ANSWERS[user])}: "
                       f"{received[:40]!r}")  # fmt: skip
        else:
            self.answered(began)

    def ask_slowly(self) -> None:
        """A byte at a time, and the answer in small pieces, all within the deadline."""
        user = self.random.choice(["alice", "big"])
        with self.connect(receive_buffer=16_384) as client:
            self.send_slowly(client, user.encode() + b"\r\n", 1)
            received = self.receive_until_end(client, 8192, self.limit_seconds / 400)
        self.compare(user, received)

    def misbehave(self) -> None:
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

    def come_and_go(self) -> None:
        client = self.connect()
        if self.random.random() < 0.5:
            client.close()
            self.count("came and went")
        else:
            client.sendall(b"alice\r\n")
            self.reset(client)


class DeadHomeVisitor(FingerVisitor):
    """Among the hostile, some ask for a user whose home does not always answer."""

    def misbehave(self) -> None:
        if self.random.random() < 0.5:
            return super().misbehave()
        with self.connect() as client:
            client.sendall(WITH_A_DEAD_HOME.encode() + b"\r\n")
            received = self.receive_until_end(client, 4096, pause=0)
        if received not in (b"", ITS_ANSWER):
            raise Lost(f"{WITH_A_DEAD_HOME}: {received[:40]!r}")
        self.count("asked a home that answered" if received else "asked a home that did not")
