"""Which workspaces a caller may see: those of a store whose names match."""

from __future__ import annotations

from collections.abc import Sequence

from lineageql.errors import TooExpensive
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import ALWAYS, Field, Operator, Or, Predicate, Test
from lineageql.model.rights import Sight
from lineageql.store.ports import Reader, Search, Window

MOST_SPACES = 10_000
"""How many workspaces a policy may show one by one; more are shown by one rule without `workspaces`."""
_PAGE = 1000


async def seen_spaces(reader: Reader, sight: Sight) -> Sequence[int]:
    """The ids of the workspaces that a caller may see, in order.

    Args:
        reader: reads all of the store.
        sight: what the caller may see, which is not the whole store.

    Raises:
        TooExpensive: there are more than `MOST_SPACES`.
    """
    exact, beginnings = sight.beginnings
    named: list[Predicate] = [Test(Field.NAME, Operator.IN, tuple(sorted(exact)))] if exact else []
    named += [Test(Field.NAME, Operator.STARTS_WITH, text) for text in sorted(beginnings)]
    if not named:
        return []
    search = Search(EntityKind.WORKSPACE, ALWAYS if "" in beginnings else Or(tuple(named)))
    found: list[int] = []
    window: Window | None = Window(_PAGE)
    while window is not None:
        page = await reader.search(search, window, frozenset({Field.NAME}))
        # A workspace that is only a name is no place of its own: what names it is in none.
        spaces = (row.entity for row in page.rows if isinstance(row.entity.ref.key, int))
        found += [space.node.id for space in spaces if sight.holds(space.name)]
        if len(found) > MOST_SPACES:
            words = f"the policy shows more than {MOST_SPACES:,} workspaces of this store one by one"
            raise TooExpensive(f"{words}: ask who writes it for a rule without workspaces")
        window = Window(_PAGE, after=page.rows[-1].key) if page.more else None
    return found
