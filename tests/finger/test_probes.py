"""The probes: what bpftrace sees in a daemon that runs."""


import pytest

import rules
from conftest import ALICE
from kit import probes
from kit.parent import only_worker
from kit.reference import NO_PLAN, converted
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("metrics"), pytest.mark.rule(rules.METRICS)]

ANSWER = converted(ALICE)


def test_the_program_notes_where_its_probes_are(server: FingerServer) -> None:
    assert probes.names(probes.program_of(server.pid)) == probes.NAMES


def test_bpftrace_sees_what_has_happened(start: Start) -> None:
    server = start("--max-per-ip", "1", "--deadline", "1s")
    assert probes.names(probes.program_of(server.pid))
    server.expect(b"alice", ANSWER)  # then it has opened all that it keeps
    at_rest = server.descriptors_at_rest()
    with probes.Watching(server.pid) as seen:
        for _ in range(3):
            server.expect(b"alice", ANSWER)
            server.wait_for_descriptors(at_rest)  # or the next would be one too many
        server.expect(b"bob", NO_PLAN)
        server.wait_for_descriptors(at_rest)
        with server.connect() as silent:
            with server.connect() as second:
                second.expect_answer(b"")
            silent.expect_end()
        server.wait_for_descriptors(at_rest)
    assert seen.counts == {
        "@accepted": 5,
        "@ended[answered]": 3,
        "@ended[no_plan]": 1,
        "@ended[timed_out]": 1,
        "@ended[refused]": 1,
        "@answers": 4,
        "@bytes": 3 * len(ANSWER) + len(NO_PLAN),
    }
    assert seen.samples["@open_ms"] == 5, "who is refused was never open"
    assert seen.samples["@answer_us"] == 4


def test_a_worker_that_has_given_root_up_is_seen_as_well(start_as_root: Start) -> None:
    server = start_as_root()
    worker = only_worker(server)
    assert probes.names(probes.program_of(worker))
    with probes.Watching(worker) as seen:
        server.expect(b"alice", ANSWER)
    assert seen.counts["@ended[answered]"] == seen.counts["@answers"] == 1
