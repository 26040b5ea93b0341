"""Runs: contexts, and names that no context stands for.

A run of the Kubeflow convention is the pair of names that executions carry in
properties, whether or not a context stands for it. Users may say the same of types
of theirs, of artifacts too. MLMD's service knows no distinct values, so such runs
are found by reading the executions and artifacts: those that a safe filter lets
through, else all of their types.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from lineageql.model.conventions.convention import Role
from lineageql.model.conventions.kubeflow import KUBEFLOW, RUN_TYPE, context_name
from lineageql.model.entities import Run
from lineageql.model.identity import RunName
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.type_catalog import RunNaming, TypeCatalog
from lineageql.store.ports import Key
from lineageql.store.service import filter_query
from lineageql.store.service.listings import Lister, Listing
from lineageql.store.service.node_cache import Tables
from lineageql.store.service.roles import Roles

NO_CONTEXT = 2**62
"""Where runs without a context stand in the order of ids: after all others."""
_NAMED_RUN = NodeType(0, NodeKind.CONTEXT, RUN_TYPE)

Members = dict[RunName, list[Node]]
"""The executions, or the artifacts, that name each run."""


def place_of(run: Run) -> Key:
    """Where a run stands in the order of ids."""
    place = run.node.id or NO_CONTEXT
    if run.run_name is None:
        return place, "", run.node.name or ""
    return place, run.run_name.workspace, run.run_name.name


class Runs:
    """Finds the runs of one operation."""

    def __init__(self, tables: Tables, lister: Lister, roles: Roles, types: TypeCatalog) -> None:
        self.tables = tables
        self.lister = lister
        self.roles = roles
        self.types = types
        self._members: dict[tuple[Any, ...], Members] = {}
        self._known: Members = {}
        self._context_names: set[str] | None = None

    def _names_of(self, node: Node) -> RunName | None:
        return self.types.convention(node.type).named_run(node)

    # -- runs by what they are

    @property
    def are_contexts(self) -> bool:
        """Whether a context may be a run by its own rows."""
        others = self.types.contexts(Role.RUN, lambda convention: not convention.run_names)
        return bool(others or self.types.contexts(Role.BY_STRUCTURE))

    async def of_contexts(self, contexts: Sequence[Node]) -> list[Run]:
        """The runs that contexts are by their own rows."""
        found = await self.roles.runs(contexts)
        return [Run(node, self.types.convention(node.type)) for node in found]

    def named_by_contexts(self, contexts: Iterable[Node]) -> list[Run]:
        """The runs whose names stand in properties of contexts."""
        kept = set(self.types.named_contexts(Role.RUN))
        pairs = ((node, self._names_of(node)) for node in contexts if node.type.id in kept)
        return [Run(node, KUBEFLOW, name) for node, name in pairs if name is not None]

    async def named(self, names: Iterable[RunName]) -> dict[RunName, Run]:
        """Runs by their names."""
        wanted = list(dict.fromkeys(names))
        types = [type_ for type_ in map(self.types.by_id.get, self.types.named_contexts(Role.RUN)) if type_]
        found: dict[RunName, Run] = {}
        taken: set[RunName] = set()
        contexts = await self.tables.contexts_named(types, map(context_name, wanted))
        for name in wanted:
            mine = contexts[context_name(name)]
            taken.update([name] if mine else [])
            found.update((run.run_name, run) for run in self.named_by_contexts(mine) if run.run_name == name)
        missing = [name for name in wanted if name not in taken]
        if missing:
            named = _merged(await self.members(missing), await self.held(missing))
            found.update(self._of_names(named))
        return {name: found[name] for name in wanted if name in found}

    def _of_names(self, members: Members) -> dict[RunName, Run]:
        """Runs that are only names, from the executions and artifacts that name them."""
        type_ = self.types.find(NodeKind.CONTEXT, RUN_TYPE) or _NAMED_RUN
        runs = {}
        for name, nodes in members.items():
            if name.name and nodes:
                created = min(node.create_time or 0 for node in nodes)
                updated = max(node.update_time or 0 for node in nodes)
                node = Node(type_, 0, name.name, create_time=created, update_time=updated)
                runs[name] = Run(node, KUBEFLOW, name)
        return runs

    async def pages(
        self, after: Key | None, *, descending: bool, workspace: str | None = None
    ) -> AsyncIterator[list[Run]]:
        """All runs in the order of ids, or all that may be those of the workspaces of a name."""
        steps = [self._with_context(after, descending), self._without_context(after, descending, workspace)]
        for pages in reversed(steps) if descending else steps:
            async for runs in pages:
                yield runs

    async def _with_context(self, after: Key | None, descending: bool) -> AsyncIterator[list[Run]]:
        start = None if after is None else _context_id(after)
        if start is not None and start >= NO_CONTEXT:
            if not descending:
                return
            start = None
        elif start is not None:
            start += 1 if descending else -1  # the row of the key itself is compared whole by the caller
        if not any(self.types.contexts(role) for role in (Role.RUN, Role.BY_STRUCTURE)):
            return
        made, names = self.types.find(NodeKind.CONTEXT, RUN_TYPE), set[str]()
        async for contexts in self.lister.pages(Listing(NodeKind.CONTEXT), start, descending=descending):
            kept = [self.tables.kept(node) for node in contexts]
            names.update(node.name or "" for node in kept if made is not None and node.type.id == made.id)
            yield self.ordered([*await self.of_contexts(kept), *self.named_by_contexts(kept)], descending)
        if start is None:
            self._context_names = names  # all of them were read

    async def _without_context(
        self, after: Key | None, descending: bool, workspace: str | None
    ) -> AsyncIterator[list[Run]]:
        if descending and after is not None and _context_id(after) < NO_CONTEXT:
            return
        if self.types.run_naming or self.types.holding_names:
            runs = self._of_names(
                _merged(
                    await self._index(self.types.run_naming, workspace),
                    await self._index(self.types.holding_names, workspace),
                )
            )
            taken = await self._names_of_contexts() if runs else set()
            yield self.ordered((run for name, run in runs.items() if context_name(name) not in taken), descending)

    @staticmethod
    def ordered(runs: Iterable[Run], descending: bool) -> list[Run]:
        """Runs in the order of ids."""
        return sorted(runs, key=place_of, reverse=descending)

    async def _names_of_contexts(self) -> set[str]:
        """The names of the contexts that were made for runs."""
        if self._context_names is None:
            type_ = self.types.find(NodeKind.CONTEXT, RUN_TYPE)
            names: set[str] = set()
            if type_ is not None:
                async for contexts in self.lister.pages(Listing(NodeKind.CONTEXT, type=type_)):
                    names.update(node.name or "" for node in contexts)
            self._context_names = names
        return self._context_names

    # -- the executions of runs that are named

    async def members(self, names: Iterable[RunName]) -> Members:
        """The executions that name each of some runs, in the order of ids."""
        wanted = list(names)
        by_workspace: dict[str, list[str]] = {}
        for name in wanted:
            if name not in self._known:
                by_workspace.setdefault(name.workspace, []).append(name.name)
        for workspace, runs in by_workspace.items():
            index = await self._index(self.types.run_naming, workspace, runs)
            self._known.update((RunName(workspace, run), index.get(RunName(workspace, run), [])) for run in runs)
        return {name: self._known[name] for name in wanted}

    async def held(self, names: Iterable[RunName]) -> Members:
        """The artifacts that name each of some runs and are their outputs by that, in the order of ids."""
        wanted, found = list(names), Members()
        by_workspace: dict[str, list[str]] = {}
        for name in wanted if self.types.holding_names else ():
            by_workspace.setdefault(name.workspace, []).append(name.name)
        for workspace, runs in by_workspace.items():
            found |= await self._index(self.types.holding_names, workspace, runs)
        return {name: found.get(name, []) for name in wanted}

    async def _index(
        self, every: Sequence[RunNaming], workspace: str | None, runs: Sequence[str] | None = None
    ) -> Members:
        """The nodes that name runs: those of a workspace and of some names, as far as a filter tells these."""
        members: Members = {}
        for naming in every:
            if workspace and naming.workspace is None:
                continue  # these runs are in no workspace
            for name, nodes in (await self._named_by(naming, _said(naming, workspace, runs))).items():
                members.setdefault(name, []).extend(nodes)
        for nodes in members.values():
            nodes.sort(key=lambda node: node.id)
        return members

    async def _named_by(self, naming: RunNaming, text: str) -> Members:
        """The nodes of some types that name runs, those that a filter lets through."""
        text = text if self.lister.client.knowledge.filters else ""
        key = naming.kind, naming.run, naming.workspace, text
        if key not in self._members:
            members: Members = {}
            listings = [Listing(naming.kind, type=self.types.by_id[id_]) for id_ in naming.type_ids]
            for listing in [Listing(naming.kind, filter=text)] if text else listings:
                async for nodes in self.lister.pages(listing):
                    for node in nodes:
                        name = self._names_of(node) if node.type.id in naming.type_ids else None
                        if name is not None and name.name:
                            members.setdefault(name, []).append(self.tables.kept(node))
            self._members[key] = members
        return self._members[key]


def _merged(some: Members, others: Members) -> Members:
    """The nodes of both that name each run."""
    found = {name: list(nodes) for name, nodes in some.items()}
    for name, nodes in others.items():
        found.setdefault(name, []).extend(nodes)
    return found


def _said(naming: RunNaming, workspace: str | None, runs: Sequence[str] | None) -> str:
    """What a filter says of nodes that name runs; empty where that is not safe."""
    said = []
    if naming.workspace is not None:
        said.append(filter_query.holds(naming.workspace, [workspace]))
    if runs is not None:
        said.append(filter_query.holds(naming.run, runs))
    return filter_query.both(*said) if said and all(said) else ""


def _context_id(key: Key) -> int:
    place = key[0]
    assert isinstance(place, int)
    return place
