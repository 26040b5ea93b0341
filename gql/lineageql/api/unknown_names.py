"""Warnings of names that nothing in the store has, wherever a filter or an order may hold one.

They are looked for only where an unknown one may be why an answer is empty, or in
no order: an answer with rows, the first of which has what it is ordered by, pays
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from lineageql.api.context import Info
from lineageql.api.warnings import WarningCode
from lineageql.catalog.lineage import NodeFilter
from lineageql.catalog.pages import Edge, Page, PageRequest
from lineageql.catalog.unknown_names import unknown_names
from lineageql.model.identity import EntityKind
from lineageql.model.orders import lacking
from lineageql.model.predicates import Field, Predicate
from lineageql.store.ports import Search


async def warn_of_names(info: Info, asked: Sequence[tuple[EntityKind, Predicate]], order: Search | None = None) -> None:
    """Adds a warning of each name in what is asked that nothing has; see `catalog.unknown_names`."""
    for unknown in await unknown_names(info.context.finder, asked, order):
        info.context.warnings.add(info, WarningCode.UNKNOWN_NAME, unknown.message, level=True)


async def warn_of_pages(info: Info, search: Search, request: PageRequest, pages: Sequence[Page[Edge]]) -> None:
    """The same of a page of the whole store, or of the same page under all owners of a level."""
    if request.after is not None or request.before is not None:
        return
    empty = not any(page.edges for page in pages)
    unordered = not isinstance(search.order.field, Field) and not any(_is_placed(page, search) for page in pages)
    if empty or unordered:
        await warn_of_names(info, [(search.kind, search.predicate)] if empty else (), search if unordered else None)


def _is_placed(page: Page[Edge], search: Search) -> bool:
    """Whether the first row of a page has what it is ordered by."""
    return bool(page.edges) and page.edges[0].key[0] != lacking(descending=search.order.descending)[0]


def of_nodes(where: NodeFilter) -> list[tuple[EntityKind, Predicate]]:
    """What a filter of lineage asks of each kind."""
    return [(kind, where.of(kind)) for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION)]
