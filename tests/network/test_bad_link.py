"""A link that loses, doubles, reorders and delays packets, has little room, or is down for a while.
TCP repairs all of that, if the server gives it the time. So no stage, nor fingerd, may lose an
answer.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bad_link import Badness, bad_link
from namespaces import Namespace
from programs import FINGERD, Kind, Load, running

pytestmark = pytest.mark.long

STAGES = ("part1-blocking", "part2-threads", "part3-nonblocking", "part4-poll", "part5-epoll",
          "part6-uring")
KINDS = pytest.mark.parametrize("kind", [*map(Kind, STAGES), FINGERD], ids=lambda kind: kind.name)
BADNESS = {
    "everything": Badness(delay_ms=20, loss_percent=5, duplicate_percent=2, reorder_percent=5,
                          rate_kbit=4000),
    # TCP waits twice as long after each loss of the same segment, so with a higher loss it would
    # wait too long.
    "loss": Badness(loss_percent=10),
    "narrow": Badness(delay_ms=20, rate_kbit=256),
}
PATIENCE = 60.0
DOWN_SECONDS = 2.0


@contextmanager
def across(kind: Kind, build: Path, directory: Path, badness: Badness
           ) -> Iterator[tuple[Load, Namespace]]:  # fmt: skip
    """Yields clients on one side of a bad link, with the server on the other."""
    with Namespace() as near, Namespace() as far, bad_link(near, far, badness) as ends:
        with running(kind.words(build, directory, ends[1]), far):
            threads = 1 if kind.name == "part1-blocking" else 4  # part1 serves one at a time
            yield Load(kind, near, (ends[1], 7979), threads, PATIENCE), near


def sent_again(inside: Namespace) -> int:
    """Returns how many segments TCP has sent more than once."""
    head, values = (line.split() for line in inside.run("cat", "/proc/net/snmp").splitlines()
                    if line.startswith("Tcp:"))
    return int(values[head.index("RetransSegs")])


@KINDS
@pytest.mark.parametrize("how", BADNESS)
def test_no_answer_is_lost(kind: Kind, how: str, build: Path, directory: Path) -> None:
    with across(kind, build, directory, BADNESS[how]) as (load, near):
        with load:
            load.go_on_for(10 * load.threads_count, within=120)
        assert how == "narrow" or sent_again(near) > 0, "the link has lost nothing"
    assert load.lost == 0, f"{load.lost} of {load.answered + load.lost} answers were lost"


@KINDS
def test_no_answer_is_lost_while_the_link_is_down(
    kind: Kind, build: Path, directory: Path
) -> None:
    with across(kind, build, directory, Badness(delay_ms=5)) as (load, near):
        with near.entered():
            client = socket.create_connection(load.address, timeout=PATIENCE)
        client.sendall(kind.halves[0])
        near.run("ip", "link", "set", "bad", "down")
        rest = threading.Thread(target=client.sendall, args=(kind.halves[1],))
        rest.start()
        time.sleep(DOWN_SECONDS)
        near.run("ip", "link", "set", "bad", "up")
        rest.join()
        with client:
            assert kind.answered(client)
