"""E0.3: messages in a language of your own."""

import pytest

from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.program("{port}", not_yet="{python} {root}/book/solutions/e0_1.py {port}")


def test_the_contracts_tests_pass(target: Subject) -> None:
    """Your server keeps the contract at the level framing."""
    suite.contract(target, "test_framing.py").must_all_pass()
