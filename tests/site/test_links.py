"""Links to other sites. tests/book checks links between files here."""

import re
import urllib.error
import urllib.request

import pytest
from blocks import markdown_files
from links import links

AGENT = {"User-Agent": "Mozilla/5.0 (link check of a book)"}
PATIENCE = 20  # s


def outside() -> list[str]:
    found = {link.split("#")[0] for path in markdown_files() for link in links(path)
             if link.startswith("http")}
    return sorted(link for link in found if not re.match(r"https?://(127\.|localhost)", link))


def answer(link: str) -> int | None:
    """The status of a server's response, or None if we cannot reach it."""
    try:
        request = urllib.request.Request(link, headers=AGENT)
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


@pytest.mark.long
@pytest.mark.parametrize("link", outside())
def test_a_link_to_the_world_leads_somewhere(link: str) -> None:
    """A link isn't dead if its server refuses robots, or is out of order."""
    status = answer(link)
    if status is None:
        pytest.skip("no way to some servers from here")
    assert status not in (404, 410), f"{link}: {status}"
