"""What a server has while nobody is connected."""

import time
from collections.abc import Callable

from harness.client import Client
from harness.proc import NO_TIMES, wait_until
from harness.server import Server
from harness.verdict import ContractBroken, hide_from_traceback

__tracebackhide__ = hide_from_traceback

GONE_SECONDS = 1.0
LOOKS, LOOK_SECONDS, SECONDS_MAX = 3, 0.5, 0.025
TRACED_SECONDS_MAX = 0.0025  # a call lasts many times longer, and so there are fewer of them


def descriptors_at_rest(server: Server, exchange: Callable[[Client], object]) -> int:
    """How many it has open after its first client, for which it may open more than a connection."""
    with server.connect() as client:
        exchange(client)
        with_a_client = server.process.descriptor_count()
    # Counted at once, the connection is nearly always among them still. But where the connection is
    # no descriptor of this process, as below a wrapper, there is nothing to see.
    wait_until(lambda: server.process.descriptor_count() < with_a_client, GONE_SECONDS)
    return server.process.descriptor_count()


def expect_rest(server: Server, why: str = "with nothing to do") -> None:
    """It takes no processor time in some half second that comes. A collector's round, or what a
    runtime tidies up, ends; a loop that spins does not.
    """
    is_traced = server.calls_log is not None
    for _ in range(LOOKS):
        server.note(f"looks for {LOOK_SECONDS:g} s whether it rests")
        before, spent = server.process.times_of_threads(), server.process.cpu_seconds()
        time.sleep(LOOK_SECONDS)
        spent = server.process.cpu_seconds() - spent
        if spent < (TRACED_SECONDS_MAX if is_traced else SECONDS_MAX):
            return
    threads = [
        f"{after.name} {after.user - old.user:.2f} s in the program and "
        f"{after.system - old.system:.2f} s in the kernel"
        for thread, after in server.process.times_of_threads().items()
        if (old := before.get(thread, NO_TIMES)).total < after.total
    ]
    raise ContractBroken(
        f"{spent:.2f} s of processor time in {LOOK_SECONDS:g} s {why}, and as much in the half "
        f"seconds before; {SECONDS_MAX:g} s, a twentieth of the time, may be"
        f"{', and a tenth of that with strace, which slows it' if is_traced else ''}. Its threads: "
        f"{', '.join(threads)}" + ("" if is_traced else ". --show lists the calls"))
