"""What workspaces and runs hold: their executions, their artifacts, their runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineageql.model.entities import Run
from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, EventType, Node, NodeKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service.client import concatenated, gathered
from lineageql.store.service.memberships import Memberships
from lineageql.store.service.node_cache import Tables
from lineageql.store.service.states import States


class Holdings:
    """Reads, for one operation, what is under owners."""

    def __init__(self, tables: Tables, states: States, memberships: Memberships, types: TypeCatalog) -> None:
        self.tables = tables
        self.states = states
        self.memberships = memberships
        self.types = types

    async def touched(self, executions: Iterable[int], types: frozenset[EventType]) -> set[int]:
        """The artifacts of the events of some types at executions."""
        events = await self.tables.events(NodeKind.EXECUTION, executions, types)
        return {event.artifact_id for event in concatenated(events.values()) if event.type in types}

    async def held(self, runs: Iterable[Node]) -> list[Node]:
        """The artifacts that belong to runs by attribution alone, where the writer records no events."""
        holding = set(self.types.holding_runs)
        ids = [node.id for node in runs if node.type.id in holding and node.id]
        return concatenated(await gathered(self.states.in_context(NodeKind.ARTIFACT, id_) for id_ in ids))

    async def artifacts_of_runs(self, runs: Sequence[Ref], *, inputs: bool) -> dict[Ref, set[int]]:
        """The ids of what each run read and did not write, or of what it wrote or holds."""
        executions = await self.states.executions_of(runs)
        ids = {run: [node.id for node in executions[run]] for run in runs}
        await self.tables.events(NodeKind.EXECUTION, concatenated(ids.values()))
        found: dict[Ref, set[int]] = {}
        for run in runs:
            written = await self.touched(ids[run], OUTPUT_EVENTS)
            found[run] = await self.touched(ids[run], INPUT_EVENTS) - written if inputs else written
        if not inputs and self.types.holding_runs:
            numbers = (run.key for run in runs if isinstance(run.key, int))
            for id_, context in (await self.tables.nodes(NodeKind.CONTEXT, numbers)).items():
                found[Ref(EntityKind.RUN, id_)].update(node.id for node in await self.held([context]))
        if not inputs and self.types.holding_names:
            held = await self.memberships.runs.held(run.key for run in runs if isinstance(run.key, RunName))
            for name, nodes in held.items():
                found[Ref(EntityKind.RUN, name)].update(node.id for node in nodes)
        return found

    async def members(self, kind: NodeKind, spaces: Iterable[int]) -> dict[int, list[Node]]:
        """The artifacts or executions of each workspace and of the contexts below it; some may come more than once."""
        contexts = await self.memberships.contexts_of(spaces)
        around = sorted({id_ for ids in contexts.values() for id_ in ids})
        lists = await gathered(self.states.in_context(kind, id_) for id_ in around)
        found = dict(zip(around, lists, strict=True))
        return {space: concatenated(found[id_] for id_ in ids) for space, ids in contexts.items()}

    async def runs_of(self, spaces: Sequence[Ref]) -> dict[Ref, list[Run]]:
        """The runs of workspaces; a run may be tied to its workspace by a name only, so all are looked at."""
        ids = [space.key for space in spaces if isinstance(space.key, int)]
        contexts = await self.tables.nodes(NodeKind.CONTEXT, ids)
        found: dict[Ref, list[Run]] = {space: [] for space in spaces}
        names = [space.key.name for space in spaces if isinstance(space.key, WorkspaceName)]
        names += [node.name or "" for node in contexts.values()]
        name = names[0] if len(names) == 1 else None
        async for runs in self.memberships.runs.pages(None, descending=False, workspace=name):
            of = await self.memberships.workspaces_of_runs([run.ref for run in runs])
            for run in runs:
                space = Ref(EntityKind.WORKSPACE, of[run.ref]) if run.ref in of else None
                if space is None and run.run_name is not None:
                    space = Ref(EntityKind.WORKSPACE, WorkspaceName(run.run_name.workspace))
                if space in found:
                    found[space].append(run)
        return found
