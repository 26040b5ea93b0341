"""From executions, artifacts and runs to the workspaces and runs they belong to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, func, select, union, union_all

from lineageql.model.conventions.convention import Custom, Declared, Role
from lineageql.model.entities import ExecutionState
from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.nodes import NodeKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.clauses import Clauses
from lineageql.store.sql.dialects.texts import is_name
from lineageql.store.sql.driver import Rows
from lineageql.store.sql.entities import NODE_KINDS
from lineageql.store.sql.field_expressions import state_number
from lineageql.store.sql.roles import plays
from lineageql.store.sql.run_scan import RunScan
from lineageql.store.sql.runs import RunNames, holding_names, owning_properties, run_names
from lineageql.store.sql.sources import run_source, source_of
from lineageql.store.sql.tables import ASSOCIATION, CONTEXT, MEMBERSHIPS, NODES, PARENT_CONTEXT, PROPERTIES, at_place

Listed = ColumnElement[Any]
"""A parameter that holds a list, as `Dialect.within` takes it."""


Key = str | tuple[Hashable, ...]


class FetchKept(Protocol):
    """Runs a statement that is made once for a store's types, and kept.

    Args:
        key: what is asked, which no other statement has. Plans show it; of a tuple they show the first part.
        build: makes the select; it is given a parameter for each of the lists, by its name.
        lists: the lists, for this time.
    """

    def __call__(self, key: Key, build: Callable[..., Any], **lists: Sequence[int | str]) -> Awaitable[Rows]: ...


class Memberships:
    """Answers, for one operation, what belongs to what.

    Args:
        fetch_kept: runs a select that is made once.
        clauses: compiles predicates.
    """

    def __init__(self, fetch_kept: FetchKept, clauses: Clauses) -> None:
        self.fetch_kept = fetch_kept
        self.clauses = clauses
        self.types: TypeCatalog = clauses.types
        self.dialect = clauses.dialect

    async def workspaces_of(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, int | WorkspaceName]:
        """The workspace of each artifact or execution.

        It is the one that the node names itself, where it belongs to that; else
        the first of those it belongs to; else that of the first run it belongs to.
        """
        found = await self._by_name(kind, ids) if self.types.naming.get(NODE_KINDS[kind]) else {}
        steps = [self._direct_pairs]
        if self.types.through_children:
            steps.append(self._pairs_through_run)
        for step in steps:
            missing = [id_ for id_ in ids if id_ not in found]
            if missing:
                key = "first workspaces", step.__name__, kind
                rows = await self.fetch_kept(key, lambda ids, step=step: _firsts(step(kind, ids)), ids=missing)
                found.update(map(tuple, rows))
        return found

    async def all_workspaces_of(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, list[int | WorkspaceName]]:
        """All workspaces that each artifact or execution belongs to, by itself or by a context below them.

        One that is only a name comes last.
        """

        def pairs(ids: Listed) -> Any:
            direct = self._direct_pairs(kind, ids)
            if not self.types.through_children:
                return direct
            return select(union(direct, self._pairs_through_run(kind, ids)).subquery())

        found: dict[int, list[int | WorkspaceName]] = {}
        for id_, space in sorted(set(map(tuple, await self.fetch_kept(("all workspaces", kind), pairs, ids=ids)))):
            found.setdefault(id_, []).append(space)
        if self.types.naming.get(NODE_KINDS[kind]):
            for named, name, *_ in await self._names(kind, ids, alone=True):
                found.setdefault(named, []).append(WorkspaceName(name))
        return found

    async def _by_name(self, kind: EntityKind, ids: Sequence[int]) -> dict[int, int | WorkspaceName]:
        """The workspaces that nodes name themselves: contexts that they belong to, and names that no context has."""
        found: dict[int, int | WorkspaceName] = {}
        for id_, name, known, linked in await self._names(kind, ids, alone=False):
            if linked is not None:
                found[id_] = linked
            elif known is None:
                found[id_] = WorkspaceName(name)
        return found

    async def _names(self, kind: EntityKind, ids: Sequence[int], *, alone: bool) -> Rows:
        """The name that each node has for its workspace; `alone`: where no context has it.

        Else beside it stand a context of the name, and the first that the node is in.
        """
        node_kind = NODE_KINDS[kind]

        def build(ids: Listed) -> Any:
            return _one_after_another(
                [
                    self._names_in(node_kind, place, type_ids, ids, alone=alone)
                    for place, type_ids in self.types.naming[node_kind].items()
                ]
            )

        return await self.fetch_kept(("workspaces' names", kind, alone), build, ids=ids)

    def _names_in(
        self, kind: NodeKind, place: Declared | Custom, type_ids: Sequence[int], ids: Listed, *, alone: bool
    ) -> Select[Any]:
        row, node = PROPERTIES[kind].alias(), NODES[kind].alias()

        def context(*, linked: bool) -> Any:
            context, link = CONTEXT.alias(), MEMBERSHIPS[kind].alias()
            named = context.c.type_id.in_(list(self.types.naming_contexts)), context.c.name == row.c.string_value
            inside = (link.c.context_id == context.c.id, link.c.node_id == row.c.owner_id) if linked else ()
            return select(func.min(context.c.id)).where(*named, *inside).scalar_subquery()

        beside = () if alone else (context(linked=False), context(linked=True))
        return select(row.c.owner_id, row.c.string_value, *beside).where(
            *((context(linked=False).is_(None),) if alone else ()),
            self.dialect.within(row.c.owner_id, ids),
            at_place(row, place),
            is_name(row.c.string_value),
            row.c.string_value != "",
            node.c.id == row.c.owner_id,
            (node.c.type_id + 0).in_(list(type_ids)),
        )

    def _direct_pairs(self, kind: EntityKind, ids: Listed) -> Select[Any]:
        """Each node with the workspaces that it is linked to."""
        context, link = CONTEXT.alias(), MEMBERSHIPS[NODE_KINDS[kind]].alias()
        return select(link.c.node_id, context.c.id).where(
            self.dialect.within(link.c.node_id, ids),
            context.c.id == link.c.context_id,
            plays(context.c.id, context.c.type_id, Role.WORKSPACE, self.types),
        )

    def _pairs_through_run(self, kind: EntityKind, ids: Listed) -> Select[Any]:
        """Each node with the workspaces above the contexts that it is linked to."""
        parent, context, link = PARENT_CONTEXT.alias(), CONTEXT.alias(), MEMBERSHIPS[NODE_KINDS[kind]].alias()
        return select(link.c.node_id, context.c.id).where(
            self.dialect.within(link.c.node_id, ids),
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
            by_name: dict[str, int] = dict(
                map(tuple, await self.fetch_kept("workspaces named", self._workspaces_named, names=names))
            )
            found.update((ref, by_name[key.workspace]) for ref, key in named if key.workspace in by_name)
        numbered = {ref.key: ref for ref in runs if isinstance(ref.key, int)}
        if numbered:
            rows = await self.fetch_kept("workspaces above", self._workspaces_above, ids=list(numbered))
            found.update((numbered[run], space) for run, space in rows)
        orphans = [run for run, ref in numbered.items() if ref not in found]
        if orphans and owning_properties(self.types):
            rows = await self.fetch_kept("workspaces that runs name", self._workspaces_of_orphans, ids=orphans)
            found.update((numbered[run], space) for run, space in rows)
        return found

    def _workspaces_of_orphans(self, ids: Listed) -> Select[Any]:
        source = run_source(self.types, RunScan(ids=lambda id_: self.dialect.within(id_, ids)))
        space = source.from_.c.workspace_id
        return select(source.id, space).where(space.is_not(None))

    def _workspaces_named(self, names: Listed) -> Select[Any]:
        is_one = CONTEXT.c.type_id.in_(list(self.types.naming_contexts)), self.dialect.within(CONTEXT.c.name, names)
        return select(CONTEXT.c.name, func.min(CONTEXT.c.id)).where(*is_one).group_by(CONTEXT.c.name)

    def _workspaces_above(self, ids: Listed) -> Select[Any]:
        parent, context = PARENT_CONTEXT.alias(), CONTEXT.alias()
        return (
            select(parent.c.context_id, func.min(context.c.id))
            .where(
                self.dialect.within(parent.c.context_id, ids),
                context.c.id == parent.c.parent_context_id,
                plays(context.c.id, context.c.type_id, Role.WORKSPACE, self.types),
            )
            .group_by(parent.c.context_id)
        )

    async def runs_of(self, executions: Sequence[int]) -> dict[int, int]:
        """The first context of the role of a run that each execution is in."""

        def build(ids: Listed) -> Select[Any]:
            context, link = CONTEXT.alias(), ASSOCIATION.alias()
            runs = plays(context.c.id, context.c.type_id, Role.RUN, self.types)
            pairs = select(link.c.node_id, context.c.id).where(
                self.dialect.within(link.c.node_id, ids), context.c.id == link.c.context_id, runs
            )
            return _firsts(pairs)

        return dict(map(tuple, await self.fetch_kept("runs of executions", build, ids=executions)))

    async def holders_of(self, artifacts: Sequence[int]) -> dict[int, int | RunName]:
        """The run that holds each artifact without an execution: the first by attribution, else the one it names."""
        found: dict[int, int | RunName] = {}
        if artifacts and self.types.holding_names:
            for id_, space, run in await self.fetch_kept("names of holders", self._names_of_holders, ids=artifacts):
                if isinstance(space, str):
                    found[id_] = RunName(space, run)
        if artifacts and self.types.holding_runs:
            found.update(map(tuple, await self.fetch_kept("holders", self._holders_by_attribution, ids=artifacts)))
        return found

    def _names_of_holders(self, ids: Listed) -> Any:
        return _one_after_another(
            [
                select(names.node, names.workspace, names.run).where(
                    self.dialect.within(names.node, ids), is_name(names.run), *names.conditions
                )
                for names in holding_names(self.types)
            ]
        )

    def _holders_by_attribution(self, ids: Listed) -> Select[Any]:
        context, link = CONTEXT.alias(), MEMBERSHIPS[NodeKind.ARTIFACT].alias()
        pairs = select(link.c.node_id, context.c.id).where(
            self.dialect.within(link.c.node_id, ids),
            context.c.id == link.c.context_id,
            context.c.type_id.in_(self.types.holding_runs),
        )
        return _firsts(pairs)

    async def run_states(self, runs: Sequence[Ref]) -> dict[Ref, dict[ExecutionState, int]]:
        """For each run, how many of its executions are in each state."""
        found: dict[Ref, dict[ExecutionState, int]] = {ref: {} for ref in runs}
        numbered = [ref.key for ref in runs if isinstance(ref.key, int)]
        named = [ref.key for ref in runs if isinstance(ref.key, RunName)]
        if numbered:
            for run, stated, number in await self.fetch_kept("states of runs", self._states_by_context, ids=numbered):
                found[Ref(EntityKind.RUN, run)][ExecutionState(stated)] = number
        if named and self.types.run_naming:
            names, spaces = sorted({run.name for run in named}), sorted({run.workspace for run in named})
            rows = await self.fetch_kept(
                "states of runs by their names", self._states_by_name, names=names, spaces=spaces
            )
            for workspace, run, stated, number in rows:
                ref, state = Ref(EntityKind.RUN, RunName(workspace, run)), ExecutionState(stated)
                if ref in found:
                    found[ref][state] = found[ref].get(state, 0) + number
        return found

    def _states_by_context(self, ids: Listed) -> Select[Any]:
        execution, link = source_of(EntityKind.EXECUTION, self.types), ASSOCIATION.alias()
        state = state_number(execution, self.types, self.dialect).label("state")
        return (
            select(link.c.context_id, state, func.count())
            .where(self.dialect.within(link.c.context_id, ids), execution.id == link.c.node_id)
            .group_by(link.c.context_id, state)
        )

    def _states_by_name(self, names: Listed, spaces: Listed) -> Any:
        return _one_after_another([self._states_of(one, names, spaces) for one in run_names(self.types)])

    def _states_of(self, run: RunNames, names: Listed, spaces: Listed) -> Select[Any]:
        execution = source_of(EntityKind.EXECUTION, self.types)
        state = state_number(execution, self.types, self.dialect).label("state")
        return (
            select(run.workspace, run.run, state, func.count())
            .where(
                self.dialect.within(run.run, names),
                *(() if run.unplaced else (self.dialect.within(run.workspace, spaces),)),
                *run.conditions,
                execution.id == run.node,
            )
            .group_by(*run.grouping, state)
        )


def _one_after_another(parts: Sequence[Select[Any]]) -> Any:
    """The rows of some selects. Columns of tables under their own names would not be one text in all of them."""
    if len(parts) == 1:
        return parts[0]
    columns = (enumerate(part.selected_columns) for part in parts)
    named = [[column.label(f"column_{place}") for place, column in some] for some in columns]
    return union_all(*(part.with_only_columns(*some) for part, some in zip(parts, named, strict=True)))


def _firsts(pairs: Select[Any]) -> Select[Any]:
    """Of each node the first of those it is paired with."""
    node, other = pairs.selected_columns
    return pairs.with_only_columns(node, func.min(other)).group_by(node)
