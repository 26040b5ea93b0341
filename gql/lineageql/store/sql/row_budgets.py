"""How many rows a search may visit before it goes about it in another way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

RowBudgets = Callable[[int | None], Iterable[int]]
"""From the size of a page, None for a count, to the budget of each turn of its search."""

WALKED_AS_GATHERED = 4
"""How many rows are walked over in the time in which one is gathered: the first lie side by side."""


def row_budgets(limit: int | None) -> Iterator[int]:
    """The row budget of each turn of a search for a page of `limit` rows, or for a count.

    Each turn begins where the one before ended, and has four times its budget: all turns together visit no more
    than a few times what the quicker of walking and gathering visits, whichever that is and whatever the size
    of the store.
    """
    budget = 2_048 if limit is None else max(2_048, 4 * limit)
    while True:
        yield budget
        budget *= 4
