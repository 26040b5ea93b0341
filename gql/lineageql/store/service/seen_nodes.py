"""The nodes of a store behind MLMD's service that a caller may see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from lineageql.model.conventions.convention import Custom, Declared, Role
from lineageql.model.conventions.kubeflow import WORKSPACE_NAME
from lineageql.model.identity import EntityKind
from lineageql.model.nodes import EventType, Node, NodeKind, RawValue
from lineageql.model.rights import Sight
from lineageql.store.seen_spaces import seen_spaces
from lineageql.store.service.reader import ServiceReader

_ENTITY_KINDS = {NodeKind.ARTIFACT: EntityKind.ARTIFACT, NodeKind.EXECUTION: EntityKind.EXECUTION}


class SeenNodes:
    """Tells for one operation what its caller may see.

    Args:
        plain: reads all of the store.
        sight: what the caller may see, which is not all.
    """

    def __init__(self, plain: ServiceReader, sight: Sight) -> None:
        self.plain = plain
        self.sight = sight
        self._finding: asyncio.Task[Sequence[int]] | None = None
        self._known: dict[NodeKind, dict[int, bool]] = {kind: {} for kind in NodeKind}

    async def spaces(self) -> set[int]:
        """The ids of the workspaces that are seen."""
        if self._finding is None:
            self._finding = asyncio.create_task(seen_spaces(self.plain, self.sight))
        return set(await asyncio.shield(self._finding))

    async def nodes(self, kind: NodeKind, nodes: Sequence[Node]) -> list[Node]:
        """Those of some nodes that are seen, and of these what is seen."""
        if kind is NodeKind.CONTEXT:
            return await self._contexts(nodes)
        seen = await self.ids(kind, (node.id for node in nodes))
        found = [node for node in nodes if node.id in seen]
        await self._forget_names(kind, found)
        return found

    async def ids(self, kind: NodeKind, ids: Iterable[int]) -> set[int]:
        """Those of some artifacts or executions that are seen."""
        wanted, known = set(ids), self._known[kind]
        new = sorted(id_ for id_ in wanted if id_ not in known)
        if new:
            known.update(await self._find(_ENTITY_KINDS[kind], new))
        return {id_ for id_ in wanted if known[id_]}

    async def _find(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, bool]:
        spaces, memberships = await self.spaces(), (await self.plain.reading()).memberships
        if self.sight.unplaced:
            around = await memberships.spaces(kind, ids)
            return {id_: not around[id_] or any(space.id in spaces for space in around[id_]) for id_ in ids}
        inside = await memberships.inside(kind, sorted(spaces), ids) if spaces else set()
        return {id_: id_ in inside for id_ in ids}

    # -- contexts

    async def _contexts(self, contexts: Sequence[Node]) -> list[Node]:
        spaces, reading, known = await self.spaces(), await self.plain.reading(), self._known[NodeKind.CONTEXT]
        new = [node for node in contexts if node.id not in known]
        others = {node.id: node for node in new if node.id not in spaces}
        found = dict.fromkeys((node.id for node in new), True) | dict.fromkeys(others, False)
        for node in await reading.roles.workspaces(list(others.values())):
            del others[node.id]
        named = set(reading.types.named_contexts(Role.RUN))
        by_name = [node for node in others.values() if node.type.id in named]
        spaces_of_runs = [node.custom_properties.get(WORKSPACE_NAME) for node in by_name]
        below = [node for node in others.values() if node.type.id not in named]
        found.update(zip((node.id for node in by_name), await self._seen_by_name(spaces_of_runs), strict=True))
        parents = await reading.tables.parents(node.id for node in below)
        above = list({node.id: node for some in parents.values() for node in some}.values())
        real = {node.id for node in await reading.roles.workspaces(above)}
        for node in below:
            around = {parent.id for parent in parents[node.id]} & real
            around.update(await reading.memberships.named_by(node))
            found[node.id] = not spaces.isdisjoint(around) or (self.sight.unplaced and not around)
        known.update(found)
        return [node for node in contexts if known[node.id]]

    async def _seen_by_name(self, names: Sequence[object]) -> list[bool]:
        """Of each name of a workspace, which is no text where there is none, whether a workspace of it is seen."""
        reading, spaces = await self.plain.reading(), await self.spaces()
        own = map(reading.types.by_id.__getitem__, reading.types.naming_contexts)
        contexts = await reading.tables.contexts_named(own, [name for name in names if isinstance(name, str)])
        around = [[node.id for node in contexts[name]] if isinstance(name, str) else [] for name in names]
        return [not spaces.isdisjoint(ids) or (self.sight.unplaced and not ids) for ids in around]

    async def _forget_names(self, kind: NodeKind, nodes: Sequence[Node]) -> None:
        """Takes the names of workspaces and runs out of nodes where the workspace is hidden."""
        types = (await self.plain.reading()).types
        for naming, type_ids in types.naming_places(kind).items():
            mine = [node for node in nodes if naming.is_reserved or node.type.id in type_ids]
            mine = [node for node in mine if any(place.name in _layer(node, place) for place in naming.named)]
            if mine:
                space = naming.workspace
                names = [None if space is None else _layer(node, space).get(space.name) for node in mine]
                for node, seen in zip(mine, await self._seen_by_name(names), strict=True):
                    for place in () if seen else naming.named:
                        _layer(node, place).pop(place.name, None)

    # -- what leads out of what is seen

    async def leading_out(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> list[int]:
        """See `store.ports.Reader.leading_out`."""
        tables = (await self.plain.reading()).tables
        other = NodeKind.EXECUTION if kind is NodeKind.ARTIFACT else NodeKind.ARTIFACT
        ends: dict[int, set[int]] = {}
        for id_, events in (await tables.events(kind, ids, types)).items():
            ends[id_] = {
                event.execution_id if kind is NodeKind.ARTIFACT else event.artifact_id
                for event in events
                if event.type in types
            }
        there = await tables.nodes(other, {end for some in ends.values() for end in some})
        hidden = there.keys() - await self.ids(other, there)
        return [id_ for id_, some in ends.items() if not hidden.isdisjoint(some)]


def _layer(node: Node, place: Declared | Custom) -> dict[str, RawValue]:
    return node.custom_properties if isinstance(place, Custom) else node.properties
