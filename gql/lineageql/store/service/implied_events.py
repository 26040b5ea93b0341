"""Events that conventions imply, as the service's own calls find them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Protocol

from lineageql.model.nodes import Event, Node, NodeKind, implied_input
from lineageql.model.type_catalog import ImpliedTypes, TypeCatalog
from lineageql.store.service import filter_query
from lineageql.store.service.client import gathered
from lineageql.store.service.listings import Lister, Listing

_AT_ONCE = filter_query.MOST


class Nodes(Protocol):
    """What is read by id; `store.service.node_cache.Tables`."""

    async def nodes(self, kind: NodeKind, ids: Iterable[int]) -> dict[int, Node]: ...

    async def contexts(self, kind: NodeKind, ids: Iterable[int]) -> dict[int, list[Node]]: ...

    def keep(self, nodes: Iterable[Node]) -> None: ...


class ImpliedEvents:
    """Finds them in one operation; a store without the types that they are about costs nothing."""

    def __init__(self, tables: Nodes, lister: Lister, types: TypeCatalog) -> None:
        self.tables = tables
        self.lister = lister
        self.types = types
        self._held: dict[int, list[int]] = {}
        self._naming: dict[int, list[int]] = {}

    async def at(self, kind: NodeKind, ids: Iterable[int]) -> dict[int, list[Event]]:
        """The implied events at artifacts or executions, those beside an event of MLMD's own among them."""
        wanted = list(ids)
        found: dict[int, list[Event]] = {id_: [] for id_ in wanted}
        for implied in self.types.implied:
            nodes = await self.tables.nodes(kind, wanted)
            own = implied.artifacts if kind is NodeKind.ARTIFACT else implied.executions
            some = [node for node in nodes.values() if node.type.id in own]
            if some and kind is NodeKind.ARTIFACT:
                await self._at_artifacts(implied, some, found)
            elif some:
                await self._at_executions(implied, some, found)
        return found

    async def _at_executions(
        self, implied: ImpliedTypes, executions: list[Node], found: dict[int, list[Event]]
    ) -> None:
        named = {node.id: implied.inputs.named(node) for node in executions}
        contexts = await self.tables.nodes(NodeKind.CONTEXT, (id_ for id_ in named.values() if id_ is not None))
        meant = [id_ for id_, context in contexts.items() if context.type.id in implied.contexts]
        new = [id_ for id_ in meant if id_ not in self._held]
        held = await gathered(self._artifacts(implied, id_) for id_ in new)
        self._held.update(zip(new, held, strict=True))
        for execution, context in named.items():
            artifacts = self._held[context] if context in meant and context is not None else ()
            found[execution] += [implied_input(artifact, execution) for artifact in artifacts]

    async def _artifacts(self, implied: ImpliedTypes, context: int) -> list[int]:
        found: list[int] = []
        async for nodes in self.lister.pages(Listing(NodeKind.ARTIFACT, context=context)):
            meant = [node for node in nodes if node.type.id in implied.artifacts]
            self.tables.keep(meant)
            found += [node.id for node in meant]
        return found

    async def _at_artifacts(self, implied: ImpliedTypes, artifacts: list[Node], found: dict[int, list[Event]]) -> None:
        of = await self.tables.contexts(NodeKind.ARTIFACT, (node.id for node in artifacts))
        contexts = {id_: [context.id for context in some if context.type.id in implied.contexts]
                    for id_, some in of.items()}  # fmt: skip
        wanted = sorted({context for some in contexts.values() for context in some} - self._naming.keys())
        for start in range(0, len(wanted), _AT_ONCE):
            await self._find_naming(implied, wanted[start : start + _AT_ONCE])
        for artifact, some in contexts.items():
            executions = sorted({execution for context in some for execution in self._naming[context]})
            found[artifact] += [implied_input(artifact, execution) for execution in executions]

    async def _find_naming(self, implied: ImpliedTypes, contexts: list[int]) -> None:
        """Finds the executions that name contexts."""
        found: dict[int, list[int]] = {context: [] for context in contexts}
        filters = filter_query.integer_properties(implied.inputs.property, contexts)
        for type_id, said in product(implied.executions, filters):
            listing = Listing(NodeKind.EXECUTION, type=self.types.by_id[type_id], filter=said)
            async for nodes in self.lister.pages(listing):
                meant = [(node, context) for node in nodes if (context := implied.inputs.named(node)) in found]
                self.tables.keep([node for node, _ in meant])
                for node, context in meant:
                    if context is not None:
                        found[context].append(node.id)
        # Others of the operation ask at the same time: what is known is known whole.
        self._naming.update(found)
