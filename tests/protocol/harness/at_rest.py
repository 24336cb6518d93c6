"""A server's resources while nobody is connected."""

import time
from collections.abc import Callable

from harness.client import Client
from harness.proc import NO_TIMES, wait_until
from harness.server import Server
from harness.verdict import ContractBroken, hide_from_traceback

__tracebackhide__ = hide_from_traceback

GONE_SECONDS = 1.0
LOOKS, LOOK_SECONDS, SECONDS_MAX = 3, 0.5, 0.025
WAKE_UPS_MAX = 25  # a runtime may look 20 times a second whether there is something to do for it
TRACED_SECONDS_MAX = 0.0025  # strace makes a call last many times longer, so there are fewer calls


def descriptors_at_rest(server: Server, exchange: Callable[[Client], object]) -> int:
    """Returns how many descriptors are open after the first client, because the server may open
    more than a connection for that."""
    with server.connect() as client:
        exchange(client)
        with_a_client = server.process.descriptor_count()
    # If we counted immediately, the connection would nearly always be among them.
    wait_until(lambda: server.process.descriptor_count() < with_a_client, GONE_SECONDS)
    return server.process.descriptor_count()


def expect_descriptors_back(
    server: Server, at_rest: int, one_round: Callable[[], object]
) -> int:
    """Expects that after a round of clients no more than `at_rest` are open. A server may open
    something once, such as the epoll and the pipe that Go's runtime opens for its first timer. So
    if there are more, we repeat the round, which makes a leak grow again. Returns how many are open
    from now on.
    """
    one_round()
    if server.descriptors_come_back(at_rest):
        return at_rest
    if any(client.socket.fileno() >= 0 for client in server.clients):
        server.close_clients()
        server.descriptors_come_back(at_rest)
    after_one = server.process.descriptor_count()
    server.note(f"sees {after_one} descriptors, {at_rest} at first: the same clients come again")
    one_round()
    server.wait_for_descriptors(
        after_one, f"when as many clients had come before, {at_rest} at first")
    return after_one


def expect_rest(
    server: Server, why: str = "with nothing to do", *, may_look: bool = False
) -> None:
    """Expects half a second without processor time, in which no thread wakes up again and again,
    unless it `may_look` for what no event tells. A collector's round or a runtime's clean-up ends,
    but a busy loop doesn't, so we look a few times."""
    is_traced = server.calls_log is not None
    most = TRACED_SECONDS_MAX if is_traced else SECONDS_MAX
    for _ in range(LOOKS):
        server.note(f"looks for {LOOK_SECONDS:g} s whether it rests")
        before, spent = server.process.times_of_threads(), server.process.cpu_seconds()
        slept = server.process.switches_of_threads()
        time.sleep(LOOK_SECONDS)
        spent = server.process.cpu_seconds() - spent
        woken = max(count - slept.get(thread, count)
                    for thread, count in server.process.switches_of_threads().items())
        if spent < most and (may_look or woken <= WAKE_UPS_MAX):
            return
    if spent < most:
        raise ContractBroken(
            f"a thread woke up {woken} times in {LOOK_SECONDS:g} s {why}, and as often in the half "
            f"seconds before; at most {WAKE_UPS_MAX} times. Does it wait with a time-out, and look "
            "again? An event wakes it in any case")
    threads = [
        f"{after.name} {after.user - old.user:.2f} s in the program and "
        f"{after.system - old.system:.2f} s in the kernel"
        for thread, after in server.process.times_of_threads().items()
        if (old := before.get(thread, NO_TIMES)).total < after.total
    ]
    raise ContractBroken(
        f"{spent:.2f} s of processor time in {LOOK_SECONDS:g} s {why}, and as much in the half "
        f"seconds before; at most {SECONDS_MAX:g} s, a twentieth of the time"
        f"{', and a tenth of that with strace, which slows it' if is_traced else ''}. Its threads: "
        f"{', '.join(threads)}" + ("" if is_traced else ". --show lists the calls"))
