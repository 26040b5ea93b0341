"""A Reader that charges an operation for what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from lineageql.catalog.budget import READ, Budget
from lineageql.model.identity import Ref
from lineageql.model.predicates import Field
from lineageql.store.ports import Link, Reader, Search, Slice, Window

_MOST_ROWS = 100_000
"""How many rows one read may find below its owners: more owners are asked for in several reads."""


def metered(reader: Reader, budget: Budget) -> Reader:
    """A Reader that answers as another does, and charges for it."""
    return cast(Reader, _MeteredReader(reader, budget))


def _rows(found: Slice) -> int:
    return len(found.rows)


def _found(found: Any) -> int:
    return len(found)


_BEFORE = {
    "count_under": 1,
    "matching": 1,
    "types_of": 1,
    "paths": 0,
    "workspaces_of": 1,
    "all_workspaces_of": 0,
    "runs_of": 0,
    "runs_holding": 0,
    "run_states": 0,
}
"""The verbs that are charged for what they are asked of, and the place of that among their arguments."""
_AFTER: Mapping[str, Callable[[Any], int]] = {
    "search": _rows,
    "find_text": _rows,
    "facets": _found,
    "get": _found,
    "ids": _found,
    "events": _found,
    "events_onward": lambda levels: len(levels[0]),
}
"""Those that are charged for what they find."""
_FREE = {"leading_out"}
"""Those that are read for the service's own sake: an operation costs the same whatever is hidden from its caller."""


class _MeteredReader:
    def __init__(self, reader: Reader, budget: Budget) -> None:
        self._reader = reader
        self._budget = budget

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._reader, name)
        if not callable(verb) or name in _FREE:
            return verb
        place, size = _BEFORE.get(name), _AFTER.get(name)
        budget = self._budget

        async def read(*arguments: Any, **more: Any) -> Any:
            budget.reads += 1
            budget.read(READ if place is None else READ + len(arguments[place]))
            found = await verb(*arguments, **more)
            if size is not None:
                budget.read(size(found))
            return found

        return read

    async def charge_ahead(self, reads: int, events: int) -> None:
        """Charges for levels that were read before they were asked for."""
        self._budget.read(reads * READ + events)

    async def search_under(
        self,
        link: Link,
        owners: Sequence[Ref],
        search: Search,
        window: Window,
        fields: frozenset[Field] | None = None,
    ) -> Mapping[Ref, Slice]:
        """As the Reader's, a part of the owners at a time where they may have too many rows for one read."""
        found: dict[Ref, Slice] = {}
        size = max(_MOST_ROWS // max(window.limit, 1), 1)
        for start in range(0, len(owners), size):
            some = owners[start : start + size]
            self._budget.reads += 1
            self._budget.read(READ + len(some))
            found.update(await self._reader.search_under(link, some, search, window, fields))
            self._budget.read(sum(len(found[owner].rows) for owner in some))
        return found
