"""The picture of the state machine is that of its table."""

import draw_machine
import pytest


def test_the_picture_shows_the_table() -> None:
    if draw_machine.PICTURE.read_text() != draw_machine.drawn():
        pytest.fail("book/fig/machine.svg is not the table: book/tools/draw_machine.py draws it",
                    pytrace=False)


def test_a_row_without_a_place_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    more = [*draw_machine.rows(), draw_machine.Row("linger", "user", "open_home", "open_home")]
    monkeypatch.setattr(draw_machine, "rows", lambda: more)
    with pytest.raises(AssertionError, match="open_home"):
        draw_machine.drawn()
