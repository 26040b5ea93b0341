"""Lists of nodes by id, page by page, from any place on and in both directions.

MLMD's page tokens lose rows in the order of times, so only the order of ids is
used. A token of that order holds nothing but the last id, so it is made here:
a page may begin anywhere, with filters and without.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from lineageql.errors import Unsupported
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.store.service.client import UNREADABLE, Client, Messages
from lineageql.store.service.messages import NOUNS
from lineageql.store.service.type_reader import Types

_LARGEST_STEP = 64_000
_HIGHEST = 2**62


@dataclass(frozen=True)
class Listing:
    """What is listed: the nodes of a kind, all or those of a type or a context, as far as a filter lets them through.

    A filter may let through more than it says, and without filters on the server lets through all.
    """

    kind: NodeKind
    type: NodeType | None = None
    context: int | None = None
    filter: str = ""

    @property
    def whole(self) -> bool:
        return self.type is None and self.context is None

    def method(self) -> tuple[str, dict[str, Any]]:
        """The method that lists this, and its fields."""
        name = f"Get{NOUNS[self.kind]}s"
        if self.context is not None:
            return f"{name}ByContext", {"context_id": self.context}
        if self.type is None:
            return name, {}
        version = {} if self.type.version is None else {"type_version": self.type.version}
        return f"{name}ByType", {"type_name": self.type.name, **version}


IsMember = Callable[[Node, int], Awaitable[bool]]
"""Whether a node belongs to a context."""


class Lister:
    """Lists nodes for one operation."""

    def __init__(self, client: Client, types: Types, is_member: IsMember) -> None:
        self.client = client
        self.types = types
        self.is_member = is_member

    async def pages(
        self, listing: Listing, after: int | None = None, *, descending: bool = False
    ) -> AsyncIterator[list[Node]]:
        """Nodes in the order of ids, from the first beyond `after` on; each page is counted as looked at."""
        walk = _Walk(self, listing, after, descending)
        while not walk.ended:
            messages = await walk.step()
            self.client.look_at(len(messages))
            nodes = await self.types.nodes(listing.kind, messages)
            if walk.around:
                nodes = [node for node in nodes if await self._admits(listing, node)]
            yield nodes

    async def _admits(self, listing: Listing, node: Node) -> bool:
        if listing.type is not None and listing.type.id != node.type.id:
            return False
        return listing.context is None or await self.is_member(node, listing.context)

    async def page(self, listing: Listing, after: int | None, *, descending: bool, size: int | None = None) -> Messages:
        """One page; there are no more where it is not full."""
        rpc, fields = listing.method()
        filters = self.client.knowledge.filters and bool(listing.filter)
        options = self.client.data.ListOperationOptions(max_result_size=size or self.client.sizes.page)
        options.order_by_field.field = options.OrderByField.ID
        options.order_by_field.is_asc = not descending
        if filters:
            options.filter_query = listing.filter
        if after is not None:
            token = self.client.data.ListOperationNextPageToken(id_offset=after, field_offset=after)
            token.set_options.CopyFrom(options)
            options.next_page_token = base64.urlsafe_b64encode(token.SerializeToString()).rstrip(b"=")
        try:
            reply = await self.client.ask(rpc, options=options, **fields)
        except Unsupported:
            if not filters:
                raise
            self.client.knowledge.filters = False
            return await self.page(listing, after, descending=descending, size=size)
        return list(getattr(reply, f"{NOUNS[listing.kind].lower()}s"))

    async def last(self, kind: NodeKind) -> int:
        """The highest id of a kind, found without reading the last rows, which may be unreadable."""
        power = 10
        while await self._is_beyond(kind, 1 << power):
            power += 1
        low, high = 0, 1 << power
        while low < high:
            middle = (low + high) // 2
            if await self._is_beyond(kind, middle):
                low = middle + 1
            else:
                high = middle
        return low

    async def _is_beyond(self, kind: NodeKind, id_: int) -> bool:
        """Whether there is a row beyond an id, be it one that cannot be read."""
        try:
            return id_ < _HIGHEST and bool(await self.page(Listing(kind), id_, descending=False, size=1))
        except UNREADABLE:
            return True


class _Walk:
    """One pass over a listing.

    `around` says whether the last step read a range of ids in place of a page,
    as there is a row in the page that cannot be read.
    """

    def __init__(self, lister: Lister, listing: Listing, after: int | None, descending: bool) -> None:
        self.lister = lister
        self.listing = listing
        self.after = after
        self.descending = descending
        self.ended = False
        self.around = False
        self.last: int | None = None
        self.sizes = lister.client.sizes
        self.span = self.sizes.batch
        self.begun = False

    async def step(self) -> Messages:
        """The next rows; none only where there are none in a range of ids, or at the end."""
        # Of all nodes of a kind most ids are there, and more of them fit into a request than into a page.
        by_range = (
            self.begun and self.listing.whole and not (self.listing.filter and self.lister.client.knowledge.filters)
        )
        if not self.begun and self._is_spoilt():
            by_range, self.after = True, self.after or 0
        self.begun, self.around = True, False
        if by_range and self.after is not None:
            return await self._range()
        try:
            found = await self.lister.page(self.listing, self.after, descending=self.descending)
        except UNREADABLE:
            return await self._around()
        self.span = self.sizes.batch
        self.ended = len(found) < self.sizes.page
        if found:
            self.after = found[-1].id
        return found

    def _is_spoilt(self) -> bool:
        """Whether a first page is known to hold what cannot be read, so that it need not be asked for in vain."""
        client = self.lister.client
        return self.listing.whole and not self.descending and client.knowledge.spoilt(self.listing.kind)

    async def _range(self) -> Messages:
        found = await self._ids(self.sizes.batch)
        if not self.ended and len(found) < self.sizes.batch:
            # Ids are missing: the next row may be far away, or there may be none.
            try:
                following = await self.lister.page(self.listing, self.after, descending=self.descending, size=1)
            except UNREADABLE:
                await self._find_last()
            else:
                self.ended = not following
                if following:
                    self.after = following[0].id + (1 if self.descending else -1)
        return found

    async def _around(self) -> Messages:
        self.around = True
        await self._find_last()
        if self.ended:
            return []
        found = await self._ids(self.span)
        if not found:
            # Where most ids are missing, and what cannot be read is far away, this might go on for ever.
            self.lister.client.look_at(self.span)
        self.span = min(2 * self.span, _LARGEST_STEP)
        return found

    async def _find_last(self) -> None:
        """Finds out where ids end, as pages do not tell any more."""
        if self.last is None:
            self.last = await self.lister.last(self.listing.kind)
        if self.descending and (self.after is None or self.after > self.last):
            self.after = self.last + 1
        self.ended = not self.descending and self.after is not None and self.after >= self.last

    async def _ids(self, span: int) -> Messages:
        """The nodes of the next ids."""
        after = self.after or 0
        if self.descending:
            ids = range(max(1, after - span), after)
            self.after = ids.start
            self.ended = ids.start <= 1
        else:
            ids = range(after + 1, after + span + 1)
            self.after = after + span
        found = await self.lister.client.by_id(self.listing.kind, ids)
        return sorted(found, key=lambda message: message.id, reverse=self.descending)
