"""What another process has done to the listening socket before it was passed holds up nobody."""

import pytest

import rules
from conftest import ALICE
from kit.manager import Manager, is_sound, spoil
from kit.reference import converted
from kit.server import Start

pytestmark = pytest.mark.needs("contract")


@pytest.mark.rule(rules.PASSED_SOCKET)
def test_what_was_done_to_the_passed_socket_before_holds_up_nobody(
    manager: Manager, start: Start
) -> None:
    spoil(manager.listener)
    server = start(under=manager.under)
    assert is_sound(manager.listener)
    for _ in range(2):
        server.expect(b"alice", converted(ALICE))
