"""From executions, artifacts and runs to the workspaces and runs they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lineageql.model.conventions.convention import Role
from lineageql.model.entities import Artifact, Run
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import Node, NodeKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service.entities import NODE_KINDS
from lineageql.store.service.node_cache import Tables
from lineageql.store.service.roles import Roles
from lineageql.store.service.runs import Runs


class Memberships:
    """Answers, for one operation, what belongs to what."""

    def __init__(self, tables: Tables, roles: Roles, runs: Runs, types: TypeCatalog) -> None:
        self.tables = tables
        self.roles = roles
        self.runs = runs
        self.types = types

    async def spaces(self, kind: EntityKind, ids: Iterable[int]) -> dict[int, list[Node]]:
        """The workspaces that each artifact or execution is in, by itself or by a context below them."""
        direct = await self.tables.contexts(NODE_KINDS[kind], ids)
        above: Mapping[int, list[Node]] = {}
        if self.types.through_children:
            above = await self.tables.parents({node.id for found in direct.values() for node in found})
        around = {
            id_: {other.id: other for node in found for other in (node, *above.get(node.id, ()))}
            for id_, found in direct.items()
        }
        contexts = list({node.id: node for found in around.values() for node in found.values()}.values())
        spaces = {node.id for node in await self.roles.workspaces(contexts)}
        return {id_: [found[other] for other in sorted(found.keys() & spaces)] for id_, found in around.items()}

    async def contexts_of(self, spaces: Iterable[int]) -> dict[int, list[int]]:
        """Each workspace and the contexts below it: those whose members are its own."""
        ids = list(spaces)
        if not self.types.through_children:
            return {id_: [id_] for id_ in ids}
        children = await self.tables.children(ids)
        return {id_: [id_, *(node.id for node in children[id_] if node.id != id_)] for id_ in ids}

    async def inside(self, kind: EntityKind, spaces: Sequence[int], ids: Sequence[int]) -> set[int]:
        """Which of some artifacts or executions are in one of some workspaces, in as few calls as may be."""
        contexts = {id_ for found in (await self.contexts_of(spaces)).values() for id_ in found}
        if len(contexts) * (1 + len(ids) // self.tables.client.sizes.page) < len(ids):
            found = [await self.tables.members_among(NODE_KINDS[kind], context, ids) for context in contexts]
            if None not in found:
                return {id_ for members in found for id_ in members or ()}
        wanted = set(spaces)
        around = await self.spaces(kind, ids)
        return {id_ for id_, nodes in around.items() if any(node.id in wanted for node in nodes)}

    async def workspaces_of(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, int]:
        """The workspace of each artifact or execution.

        It is the one that the node names itself, where it belongs to that; else
        the first of those it belongs to; else that of the first run it belongs to.
        """
        node_kind = NODE_KINDS[kind]
        found = await self._by_name(kind, ids)
        others = [id_ for id_ in ids if id_ not in found]
        direct = await self.tables.contexts(node_kind, others)
        spaces = await self.spaces(kind, others)
        for id_ in others:
            members = {node.id for node in direct[id_]}
            around = [space.id for space in spaces[id_]]
            first = next((space for space in around if space in members), next(iter(around), None))
            if first is not None:
                found[id_] = first
        return found

    async def _by_name(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, int]:
        """The workspaces that nodes name in a property and belong to."""
        own = [self.types.by_id[id_] for id_ in self.types.naming_contexts]
        if not own or not self.types.naming.get(NODE_KINDS[kind]):
            return {}
        naming: dict[str, list[int]] = {}
        for id_, node in (await self.tables.nodes(NODE_KINDS[kind], ids)).items():
            name = self.types.convention(node.type).named_workspace(node)
            if name is not None:
                naming.setdefault(name, []).append(id_)
        contexts = await self.tables.contexts_named(own, naming)
        found: dict[int, int] = {}
        for name, members in naming.items():
            for context in reversed(contexts[name]):  # the first of several counts
                inside = await self.members_among(NODE_KINDS[kind], context.id, members)
                found.update(dict.fromkeys(inside, context.id))
        return found

    async def members_among(self, kind: NodeKind, context: int, ids: Sequence[int]) -> set[int]:
        """Which of some artifacts or executions belong to a context."""
        together = (
            await self.tables.members_among(kind, context, ids) if len(ids) > self.tables.client.sizes.few else None
        )
        if together is not None:
            return together
        contexts = await self.tables.contexts(kind, ids)
        return {id_ for id_, found in contexts.items() if any(node.id == context for node in found)}

    async def workspaces_of_runs(self, runs: Sequence[Ref]) -> dict[Ref, int]:
        """The workspace of each run: the context of its workspace's name, its first parent, or the one it names."""
        found: dict[Ref, int] = {}
        named = [(ref, ref.key.workspace) for ref in runs if isinstance(ref.key, RunName)]
        spaces = await self.tables.contexts_named(
            map(self.types.by_id.__getitem__, self.types.naming_contexts), [name for _, name in named]
        )
        found.update((ref, spaces[name][0].id) for ref, name in named if spaces[name])
        numbered = {ref.key: ref for ref in runs if isinstance(ref.key, int)}
        parents = await self.tables.parents(numbered)
        above = list({node.id: node for nodes in parents.values() for node in nodes}.values())
        real = {node.id for node in await self.roles.workspaces(above)}
        for id_, ref in numbered.items():
            space = next((node.id for node in parents[id_] if node.id in real), None)
            found.update({} if space is None else {ref: space})
        orphans = [id_ for id_, ref in numbered.items() if ref not in found]
        contexts = await self.tables.nodes(NodeKind.CONTEXT, orphans)
        for node in await self.roles.runs(list(contexts.values())):
            found.update((numbered[node.id], space) for space in (await self.named_by(node))[:1])
        return found

    async def named_by(self, run: Node) -> list[int]:
        """The workspaces that a run names in a property, of the run's writer, in the order of ids."""
        convention = self.types.convention(run.type)
        name = None if convention.run_workspace is None else run.properties.get(convention.run_workspace)
        if not isinstance(name, str):
            return []
        ids = self.types.contexts(Role.WORKSPACE, lambda other: other.writer == convention.writer)
        found = await self.tables.contexts_named(map(self.types.by_id.__getitem__, ids), [name])
        return [node.id for node in found[name]]

    async def runs_of(self, executions: Sequence[int]) -> dict[int, int]:
        """The first context of the role of a run that each execution is in."""
        contexts = await self.tables.contexts(NodeKind.EXECUTION, executions)
        runs = {node.id for node in await self.roles.playing(Role.RUN, _together(contexts))}
        firsts = {id_: next((node.id for node in found if node.id in runs), None) for id_, found in contexts.items()}
        return {id_: first for id_, first in firsts.items() if first is not None}

    async def holders_of(self, artifacts: Sequence[int]) -> dict[int, list[Run]]:
        """The runs that hold each artifact without an execution: those by attribution, and the one that it names."""
        found = await self._holders_by_attribution(artifacts)
        if self.types.holding_names:
            nodes = await self.tables.nodes(NodeKind.ARTIFACT, artifacts)
            made = {id_: Artifact(node, self.types.convention(node.type)) for id_, node in nodes.items()}
            names = {id_: artifact.holding_run for id_, artifact in made.items()}
            runs = await self.runs.named(name for name in names.values() if name is not None)
            for id_, name in names.items():
                if name in runs:
                    found.setdefault(id_, []).append(runs[name])
        return found

    async def _holders_by_attribution(self, artifacts: Sequence[int]) -> dict[int, list[Run]]:
        holding = set(self.types.holding_runs)
        if not holding:
            return {}
        contexts = await self.tables.contexts(NodeKind.ARTIFACT, artifacts)
        runs = {run.node.id: run for run in await self.runs.of_contexts(_together(contexts))}
        return {
            id_: [runs[node.id] for node in found if node.type.id in holding and node.id in runs]
            for id_, found in contexts.items()
        }


def _together(contexts: Mapping[int, list[Node]]) -> list[Node]:
    return list({node.id: node for found in contexts.values() for node in found}.values())
