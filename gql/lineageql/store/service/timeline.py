"""Nodes in the order of their times, by filters.

MLMD's pages in the order of times lose rows where ids are not in that order,
and may never end where many rows have one time. So a page is only ever asked for
as the first one beyond a time, and rows of one time are listed by their ids.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from lineageql.errors import Unsupported
from lineageql.model.nodes import Node
from lineageql.model.predicates import Field
from lineageql.store.service import filter_query
from lineageql.store.service.listings import Lister, Listing
from lineageql.store.service.messages import NOUNS

COLUMNS = {
    Field.CREATE_TIME: ("CREATE_TIME", "create_time_since_epoch"),
    Field.UPDATE_TIME: ("LAST_UPDATE_TIME", "last_update_time_since_epoch"),
}
"""MLMD's name of each order, and its column."""


class Timeline:
    """A listing in the order of a time."""

    def __init__(self, lister: Lister, listing: Listing, field: Field, *, descending: bool) -> None:
        self.lister = lister
        self.listing = listing
        self.order, self.column = COLUMNS[field]
        self.descending = descending

    async def pages(self, after: tuple[int, int] | None) -> AsyncIterator[list[Node]]:
        """Nodes from the first beyond a time and an id on; each page is counted as looked at.

        Raises:
            Unsupported: the server takes no filters.
            LineageQLError: a row cannot be read.
        """
        time: int | None = None
        if after is not None:
            time = after[0]
            async for nodes in self._at(time, after[1]):
                yield nodes
        while True:
            found = await self._beyond(time)
            if len(found) < self.lister.client.sizes.page:
                yield await self._shown(found)
                return
            time = self._time(found[-1])
            yield await self._shown([node for node in found if self._time(node) != time])
            async for nodes in self._at(time, None):
                yield nodes

    async def _beyond(self, time: int | None) -> list[Node]:
        """The first nodes beyond a time, in no order where they have the same time."""
        client = self.lister.client
        if not client.knowledge.filters:
            raise Unsupported("this MLMD takes no filters")
        said = "" if time is None else f"{self.column} {'<' if self.descending else '>'} {int(time)}"
        rpc, fields = self.listing.method()
        options = client.data.ListOperationOptions(
            max_result_size=client.sizes.page, filter_query=filter_query.both(self.listing.filter, said)
        )
        options.order_by_field.field = options.OrderByField.Field.Value(self.order)
        options.order_by_field.is_asc = not self.descending
        try:
            reply = await client.ask(rpc, options=options, **fields)
        except Unsupported:
            client.knowledge.filters = False
            raise
        messages = list(getattr(reply, f"{NOUNS[self.listing.kind].lower()}s"))
        client.look_at(len(messages))
        return await self.lister.types.all_nodes(self.listing.kind, messages)

    async def _at(self, time: int, after: int | None) -> AsyncIterator[list[Node]]:
        said = filter_query.both(self.listing.filter, f"{self.column} = {int(time)}")
        listing = replace(self.listing, filter=said)
        async for nodes in self.lister.pages(listing, after, descending=self.descending):
            if not self.lister.client.knowledge.filters:
                raise Unsupported("this MLMD takes no filters")
            yield [node for node in nodes if self._time(node) == time]

    def _time(self, node: Node) -> int:
        return (node.create_time if self.order == "CREATE_TIME" else node.update_time) or 0

    async def _shown(self, nodes: list[Node]) -> list[Node]:
        shown = await self.lister.types.shown(self.listing.kind, nodes)
        return sorted(shown, key=lambda node: (self._time(node), node.id), reverse=self.descending)
