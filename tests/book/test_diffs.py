"""In the pages of differences, each change has a sentence, and each sentence a change."""

import diff_blocks
import diff_map
import diffs
import pytest
from test_book import complain

PAGES = sorted(diffs.PAGES.glob("*.md"))


def page(pair: str) -> str:
    return (diffs.PAGES / f"{pair}.md").read_text()


@pytest.mark.parametrize("pair", diff_blocks.PAIRS)
def test_every_change_has_a_sentence_that_fits(pair: str) -> None:
    complain([f"diffs/{pair}.md: {what}" for what in diffs.complaints(pair, page(pair))])


def test_the_map_has_every_function_and_names_only_what_there_is() -> None:
    old, new = diff_blocks.stages(diff_blocks.MAP)
    complain([f"diffs/{diff_blocks.MAP}.md: {what}"
              for what in diff_map.complaints(old, new, page(diff_blocks.MAP))])


def test_there_is_a_page_for_each_pair_and_no_other() -> None:
    assert [path.stem for path in PAGES] == sorted([*diff_blocks.PAIRS, diff_blocks.MAP, "README"])
