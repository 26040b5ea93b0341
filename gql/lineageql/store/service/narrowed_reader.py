"""The Reader over MLMD's service of a caller who may not see all of the store."""

from __future__ import annotations

from collections.abc import Sequence

from lineageql.model.entities import Workspace
from lineageql.model.nodes import Event, EventType, Node, NodeKind
from lineageql.model.rights import Sight
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service.node_cache import Tables
from lineageql.store.service.reader import ServiceReader
from lineageql.store.service.reading import Reading
from lineageql.store.service.seen_nodes import SeenNodes
from lineageql.store.service.type_reader import Types


class NarrowedTypes(Types):
    """Makes nodes of messages, and leaves out those that are hidden: whatever is read of a node is read by this."""

    def __init__(self, plain: Types, seen: SeenNodes) -> None:
        super().__init__(plain.client, plain.own)
        self._plain = plain
        self._seen = seen

    async def catalog(self) -> TypeCatalog:
        return await self._plain.catalog()

    async def shown(self, kind: NodeKind, nodes: list[Node]) -> list[Node]:
        return await self._seen.nodes(kind, nodes)


class NarrowedTables(Tables):
    """The rows that one operation knows; the events are those between nodes that are seen."""

    def __init__(self, plain: Tables, types: Types, seen: SeenNodes) -> None:
        super().__init__(plain.client, types)
        self._plain = plain
        self._seen = seen

    async def stored(self, kind: NodeKind, wanted: Sequence[int]) -> dict[int, list[Event]]:
        seen = await self._seen.ids(kind, wanted)
        found = await self._plain.stored(kind, sorted(seen))
        events = [event for some in found.values() for event in some]
        artifacts = await self._seen.ids(NodeKind.ARTIFACT, (event.artifact_id for event in events))
        executions = await self._seen.ids(NodeKind.EXECUTION, (event.execution_id for event in events))
        return {
            id_: [
                event
                for event in found.get(id_, ())
                if event.artifact_id in artifacts and event.execution_id in executions
            ]
            for id_ in wanted
        }


class NarrowedReader(ServiceReader):
    """Answers as if the store held only what a caller may see; see `store.ports.Reader`.

    Args:
        plain: reads all of the store.
        sight: what the caller may see.
    """

    hides = True

    def __init__(self, plain: ServiceReader, sight: Sight) -> None:
        self.client = plain.client
        self._plain = plain
        self._seen = SeenNodes(plain, sight)
        self._types = NarrowedTypes(plain._types, self._seen)
        self._making = None

    async def _make(self) -> Reading:
        tables = NarrowedTables((await self._plain.reading()).tables, self._types, self._seen)
        return Reading(self.client, self._types, await self._types.catalog(), tables)

    async def _workspaces_named(self, names: Sequence[str] | None) -> Sequence[Workspace]:
        # What is in none but by name is seen with what is in none; else there is none, and to look for it takes long.
        return await super()._workspaces_named(names) if self._seen.sight.unplaced else []

    async def leading_out(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[int]:
        return await self._seen.leading_out(kind, ids, types)
