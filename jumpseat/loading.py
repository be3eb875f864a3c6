"""Importing much at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Looks for no garbage while modules are loaded, nor among them later: they stay, and it takes a sixth of the time.

    https://docs.python.org/3.11/library/gc.html#gc.freeze
    """
    gc.disable()
    try:
        yield
    finally:
        keep_what_is_there()
        gc.enable()


def keep_what_is_there() -> None:
    """Has nothing that there is now looked at for garbage any more: to look through it all stops pictures for 0.1 s."""
    gc.freeze()
