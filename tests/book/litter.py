"""Files that are made where a reader makes them, and that must not stay."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blocks import NOT_OURS


@contextmanager
def without_litter(*places: Path) -> Iterator[None]:
    """Takes away what has come to these directories meanwhile."""
    before = {place: set(place.iterdir()) for place in places}
    yield
    for place in places:
        for path in set(place.iterdir()) - before[place]:
            if path.is_symlink() or not path.is_dir():  # a socket, too
                path.unlink()
            elif path.name not in NOT_OURS:
                shutil.rmtree(path)
