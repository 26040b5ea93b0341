"""How much a search tries before it goes about it in another way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

Efforts = Callable[[int | None], Iterable[int]]

WALKED_AS_GATHERED = 4
"""How many rows are walked over in the time in which one is gathered: the first lie side by side."""


def efforts(limit: int | None) -> Iterator[int]:
    """How many rows are looked at in each turn of a search for a page of `limit` rows, or for a count.

    Each turn begins where the one before ended, and tries four times as much: what all take together is no more
    than a few times what the quicker of walking and gathering takes, whichever that is and whatever the size
    of the store.
    """
    effort = 2_048 if limit is None else max(2_048, 4 * limit)
    while True:
        yield effort
        effort *= 4
