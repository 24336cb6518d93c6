"""E0.3: messages in a language of your own."""

import pytest

from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.program("{port}", not_yet="{python} {root}/book/solutions/e0_1.py {port}")

FILES = ("test_framing.py", "test_half_close.py", "test_closing.py")


@pytest.mark.parametrize("file", FILES)
def test_the_contracts_tests_pass(target: Subject, file: str) -> None:
    """Your server keeps the contract at the level closing."""
    suite.contract(target, file).must_all_pass()
