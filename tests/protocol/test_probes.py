"""The probes: what bpftrace sees in a server that runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import rules
from harness import metrics, probes
from harness.frames import frame
from harness.server import Server

pytestmark = pytest.mark.needs("metrics")


@pytest.mark.rule(rules.METRICS)
def test_the_program_notes_where_its_probes_are(server: Server) -> None:
    assert probes.names(probes.program_of(server.pid)) == probes.NAMES


@pytest.mark.rule(rules.METRICS)
@pytest.mark.parametrize("workers", ["1", "3"])
def test_bpftrace_sees_what_has_happened(start: Callable[..., Server], workers: str) -> None:
    server = start("--workers", workers)
    assert probes.names(probes.program_of(server.pid))
    early = server.connect()
    early.echo(b"before anybody looks")
    with_one = server.process.descriptor_count()
    with probes.Watching(server.pid) as seen:
        metrics.five_of_whom_three_leave(server)
        early.send(frame(b"cut short")[:-1])
        early.close()
        server.wait_for_descriptors(with_one + 1)
    assert seen.counts == {
        "@accepted": 5,
        "@ended[left]": 1,
        "@ended[cut_short]": 2,
        "@ended[too_long]": 1,
        "@answers": 5,
        "@bytes": 5 * 100,
    }
    assert seen.samples["@open_ms"] == 3, "of one that was open before, nobody can tell how long"
    assert seen.samples["@answer_us"] == 5
    assert seen.samples["@completions_a_turn"] > 10
