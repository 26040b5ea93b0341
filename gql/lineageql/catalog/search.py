"""Search over the texts of all kinds of entities, best matches first."""

from __future__ import annotations

import asyncio

from lineageql.catalog.finding import Finder
from lineageql.catalog.pages import Edge, Page, PageRequest
from lineageql.errors import InvalidArgument
from lineageql.model.identity import EntityKind
from lineageql.store.ports import Key, Window

_KINDS = (EntityKind.WORKSPACE, EntityKind.RUN, EntityKind.EXECUTION, EntityKind.ARTIFACT)
MAX_TEXT = 1_000
MAX_WORDS = 32


async def search(finder: Finder, text: str, request: PageRequest) -> Page[Edge]:
    """A page of the entities in which every word of a text is.

    Matches of one rank come by kind, then in the order in which they were made.

    Raises:
        InvalidArgument: the text is empty or too long, has too many words, or a paging argument is wrong.
    """
    if not text.strip():
        raise InvalidArgument("the text to search for is empty", "text")
    if len(text) > MAX_TEXT:
        raise InvalidArgument(f"the text has {len(text)} characters; the most is {MAX_TEXT}", "text")
    words = len(text.split())
    if words > MAX_WORDS:
        raise InvalidArgument(f"the text has {words} words; the most is {MAX_WORDS}", "text")
    identity = ("search", text)
    settings = finder.settings
    window = request.window(identity, default=settings.page_size, maximum=settings.max_page_size)
    slices = await asyncio.gather(*(finder.reader.find_text(kind, text, _window_of(kind, window)) for kind in _KINDS))
    rows = [((row.key[0], place, *row.key[1:]), row) for place, found in enumerate(slices) for row in found.rows]
    rows.sort(key=lambda pair: pair[0])
    shown = rows[: window.limit]
    more = len(rows) > window.limit or any(found.more for found in slices)
    edges = [Edge(row.entity, key, identity) for key, row in shown]

    async def count() -> int:
        return sum(await asyncio.gather(*(finder.reader.count_text(kind, text) for kind in _KINDS)))

    return Page(edges, more, window.after is not None, count)


def _window_of(kind: EntityKind, window: Window) -> Window:
    """The window of one kind, from the window of all: keys there have the kind after the rank."""
    if window.after is None:
        return window
    rank, place = (*window.after, None)[:2]
    ties = window.after[2:]
    if not isinstance(rank, int) or not isinstance(place, int) or not 0 <= place < len(_KINDS):
        raise InvalidArgument("this cursor was altered; take cursors from earlier answers", "after")
    here = _KINDS.index(kind)
    if here == place:
        return Window(window.limit, (rank, *ties))
    # A kind before the cursor's is through with this rank, one after it has yet to begin it.
    after: Key = (rank,) if here < place else (rank - 1,)
    return Window(window.limit, after)
