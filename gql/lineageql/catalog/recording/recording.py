"""The mutations, in domain words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any

from lineageql.catalog.recording import checks, kubeflow_encoding, validation
from lineageql.catalog.recording.artifact_types import new_artifact_type
from lineageql.catalog.recording.checks import refused
from lineageql.catalog.recording.executions import Executions
from lineageql.catalog.recording.kubeflow_encoding import Scope
from lineageql.catalog.recording.labels import label_change
from lineageql.catalog.recording.lookups import Lookups
from lineageql.catalog.recording.results import Logged, Recorded, RecordedExecution, RecordedType
from lineageql.catalog.recording.reuse import not_taken
from lineageql.catalog.recording.run_contexts import Runs
from lineageql.catalog.recording.saying import said
from lineageql.catalog.recording.sizes import Sizes
from lineageql.catalog.recording.writing import Writer
from lineageql.errors import AlreadyExists, Forbidden, TooExpensive
from lineageql.model.drafts import (
    ArtifactTypeDraft,
    ExecutionDraft,
    ExecutionRecord,
    LabelPairs,
    PortArtifact,
    RunDraft,
    WorkspaceDraft,
)
from lineageql.model.entities import Execution, ExecutionState, Run, Workspace
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import EventType, NodeKind
from lineageql.model.rights import ALL_RIGHTS, Rights
from lineageql.settings import Settings
from lineageql.store.mlmd.requests import NodeChange, PropertyValue
from lineageql.store.ports import Store


class Recording:
    """Records in one store; a service has one of it for each store that it writes to.

    Everything is checked before the first write. What is written keeps the
    convention of the Kubeflow Metadata SDK.

    Every method raises:
        InvalidArgument: a value or an id is wrong; its path is that in the draft, in the API's names.
        AlreadyExists: a name or an external id is taken by something else.
        ReadOnly: the store is only read.
        ServiceError, StoreError: the store cannot be written to now; the text says whether it may have been.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._settings = settings
        self._rights = ALL_RIGHTS
        reader = partial(store.reader, current=True)
        self._writer = Writer(store.recorder, reader, store.exclusive, wide=store.info.integer_bits == 64)
        self._sizes = Sizes(store.info.limits)
        self._runs = Runs(self._writer)
        self._executions = Executions(self._writer, self._runs, self._sizes)

    def by(self, rights: Rights) -> Recording:
        """The same, for one who has some rights: what it may not see is not there, and what it may not do is refused.

        Its methods raise, beside the others:
            Forbidden: the caller may see the place, and not record there.
        """
        mine = copy(self)
        mine._rights = rights
        return mine

    async def register_types(self, in_any: bool = True) -> None:
        """Registers the types of the convention, which the Kubeflow Metadata SDK expects to be there.

        Args:
            in_any: in a store that has types already, too; a new one has none.
        """

        async def mutation(lookups: Lookups) -> None:
            if in_any or not await lookups.reader.types():
                await self._writer.types(lookups, kubeflow_encoding.TYPES)

        await self._writer.run(self._rights, mutation)

    # -- workspaces and runs

    async def create_workspace(self, draft: WorkspaceDraft, reuse: bool = True) -> Recorded:
        """Makes a workspace, or answers the one of its name, unchanged.

        One that is only a name stays that: with a context, what names it would belong to it no more.
        """
        validation.check_context(draft)
        checks.undeclared(
            draft.custom_properties, kubeflow_encoding.WORKSPACE.properties, kubeflow_encoding.WORKSPACE.name
        )
        node = kubeflow_encoding.workspace_node(draft)
        self._sizes.name(draft.name, "name")
        self._sizes.node(node, draft.labels)

        async def mutation(lookups: Lookups) -> Recorded:
            self._rights.check_record(draft.name)
            found = await lookups.workspace_named(draft.name)
            if found is None:
                await self._writer.check_new(lookups, node)
                return Recorded(Ref(EntityKind.WORKSPACE, await self._writer.context(lookups, node)), True)
            if not reuse:
                raise AlreadyExists(f"there is a workspace {draft.name!r}")
            if not any(said(draft)):
                return Recorded(found, False)
            return Recorded(found, False, not_taken(draft, await lookups.entity(found, "name")))

        return await self._writer.run(self._rights, mutation)

    async def create_run(self, workspace: Ref, draft: RunDraft, reuse: bool = True) -> Recorded:
        """Makes the context of a run, or answers the run of its name, unchanged.

        A run that was only a name on executions gets its context, and keeps its id.
        """
        validation.check_context(draft)
        checks.undeclared(draft.custom_properties, kubeflow_encoding.RUN.properties, kubeflow_encoding.RUN.name)
        checks.kind(workspace, EntityKind.WORKSPACE, "workspaceId")

        async def mutation(lookups: Lookups) -> Recorded:
            space = await lookups.workspace(workspace, "workspaceId")
            self._rights.check_record(space.name)
            name = RunName(space.name, draft.name)
            validation.check_run_name(name, "name")
            node = kubeflow_encoding.run_node(name, draft)
            self._sizes.run(name, "name")
            self._sizes.node(node, draft.labels)
            ref = Ref(EntityKind.RUN, name)
            found = await lookups.run_named(name)
            if found is not None and found.mlmd_id is not None:
                if not reuse:
                    raise AlreadyExists(f"there is a run {draft.name!r} in the workspace {space.name!r}")
                if space.mlmd_id is not None:
                    await self._runs.link(name, found.mlmd_id, space.mlmd_id)
                return Recorded(ref, False, not_taken(draft, found))
            await self._runs.make(lookups, name, space.mlmd_id, node)
            return Recorded(ref, True)

        return await self._writer.run(self._rights, mutation)

    # -- executions

    async def create_execution(self, workspace: Ref, run: Ref | None, draft: ExecutionDraft) -> Recorded:
        """Makes an execution, or answers that of its external id."""
        validation.check_execution(draft)
        checks.kind(workspace, EntityKind.WORKSPACE, "workspaceId")
        if run is not None:
            checks.kind(run, EntityKind.RUN, "runId")

        async def mutation(lookups: Lookups) -> Recorded:
            space = await lookups.workspace(workspace, "workspaceId")
            self._rights.check_record(space.name)
            name = None if run is None else await lookups.run_name(run, space, "runId")
            return await self._executions.create(lookups, Scope(space.name, name), draft)

        return await self._writer.run(self._rights, mutation)

    async def update_execution(
        self,
        execution: Ref,
        state: ExecutionState | None = None,
        description: str | None = None,
        custom_properties: Mapping[str, Any] | None = None,
        start_time: int | None = None,
        end_time: int | None = None,
    ) -> Ref:
        """Changes what is given, and nothing else; times are milliseconds since 1970.

        Custom properties are merged by name, and null removes one; an empty description removes it.
        """
        if description is not None:
            checks.text(description, "description")
        checks.custom_properties(custom_properties or {}, removable=True)
        checks.kind(execution, EntityKind.EXECUTION, "id")
        validation.check_times(start_time, end_time)

        async def mutation(lookups: Lookups) -> Ref:
            found = await lookups.execution(execution, "id")
            await lookups.check_writable([execution])
            if end_time is None:
                validation.check_times(start_time, found.end_time, "startTime")
            elif start_time is None:
                validation.check_times(found.start_time, end_time)
            times = kubeflow_encoding.moments(start_time, end_time)
            change = _execution_change(found, state, description, custom_properties or {}, times)
            self._sizes.value("description", description, "description")
            self._sizes.properties(change.properties, change.custom_properties, ())
            if change.state is not None or change.properties or change.custom_properties:
                await self._writer.change(change)
            return execution

        return await self._writer.run(self._rights, mutation)

    async def log_input(self, execution: Ref, item: PortArtifact) -> Logged:
        """Records that an execution read an artifact; the same again changes nothing."""
        return await self._log(execution, item, EventType.INPUT)

    async def log_output(self, execution: Ref, item: PortArtifact) -> Logged:
        """Records that an execution wrote an artifact; the same again changes nothing."""
        return await self._log(execution, item, EventType.OUTPUT)

    async def _log(self, execution: Ref, item: PortArtifact, type_: EventType) -> Logged:
        checks.kind(execution, EntityKind.EXECUTION, "executionId")
        validation.check_port_artifact(item)
        return await self._writer.run(
            self._rights, lambda lookups: self._executions.log(lookups, execution, item, type_)
        )

    async def record_execution(self, record: ExecutionRecord) -> RecordedExecution:
        """Records an execution with all it read and wrote, in one atomic call.

        Its workspace and its run are made where they are missing. An execution
        whose external id is there already is answered as it is.
        """
        self._check_size([record])
        validation.check_record(record)
        return (await self._record([record], [""]))[0]

    async def record_lineage(self, records: Sequence[ExecutionRecord]) -> list[RecordedExecution]:
        """Records executions of one workspace in one atomic call; see `record_execution`.

        What is the same artifact in two of them is one artifact.

        Raises:
            TooExpensive: they have more nodes than one mutation may record.
        """
        self._check_size(records)
        validation.check_records(records)
        prefixes = [f"[{place}]" for place in range(len(records))]
        return await self._record(records, prefixes)

    async def _record(self, records: Sequence[ExecutionRecord], prefixes: Sequence[str]) -> list[RecordedExecution]:
        return await self._writer.run(self._rights, lambda lookups: self._executions.record(lookups, records, prefixes))

    def _check_size(self, records: Sequence[ExecutionRecord]) -> None:
        nodes = sum(1 + len(record.inputs) + len(record.outputs) for record in records)
        most = self._settings.max_recorded_nodes
        if nodes > most:
            words = f"{nodes:,} executions, inputs and outputs are to be recorded as one; the most is {most:,}"
            raise TooExpensive(f"{words}: send some of the executions in another request")

    # -- labels

    async def set_labels(self, ref: Ref, pairs: LabelPairs) -> Ref:
        """Sets labels of any entity; its other labels stay."""
        checks.labels(pairs)

        async def mutation(lookups: Lookups) -> Ref:
            entity = await lookups.entity(ref, "id")
            await lookups.check_writable([ref])
            if not pairs:
                return ref
            if isinstance(entity, Workspace) and entity.mlmd_id is None:
                words = "is a workspace that is only a name, which has no labels: set those of what is in it"
                raise refused("id", words)
            if isinstance(entity, Run) and entity.run_name is not None and entity.mlmd_id is None:
                # The run is only a name: its context is made with the labels.
                node = kubeflow_encoding.run_node(entity.run_name, RunDraft(entity.run_name.name, labels=pairs))
                self._sizes.node(node, pairs)
                space = await lookups.workspace_named(entity.run_name.workspace)
                parent = space.key if space is not None and isinstance(space.key, int) else None
                await self._runs.make(lookups, entity.run_name, parent, node)
            else:
                change = label_change(entity, pairs, ())
                self._sizes.properties(change.properties, change.custom_properties, pairs, "labels")
                await self._writer.change(change)
            return ref

        return await self._writer.run(self._rights, mutation)

    async def remove_labels(self, ref: Ref, keys: Collection[str]) -> Ref:
        """Removes labels of any entity; a key that it does not have is none to remove."""

        async def mutation(lookups: Lookups) -> Ref:
            entity = await lookups.entity(ref, "id")
            await lookups.check_writable([ref])
            present = set(keys) & entity.label_values.keys()
            if present:
                await self._writer.change(label_change(entity, (), present))
            return ref

        return await self._writer.run(self._rights, mutation)

    # -- types

    async def create_artifact_type(self, draft: ArtifactTypeDraft) -> RecordedType:
        """Makes an artifact type, or answers the same one where it is there."""
        validation.check_type(draft)

        async def mutation(lookups: Lookups) -> RecordedType:
            if not self._rights.records_somewhere:
                raise Forbidden("you may not record anywhere")
            new, found = await new_artifact_type(lookups, draft)
            self._sizes.type(new)
            ids = await self._writer.types(lookups, [new])
            return RecordedType(ids[new.key], created=found is None)

        return await self._writer.run(self._rights, mutation)


def _execution_change(
    found: Execution,
    state: ExecutionState | None,
    description: str | None,
    values: Mapping[str, Any],
    times: Mapping[str, PropertyValue],
) -> NodeChange:
    type_ = found.type
    checks.undeclared(values, type_.properties, type_.name)
    customs: dict[str, PropertyValue | None] = {}
    for name, value in values.items():
        customs.update(kubeflow_encoding.stored_property(name, value))
    properties: dict[str, PropertyValue | None] = {}
    if description is not None:
        place = properties if "description" in type_.properties else customs
        if "description" in values and place is customs:
            raise refused("customProperties.description", "is given beside the description, which is the same here")
        place["description"] = description or None
    if state is None and (properties or customs or times):
        customs.update(kubeflow_encoding.kept_end(found))
    customs.update(times)
    return NodeChange(
        NodeKind.EXECUTION,
        found.node.id,
        type_.id,
        state=None if state is None else state.value,
        properties=properties,
        custom_properties=customs,
    )
