"""Signals that the daemon doesn't handle end it like any program, and never with 0."""

import os
import signal

import pytest

import rules
from conftest import ANSWER
from kit.parent import workers
from kit.server import FingerServer

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.SIGNALS)]

IGNORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTTOU, signal.SIGCHLD, signal.SIGCONT,
           signal.SIGURG, signal.SIGWINCH)
FATAL = (signal.SIGALRM, signal.SIGIO, signal.SIGPROF, signal.SIGRTMIN, signal.SIGUSR2,
         signal.SIGVTALRM, signal.SIGXCPU)
OF_THE_PARENT = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1)


@pytest.mark.parametrize("number", IGNORED, ids=lambda number: number.name)
def test_neither_process_minds(server: FingerServer, number: signal.Signals) -> None:
    for pid in (server.pid, *workers(server)):
        os.kill(pid, number)
        server.expect(b"alice", ANSWER)


@pytest.mark.parametrize("number", OF_THE_PARENT, ids=lambda number: number.name)
def test_the_worker_takes_orders_from_its_parent_alone(
    server: FingerServer, number: signal.Signals
) -> None:
    (worker,) = workers(server)
    os.kill(worker, number)
    server.expect(b"alice", ANSWER)
    assert workers(server) == [worker]


@pytest.mark.parametrize("number", FATAL, ids=lambda number: number.name)
def test_a_fatal_signal_ends_the_daemon(server: FingerServer, number: signal.Signals) -> None:
    server.expect(b"alice", ANSWER)
    server.send_signal(number)
    assert server.wait_exit() == -number


@pytest.mark.parametrize("number", FATAL, ids=lambda number: number.name)
def test_a_fatal_signal_to_the_worker_ends_the_daemon_with_1(
    server: FingerServer, number: signal.Signals
) -> None:
    server.expect(b"alice", ANSWER)
    (worker,) = workers(server)
    os.kill(worker, number)
    assert server.wait_exit() == 1
    assert f"the worker ended unexpectedly: signal {number}" in server.stderr_text()
