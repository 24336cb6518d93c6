"""Removes files that a test makes where a reader would make them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blocks import NOT_OURS


@contextmanager
def without_litter(*places: Path) -> Iterator[None]:
    """Removes everything that is added to these directories meanwhile."""
    before = {place: set(place.iterdir()) for place in places}
    yield
    for place in places:
        for path in set(place.iterdir()) - before[place]:
            if path.is_symlink() or not path.is_dir():  # a socket, too
                path.unlink()
            elif path.name not in NOT_OURS:
                shutil.rmtree(path)
