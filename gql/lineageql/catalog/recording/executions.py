"""Executions and their events: planned as one batch, written in one call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lineageql.catalog.recording import kubeflow_encoding
from lineageql.catalog.recording.batches import Batch, NodeHandle, artifact_ref, named_artifacts, named_in_record
from lineageql.catalog.recording.checks import refused, under
from lineageql.catalog.recording.kubeflow_encoding import Scope
from lineageql.catalog.recording.lookups import TAKEN, Lookups, scope_of
from lineageql.catalog.recording.results import Logged, Recorded, RecordedExecution
from lineageql.catalog.recording.reuse import NotTaken, not_taken
from lineageql.catalog.recording.run_contexts import Runs
from lineageql.catalog.recording.sizes import Sizes
from lineageql.catalog.recording.writing import Taken, Writer
from lineageql.errors import AlreadyExists, LineageQLError
from lineageql.model.conventions.kubeflow import EXECUTION_TYPE, METRICS_TYPE
from lineageql.model.drafts import ExecutionDraft, ExecutionRecord, PortArtifact, WorkspaceDraft
from lineageql.model.entities import Execution, ExecutionState
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import EventType
from lineageql.store.mlmd import requests
from lineageql.store.mlmd.requests import SubgraphIds

log = logging.getLogger("lineageql.catalog.recording")


@dataclass
class _Planned:
    """A record that is new: its execution and its artifacts in the batch, in order and each once."""

    record: ExecutionRecord
    execution: NodeHandle
    inputs: dict[NodeHandle, None] = field(default_factory=dict)
    outputs: dict[NodeHandle, None] = field(default_factory=dict)
    not_taken: list[NotTaken] = field(default_factory=list)


class Executions:
    """Records executions, artifacts and events."""

    def __init__(self, writer: Writer, runs: Runs, sizes: Sizes) -> None:
        self._writer = writer
        self._runs = runs
        self._sizes = sizes

    async def create(self, lookups: Lookups, scope: Scope, draft: ExecutionDraft) -> Recorded:
        """Makes an execution without events, or answers that of its external id."""
        await lookups.find_external_ids(EntityKind.EXECUTION, [draft.external_id])
        found = self._existing(lookups, scope, draft)
        if found is not None:
            return Recorded(found.ref, False, not_taken(draft, found))
        batch = Batch(lookups, self._sizes)
        await batch.execution(draft, scope)
        ids, _ = await self._write(lookups, batch, scope)
        return Recorded(Ref(EntityKind.EXECUTION, ids.executions[0]), True)

    async def log(self, lookups: Lookups, execution: Ref, item: PortArtifact, type_: EventType) -> Logged:
        """Makes an event of an execution that is there, unless it is there too."""
        found = await lookups.execution(execution, "executionId")
        await lookups.check_writable([execution])
        await lookups.artifacts(list(named_artifacts(item)))
        names = scope_of(found)
        if names is None and not isinstance(item.artifact, Ref):
            words = "names no workspace that a new artifact could belong to: log an artifact by its id"
            raise refused("executionId", words)
        scope = Scope(*names) if names is not None else Scope("")
        if names is not None and not isinstance(item.artifact, Ref):
            lookups.rights.check_record(scope.workspace)
        batch = Batch(lookups, self._sizes)
        await batch.prepare([item])
        handle = await batch.log(NodeHandle(id=found.node.id), item, type_, scope)
        if type_ is EventType.OUTPUT and handle.id is not None:
            # To be an input changes nothing of an artifact; its producers are what it is known by.
            await lookups.check_writable([Ref(EntityKind.ARTIFACT, handle.id)])
        differing = batch.not_taken(handle, item)
        if handle.id is not None:
            artifact = Ref(EntityKind.ARTIFACT, handle.id)
            if artifact in (await lookups.logged([execution]))[execution, type_]:
                return Logged(artifact, execution, created=False, not_taken=differing)
        if batch.artifacts:
            ids, _ = await self._write(lookups, batch, scope)
        else:
            # An artifact that is there stays in the contexts that it is in, as with the SDK.
            ids = await self._writer.subgraph(lookups, batch.subgraph([]))
        return Logged(artifact_ref(handle, ids), execution, bool(batch.artifacts), differing)

    async def record(
        self, lookups: Lookups, records: Sequence[ExecutionRecord], prefixes: Sequence[str]
    ) -> list[RecordedExecution]:
        """Records executions of one workspace with their events.

        Args:
            lookups: what the store holds.
            records: the executions, which have been checked.
            prefixes: what stands before the paths of each record's arguments in an error.
        """
        batch = Batch(lookups, self._sizes)
        for workspace in dict.fromkeys(record.workspace for record in records):
            lookups.rights.check_record(workspace)
        planned: list[_Planned] = []
        await lookups.artifacts(
            [named for pair in zip(records, prefixes, strict=True) for named in named_in_record(*pair)]
        )
        await lookups.find_external_ids(EntityKind.EXECUTION, (record.execution.external_id for record in records))
        await batch.prepare(item for record in records for item in (*record.inputs, *record.outputs))
        known: dict[int, Execution] = {}
        for place, (record, prefix) in enumerate(zip(records, prefixes, strict=True)):
            # A large lineage must not hold up everybody else until it is planned.
            await asyncio.sleep(0)
            with under(prefix):
                found = self._existing(lookups, Scope(record.workspace, record.run), record.execution)
                if found is None:
                    planned.append(await self._plan(batch, record, prefix))
                else:
                    known[place] = found
        batch.merge()
        reused = (handle.id for new in planned for handle in new.outputs if handle.id is not None)
        await lookups.check_writable(Ref(EntityKind.ARTIFACT, id_) for id_ in reused)
        there = await self._answers(lookups, records, known)
        made = iter(await self._write_records(lookups, batch, planned) if planned else ())
        return [there[place] if place in there else next(made) for place in range(len(records))]

    async def _plan(self, batch: Batch, record: ExecutionRecord, prefix: str) -> _Planned:
        scope = Scope(record.workspace, record.run)
        self._sizes.scope(record.workspace, record.run)
        with under("execution"):
            new = _Planned(record, await batch.execution(record.execution, scope, ExecutionState.COMPLETE))
        for argument, items, type_, handles in (
            ("inputs", record.inputs, EventType.INPUT, new.inputs),
            ("outputs", record.outputs, EventType.OUTPUT, new.outputs),
        ):
            for place, item in enumerate(items):
                path = f"{argument}[{place}]"
                with under(path):
                    whole = f"{prefix}.{path}" if prefix else path
                    handle = await batch.log(new.execution, item, type_, scope, whole)
                    handles[handle] = None
                    new.not_taken.extend(batch.not_taken(handle, item, path))
        return new

    async def _write_records(
        self, lookups: Lookups, batch: Batch, planned: Sequence[_Planned]
    ) -> list[RecordedExecution]:
        workspace = planned[0].record.workspace
        scopes = {Scope(workspace, new.record.run) for new in planned}
        # MLMD ties every context of a call to every node of it, so a run is among them only where it is that of all.
        scope = scopes.pop() if len(scopes) == 1 else Scope(workspace)
        ids, space = await self._write(lookups, batch, scope)
        if scopes:
            await self._tie_to_runs(lookups, batch, planned, ids, space)
        return [
            RecordedExecution(
                workspace=space,
                run=_run_ref(new.record),
                execution=Ref(EntityKind.EXECUTION, _id(new.execution, ids.executions)),
                inputs=[artifact_ref(handle, ids) for handle in new.inputs],
                outputs=[artifact_ref(handle, ids) for handle in new.outputs],
                created=True,
                not_taken=new.not_taken,
            )
            for new in planned
        ]

    async def _write(self, lookups: Lookups, batch: Batch, scope: Scope) -> tuple[SubgraphIds, Ref]:
        """Writes a batch, with the contexts of its workspace and its run; answers its ids and the workspace.

        A workspace that is only a name gets no context: what names it would belong to it no more.
        """
        known = await lookups.workspace_named(scope.workspace)
        is_name = known is not None and not isinstance(known.key, int)
        contexts = [] if is_name else [kubeflow_encoding.workspace_node(WorkspaceDraft(scope.workspace))]
        if known is None:
            await self._writer.check_new(lookups, contexts[0])
        if scope.run is not None:
            contexts.append(kubeflow_encoding.run_node(RunName(scope.workspace, scope.run)))
        ids = await self._writer.subgraph(lookups, batch.subgraph(contexts))
        if known is not None and is_name:
            return ids, known
        if scope.run is not None:
            await self._runs.link(RunName(scope.workspace, scope.run), ids.contexts[1], ids.contexts[0])
        return ids, Ref(EntityKind.WORKSPACE, ids.contexts[0])

    async def _tie_to_runs(
        self, lookups: Lookups, batch: Batch, planned: Sequence[_Planned], ids: SubgraphIds, space: Ref
    ) -> None:
        """Ties nodes of several runs to the contexts of these.

        Which run each belongs to is recorded with them already, and that is what
        LineageQL reads; these ties are for other readers of MLMD.
        """
        executions: list[tuple[int, int]] = []
        artifacts: list[tuple[int, int]] = []
        workspace = planned[0].record.workspace
        runs = {new.record.run: None for new in planned if new.record.run is not None}
        try:
            names = [RunName(workspace, run) for run in runs]
            contexts = await self._runs.contexts(lookups, names, space.key if isinstance(space.key, int) else None)
            for new in planned:
                run = new.record.run
                if run is None:
                    continue
                context = contexts[RunName(workspace, run)]
                executions.append((context, _id(new.execution, ids.executions)))
                handles = {handle.place for handle in (*new.inputs, *new.outputs) if handle.place is not None}
                mine = (place for place in handles if batch.scope(place).run == run)
                artifacts.extend((context, ids.artifacts[place]) for place in mine)
            await self._writer.send(requests.put_memberships(executions, artifacts))
        except (LineageQLError, Taken) as error:
            log.warning("a lineage is recorded, but not yet tied to the contexts of its runs: %s", error)

    async def _answers(
        self, lookups: Lookups, records: Sequence[ExecutionRecord], known: Mapping[int, Execution]
    ) -> dict[int, RecordedExecution]:
        """The answers for the executions, by their records' places, whose external ids are there already."""
        if not known:
            return {}
        workspace = await lookups.workspace_named(records[0].workspace)
        if workspace is None:
            found = next(iter(known.values()))
            if not lookups.rights.sees.whole:
                raise AlreadyExists(TAKEN)
            raise AlreadyExists(f"the execution {found.name!r} is there, and its workspace is not")
        logged = await lookups.logged([found.ref for found in known.values()])
        return {
            place: RecordedExecution(
                workspace,
                _run_ref(records[place]),
                found.ref,
                inputs=logged[found.ref, EventType.INPUT],
                outputs=logged[found.ref, EventType.OUTPUT],
                created=False,
                not_taken=_not_taken_again(lookups, records[place], found, logged),
            )
            for place, found in known.items()
        }

    def _existing(self, lookups: Lookups, scope: Scope, draft: ExecutionDraft) -> Execution | None:
        """The execution of a draft's external id.

        Raises:
            AlreadyExists: it is another one than the draft says.
        """
        if draft.external_id is None:
            return None
        found = lookups.with_external_id(EntityKind.EXECUTION, draft.external_id)
        if found is None:
            return None
        assert isinstance(found, Execution)
        wanted = (draft.type or EXECUTION_TYPE, draft.name, (scope.workspace, scope.run))
        if (found.type.name, found.name, scope_of(found)) != wanted:
            if not lookups.rights.sees.whole:
                raise AlreadyExists(TAKEN)
            words = f"another execution, {found.name!r} of type {found.type.name}"
            raise AlreadyExists(f"the external id {draft.external_id!r} is that of {words}")
        return found


def _run_ref(record: ExecutionRecord) -> Ref | None:
    return None if record.run is None else Ref(EntityKind.RUN, RunName(record.workspace, record.run))


def _not_taken_again(
    lookups: Lookups,
    record: ExecutionRecord,
    found: Execution,
    logged: Mapping[tuple[Ref, EventType], Sequence[Ref]],
) -> list[NotTaken]:
    """What a record says otherwise than the execution of its external id, which is there, and its artifacts."""
    differing = not_taken(record.execution, found, "execution")
    for argument, items, type_ in (
        ("inputs", record.inputs, EventType.INPUT),
        ("outputs", record.outputs, EventType.OUTPUT),
    ):
        there = set(logged[found.ref, type_])
        for place, item in enumerate(items):
            path, draft = f"{argument}[{place}]", item.artifact
            if isinstance(draft, Ref):
                ref: Ref | None = draft
            else:
                artifact = lookups.artifact_of(draft, record.workspace)
                if artifact is None and draft.type == METRICS_TYPE and draft.external_id is None:
                    continue  # metrics are never the same as others: which of those that are there it is none can say
                ref = None if artifact is None else artifact.ref
                if artifact is not None and ref in there:
                    differing.extend(not_taken(draft, artifact, f"{path}.artifact.{draft.member}"))
            if ref not in there:
                words = f"the execution {found.name!r} is there already and stays as it is; not taken: {path}"
                differing.append(NotTaken(path, f"{words}, which logInput and logOutput can add"))
    return differing


def _id(handle: NodeHandle, ids: Sequence[int]) -> int:
    assert handle.place is not None
    return ids[handle.place]
