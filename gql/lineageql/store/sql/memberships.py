"""From executions, artifacts and runs to the workspaces and runs they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select, union, union_all

from lineageql.model.conventions.convention import Custom, Role
from lineageql.model.entities import ExecutionState
from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.nodes import NodeKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.dialects.texts import is_name
from lineageql.store.sql.entities import NODE_KINDS, Fetch
from lineageql.store.sql.field_expressions import state_number
from lineageql.store.sql.roles import plays
from lineageql.store.sql.run_scan import RunScan
from lineageql.store.sql.runs import RunNames, holding_names, owning_properties, run_names
from lineageql.store.sql.sources import run_source, source_of
from lineageql.store.sql.tables import ASSOCIATION, CONTEXT, MEMBERSHIPS, NODES, PARENT_CONTEXT, PROPERTIES


class Memberships:
    """Answers, for one operation, what belongs to what."""

    def __init__(self, fetch: Fetch, clauses: Clauses) -> None:
        self.fetch = fetch
        self.clauses = clauses
        self.types: TypeCatalog = clauses.types
        self.dialect = clauses.dialect

    async def workspaces_of(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, int | WorkspaceName]:
        """The workspace of each artifact or execution.

        It is the one that the node names itself, where it belongs to that; else
        the first of those it belongs to; else that of the first run it belongs to.
        """
        found = await self._by_name(kind, ids) if self.types.naming.get(NODE_KINDS[kind]) else {}
        steps = [self._direct]
        if self.types.through_children:
            steps.append(self._through_run)
        for step in steps:
            missing = [id_ for id_ in ids if id_ not in found]
            if missing:
                found.update(await self._pairs(step(kind, missing)))
        return found

    async def all_workspaces_of(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, list[int | WorkspaceName]]:
        """All workspaces that each artifact or execution belongs to, by itself or by a context below them.

        One that is only a name comes last.
        """
        pairs = self._direct_pairs(kind, ids)
        if self.types.through_children:
            pairs = select(union(pairs, self._pairs_through_run(kind, ids)).subquery())
        found: dict[int, list[int | WorkspaceName]] = {}
        for id_, space in sorted(set(map(tuple, await self.fetch(pairs)))):
            found.setdefault(id_, []).append(space)
        if self.types.naming.get(NODE_KINDS[kind]):
            for named, name, *_ in await self.fetch(self._names(kind, ids, alone=True)):
                found.setdefault(named, []).append(WorkspaceName(name))
        return found

    async def _pairs(self, query: Select[Any]) -> dict[int, int]:
        return dict(await self.fetch(query))

    async def _by_name(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, int | WorkspaceName]:
        """The workspaces that nodes name themselves: contexts that they belong to, and names that no context has."""
        found: dict[int, int | WorkspaceName] = {}
        for id_, name, known, linked in await self.fetch(self._names(kind, ids, alone=False)):
            if linked is not None:
                found[id_] = linked
            elif known is None:
                found[id_] = WorkspaceName(name)
        return found

    def _names(self, kind: EntityKind, ids: Sequence[int], *, alone: bool) -> Any:
        """The name that each node has for its workspace; `alone`: where no context has it.

        Else beside it stand a context of the name, and the first that the node is in.
        """
        node_kind = NODE_KINDS[kind]
        parts: list[Select[Any]] = []
        for place, type_ids in self.types.naming[node_kind].items():
            row, node = PROPERTIES[node_kind].alias(), NODES[node_kind].alias()

            def context(row: Any = row, *, linked: bool) -> Any:
                context, link = CONTEXT.alias(), MEMBERSHIPS[node_kind].alias()
                named = context.c.type_id.in_(list(self.types.naming_contexts)), context.c.name == row.c.string_value
                inside = (link.c.context_id == context.c.id, link.c.node_id == row.c.owner_id) if linked else ()
                return select(func.min(context.c.id)).where(*named, *inside).scalar_subquery()

            beside = () if alone else (context(linked=False), context(linked=True))
            parts.append(
                select(row.c.owner_id, row.c.string_value, *beside).where(
                    *((context(linked=False).is_(None),) if alone else ()),
                    self.dialect.among(row.c.owner_id, ids),
                    row.c.name == place.name,
                    row.c.is_custom_property == isinstance(place, Custom),
                    is_name(row.c.string_value),
                    row.c.string_value != "",
                    node.c.id == row.c.owner_id,
                    (node.c.type_id + 0).in_(list(type_ids)),
                )
            )
        return _one_after_another(parts) if len(parts) > 1 else parts[0]

    def _direct(self, kind: EntityKind, ids: Sequence[int]) -> Select[Any]:
        return _firsts(self._direct_pairs(kind, ids))

    def _through_run(self, kind: EntityKind, ids: Sequence[int]) -> Select[Any]:
        return _firsts(self._pairs_through_run(kind, ids))

    def _direct_pairs(self, kind: EntityKind, ids: Sequence[int]) -> Select[Any]:
        """Each node with the workspaces that it is linked to."""
        context, link = CONTEXT.alias(), MEMBERSHIPS[NODE_KINDS[kind]].alias()
        return select(link.c.node_id, context.c.id).where(
            self.dialect.among(link.c.node_id, ids),
            context.c.id == link.c.context_id,
            plays(context.c.id, context.c.type_id, Role.WORKSPACE, self.types),
        )

    def _pairs_through_run(self, kind: EntityKind, ids: Sequence[int]) -> Select[Any]:
        """Each node with the workspaces above the contexts that it is linked to."""
        parent, context, link = PARENT_CONTEXT.alias(), CONTEXT.alias(), MEMBERSHIPS[NODE_KINDS[kind]].alias()
        return select(link.c.node_id, context.c.id).where(
            self.dialect.among(link.c.node_id, ids),
            parent.c.context_id == link.c.context_id,
            context.c.id == parent.c.parent_context_id,
            plays(context.c.id, context.c.type_id, Role.WORKSPACE, self.types),
        )

    async def workspaces_of_runs(self, runs: Sequence[Ref]) -> dict[Ref, int]:
        """The workspace of each run: the context of its workspace's name, its first parent, or the one it names."""
        found: dict[Ref, int] = {}
        named = [(ref, ref.key) for ref in runs if isinstance(ref.key, RunName)]
        if named:
            names = sorted({key.workspace for _, key in named})
            query = (
                select(CONTEXT.c.name, func.min(CONTEXT.c.id))
                .where(
                    CONTEXT.c.type_id.in_(list(self.types.naming_contexts)),
                    self.dialect.among(CONTEXT.c.name, names),
                )
                .group_by(CONTEXT.c.name)
            )
            by_name: dict[str, int] = dict(await self.fetch(query))
            found.update((ref, by_name[key.workspace]) for ref, key in named if key.workspace in by_name)
        numbered = {ref.key: ref for ref in runs if isinstance(ref.key, int)}
        if numbered:
            parent, context = PARENT_CONTEXT.alias(), CONTEXT.alias()
            query = (
                select(parent.c.context_id, func.min(context.c.id))
                .where(
                    self.dialect.among(parent.c.context_id, list(numbered)),
                    context.c.id == parent.c.parent_context_id,
                    plays(context.c.id, context.c.type_id, Role.WORKSPACE, self.types),
                )
                .group_by(parent.c.context_id)
            )
            found.update((numbered[run], space) for run, space in await self.fetch(query))
        orphans = [run for run, ref in numbered.items() if ref not in found]
        if orphans and owning_properties(self.types):
            source = run_source(self.types, RunScan(ids=orphans))
            named_by = select(source.id, source.from_.c.workspace_id).where(source.from_.c.workspace_id.is_not(None))
            found.update((numbered[run], space) for run, space in await self.fetch(named_by))
        return found

    async def runs_of(self, executions: Sequence[int]) -> dict[int, int]:
        """The first context of the role of a run that each execution is in."""
        context, link = CONTEXT.alias(), ASSOCIATION.alias()
        runs = plays(context.c.id, context.c.type_id, Role.RUN, self.types)
        return await self._pairs(
            select(link.c.node_id, func.min(context.c.id))
            .where(self.dialect.among(link.c.node_id, executions), context.c.id == link.c.context_id, runs)
            .group_by(link.c.node_id)
        )

    async def holders_of(self, artifacts: Sequence[int]) -> dict[int, int | RunName]:
        """The run that holds each artifact without an execution: the first by attribution, else the one it names."""
        found: dict[int, int | RunName] = {}
        if artifacts and self.types.holding_names:
            parts = [
                select(names.node, names.workspace, names.run).where(
                    self.dialect.among(names.node, artifacts), is_name(names.run), *names.conditions
                )
                for names in holding_names(self.types)
            ]
            for id_, space, run in await self.fetch(_one_after_another(parts) if len(parts) > 1 else parts[0]):
                if isinstance(space, str):
                    found[id_] = RunName(space, run)
        if artifacts and self.types.holding_runs:
            found.update(await self._holders_by_attribution(artifacts))
        return found

    async def _holders_by_attribution(self, artifacts: Sequence[int]) -> dict[int, int]:
        holding = self.types.holding_runs
        context, link = CONTEXT.alias(), MEMBERSHIPS[NodeKind.ARTIFACT].alias()
        return await self._pairs(
            select(link.c.node_id, func.min(context.c.id))
            .where(
                self.dialect.among(link.c.node_id, artifacts),
                context.c.id == link.c.context_id,
                context.c.type_id.in_(holding),
            )
            .group_by(link.c.node_id)
        )

    async def run_states(self, runs: Sequence[Ref]) -> dict[Ref, dict[ExecutionState, int]]:
        """For each run, how many of its executions are in each state."""
        found: dict[Ref, dict[ExecutionState, int]] = {ref: {} for ref in runs}
        numbered = [ref.key for ref in runs if isinstance(ref.key, int)]
        named = [ref.key for ref in runs if isinstance(ref.key, RunName)]
        if numbered:
            for run, stated, number in await self.fetch(self._states_by_context(numbered)):
                found[Ref(EntityKind.RUN, run)][ExecutionState(stated)] = number
        if named and self.types.run_naming:
            for workspace, run, stated, number in await self.fetch(self._states_by_name(named)):
                ref, state = Ref(EntityKind.RUN, RunName(workspace, run)), ExecutionState(stated)
                if ref in found:
                    found[ref][state] = found[ref].get(state, 0) + number
        return found

    def _states_by_context(self, runs: Sequence[int]) -> Select[Any]:
        execution, link = source_of(EntityKind.EXECUTION, self.types), ASSOCIATION.alias()
        state = state_number(execution, self.types, self.dialect).label("state")
        return (
            select(link.c.context_id, state, func.count())
            .where(self.dialect.among(link.c.context_id, runs), execution.id == link.c.node_id)
            .group_by(link.c.context_id, state)
        )

    def _states_by_name(self, runs: Sequence[RunName]) -> Any:
        parts = [self._states_of(names, runs) for names in run_names(self.types)]
        return _one_after_another(parts) if len(parts) > 1 else parts[0]

    def _states_of(self, names: RunNames, runs: Sequence[RunName]) -> Select[Any]:
        execution = source_of(EntityKind.EXECUTION, self.types)
        state = state_number(execution, self.types, self.dialect).label("state")
        spaces = sorted({run.workspace for run in runs})
        return (
            select(names.workspace, names.run, state, func.count())
            .where(
                self.dialect.among(names.run, sorted({run.name for run in runs})),
                *(() if names.unplaced else (self.dialect.among(names.workspace, spaces),)),
                *names.conditions,
                execution.id == names.node,
            )
            .group_by(*names.grouping, state)
        )


def _one_after_another(parts: Sequence[Select[Any]]) -> Any:
    """The rows of some selects. Columns of tables under their own names would not be one text in all of them."""
    columns = (enumerate(part.selected_columns) for part in parts)
    named = [[column.label(f"column_{place}") for place, column in some] for some in columns]
    return union_all(*(part.with_only_columns(*some) for part, some in zip(parts, named, strict=True)))


def _firsts(pairs: Select[Any]) -> Select[Any]:
    """Of each node the first of those it is paired with."""
    node, other = pairs.selected_columns
    return pairs.with_only_columns(node, func.min(other)).group_by(node)
