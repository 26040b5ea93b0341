"""The types of a store, and its nodes with their types."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from lineageql.errors import NotFound
from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnTypes
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.type_catalog import UNKNOWN_TYPE, TypeCatalog
from lineageql.store.service.client import Client, concatenated, gathered
from lineageql.store.service.messages import NOUNS, node_of, type_of


class Types:
    """The types of one operation, read when they are first needed; `own` is what users say of types of theirs."""

    def __init__(self, client: Client, own: OwnTypes = NO_OWN_TYPES) -> None:
        self.client = client
        self.own = own
        self._reading: asyncio.Task[TypeCatalog] | None = None
        self._others: dict[int, NodeType | None] = {}

    async def catalog(self) -> TypeCatalog:
        """All types but MLMD's own simple ones, which its lists hide."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def _read(self) -> TypeCatalog:
        kinds = list(NodeKind)
        replies = await gathered(self.client.ask(f"Get{NOUNS[kind]}Types") for kind in kinds)
        found = concatenated(
            (type_of(kind, message) for message in getattr(reply, f"{NOUNS[kind].lower()}_types"))
            for kind, reply in zip(kinds, replies, strict=True)
        )
        return TypeCatalog(sorted(found, key=lambda type_: type_.id), self.own)

    async def nodes(self, kind: NodeKind, messages: Sequence[Any]) -> list[Node]:
        """Nodes with their types, the simple ones among these too, as far as the operation's caller may see them."""
        return await self.shown(kind, await self.all_nodes(kind, messages))

    async def shown(self, kind: NodeKind, nodes: list[Node]) -> list[Node]:
        """Those of some nodes that the caller may see."""
        return nodes

    async def all_nodes(self, kind: NodeKind, messages: Sequence[Any]) -> list[Node]:
        """The same, those that the caller may not see among them."""
        known = (await self.catalog()).by_id
        missing = {message.type_id for message in messages} - known.keys() - self._others.keys()
        if missing:
            await self._look_up(kind, sorted(missing))

        def type_by_id(id_: int) -> NodeType:
            return known.get(id_) or self._others.get(id_) or NodeType(id_, kind, f"{UNKNOWN_TYPE}{id_}")

        return [node_of(kind, message, type_by_id) for message in messages]

    async def _look_up(self, kind: NodeKind, ids: list[int]) -> None:
        noun = NOUNS[kind]
        replies = await gathered(
            self.client.ask(f"Get{noun}TypesByID", type_ids=batch) for batch in self.client.batches(ids)
        )
        self._others.update(dict.fromkeys(ids))
        for message in concatenated(getattr(reply, f"{noun.lower()}_types") for reply in replies):
            self._others[message.id] = type_of(kind, message)

    async def simple(self, kind: NodeKind, name: str) -> NodeType | None:
        """One of MLMD's own simple types; None where the store does not have it."""
        noun = NOUNS[kind]
        try:
            reply = await self.client.ask(f"Get{noun}Type", type_name=name)
        except NotFound:
            return None
        return type_of(kind, getattr(reply, f"{noun.lower()}_type"))
