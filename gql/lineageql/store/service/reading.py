"""What the parts of one operation's Reader share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineageql.model.entities import Run
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import OUTPUT_EVENTS, Node, NodeKind
from lineageql.model.predicates import Relation
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service.client import Client, concatenated
from lineageql.store.service.entities import NODE_KINDS, Entities
from lineageql.store.service.holdings import Holdings
from lineageql.store.service.implied_events import ImpliedEvents
from lineageql.store.service.index_lookups import Lookups
from lineageql.store.service.listings import Lister
from lineageql.store.service.memberships import Memberships
from lineageql.store.service.node_cache import Tables
from lineageql.store.service.prefilters import Prefilters
from lineageql.store.service.relations import EVENTS, Relations
from lineageql.store.service.roles import Roles
from lineageql.store.service.runs import Runs
from lineageql.store.service.states import States
from lineageql.store.service.type_reader import Types
from lineageql.store.service.workspace_names import WorkspaceNames


class Reading:
    """Everything that reads in one operation, over the same rows."""

    def __init__(self, client: Client, types: Types, catalog: TypeCatalog, tables: Tables | None = None) -> None:
        self.client = client
        self.types = catalog
        self.tables = tables or Tables(client, types)
        self.lister = Lister(client, types, self.tables.is_member)
        if catalog.implied:
            self.tables.implied = ImpliedEvents(self.tables, self.lister, catalog)
        self.lookups = Lookups(client, types, catalog)
        self.prefilters = Prefilters(catalog, client.knowledge)
        self.roles = Roles(self.tables, catalog)
        self.entities = Entities(self.tables, catalog)
        self.runs = Runs(self.tables, self.lister, self.roles, catalog)
        self.states = States(self.lister, self.entities, self.runs)
        self.memberships = Memberships(self.tables, self.roles, self.runs, catalog)
        self.workspace_names = WorkspaceNames(self.tables, self.lister, catalog)
        self.holdings = Holdings(self.tables, self.states, self.memberships, catalog)
        self.relations = Relations(self.tables, self.entities, self.memberships, self.holdings)

    async def get_runs(self, refs: Sequence[Ref]) -> dict[Ref, Run]:
        """The runs of references."""
        ids = [ref.key for ref in refs if isinstance(ref.key, int)]
        names = [ref.key for ref in refs if isinstance(ref.key, RunName)]
        contexts = await self.tables.nodes(NodeKind.CONTEXT, ids)
        found = await self.runs.of_contexts(list(contexts.values()))
        return {run.ref: run for run in [*found, *(await self.runs.named(names)).values()]}

    async def named_workspaces_of(self, kind: EntityKind, refs: Sequence[Ref]) -> dict[Ref, Ref]:
        """The workspaces, only names, that artifacts, executions or runs name."""
        names = {ref: ref.key.workspace for ref in refs if isinstance(ref.key, RunName)}
        if kind is not EntityKind.RUN and self.types.naming:
            node_kind = NODE_KINDS[kind]
            nodes = await self.tables.nodes(node_kind, [ref.key for ref in refs if isinstance(ref.key, int)])
            said = {
                Ref(kind, id_): self.types.convention(node.type).named_workspace(node) for id_, node in nodes.items()
            }
            names = {ref: name for ref, name in said.items() if name is not None}
        spaces = {space.name: space.ref for space in await self.workspace_names.of(sorted(set(names.values())))}
        return {ref: spaces[name] for ref, name in names.items() if name in spaces}

    async def at_events(self, relation: Relation, ends: Iterable[int]) -> set[int]:
        """The ids of what a relation over events leads from, by the ids of what it leads to."""
        types = EVENTS[relation]
        if relation.target is EntityKind.EXECUTION:
            return await self.holdings.touched(ends, types)
        events = await self.tables.events(NodeKind.ARTIFACT, ends, types)
        return {event.execution_id for event in concatenated(events.values()) if event.type in types}

    async def in_workspaces(self, kind: NodeKind, spaces: Iterable[int]) -> list[Node]:
        """The artifacts or executions that belong to some workspaces; some may come more than once."""
        return concatenated((await self.holdings.members(kind, spaces)).values())

    async def in_runs(self, kind: EntityKind, runs: Sequence[Run]) -> list[Node]:
        """The executions of some runs, or the artifacts that they were the first to output or hold."""
        executions = concatenated((await self.states.executions_of([run.ref for run in runs])).values())
        if kind is EntityKind.EXECUTION:
            return executions
        mine = {node.id for node in executions}
        written = await self.holdings.touched(mine, OUTPUT_EVENTS)
        events = await self.tables.events(NodeKind.ARTIFACT, written)
        firsts = {
            id_: next((event.execution_id for event in found if event.type in OUTPUT_EVENTS), None)
            for id_, found in events.items()
        }
        artifacts = await self.tables.nodes(NodeKind.ARTIFACT, (id_ for id_ in written if firsts[id_] in mine))
        named = await self.memberships.runs.held(run.run_name for run in runs if run.run_name is not None)
        return [*artifacts.values(), *await self.holdings.held(run.node for run in runs), *concatenated(named.values())]
