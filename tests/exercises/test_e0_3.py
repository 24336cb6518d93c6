"""E0.3: a program that knows messages, in the place of cat."""

import pytest

from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.program("tools/inetd {port} {program}")


def test_the_contracts_tests_pass(target: Subject) -> None:
    """Started for each client, your program keeps the contract at the level framing."""
    suite.contract(target, "test_framing.py").must_all_pass()
