"""The mutations: an input becomes a draft, the draft is recorded, and the answer is read back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any, TypeVar

import strawberry

from lineageql.api import inputs
from lineageql.api.account import changes
from lineageql.api.context import Context, Info
from lineageql.api.entity import Entity, EntityType
from lineageql.api.types import Artifact, Execution, Run, Workspace
from lineageql.api.warnings import WarningCode
from lineageql.catalog.recording import Recording
from lineageql.catalog.recording.reuse import NotTaken
from lineageql.errors import InvalidArgument, ReadOnly, Unavailable
from lineageql.model.identity import EntityKind, Ref, parse_ref

T = TypeVar("T")
_INPUT = strawberry.argument(description="What to record.")
_CREATED = "Whether it is new; false where one that was there is answered, unchanged."


@strawberry.type(description="The answer to createWorkspace.")
class CreateWorkspacePayload:
    workspace: Workspace = strawberry.field(description="The workspace.")
    created: bool = strawberry.field(description=_CREATED)


@strawberry.type(description="The answer to createRun.")
class CreateRunPayload:
    run: Run = strawberry.field(description="The run.")
    created: bool = strawberry.field(
        description="Whether a context was made for it; false where one that was there is answered, unchanged."
    )


@strawberry.type(description="The answer to createExecution.")
class CreateExecutionPayload:
    execution: Execution = strawberry.field(description="The execution.")
    created: bool = strawberry.field(description=_CREATED)


@strawberry.type(description="The answer to updateExecution.")
class UpdateExecutionPayload:
    execution: Execution = strawberry.field(description="The execution, changed.")


@strawberry.type(description="The answer to logInput and logOutput.")
class LogArtifactPayload:
    artifact: Artifact = strawberry.field(description="The artifact.")
    execution: Execution = strawberry.field(description="The execution.")
    created: bool = strawberry.field(description="Whether the artifact is new; false where one that was there is used.")


@strawberry.type(description="The answer to recordExecution.")
class RecordExecutionPayload:
    workspace: Workspace = strawberry.field(description="The workspace.")
    run: Run | None = strawberry.field(description="The run, where one was named.")
    execution: Execution = strawberry.field(description="The execution.")
    inputs: list[Artifact] = strawberry.field(description="What it read, each artifact once.")
    outputs: list[Artifact] = strawberry.field(description="What it wrote, each artifact once.")
    created: bool = strawberry.field(
        description="Whether the execution is new; false where its external id was there before, and nothing changed."
    )


@strawberry.type(description="The answer to recordLineage.")
class RecordLineagePayload:
    executions: list[Execution] = strawberry.field(description="The executions, in the order of the input.")
    created: list[bool] = strawberry.field(
        description="For each execution whether it is new; false where its external id was there before, "
        "and nothing of it changed."
    )


@strawberry.type(description="The answer to setLabels.")
class SetLabelsPayload:
    entity: Entity = strawberry.field(description="What was labelled.")


@strawberry.type(description="The answer to removeLabels.")
class RemoveLabelsPayload:
    entity: Entity = strawberry.field(description="What the labels were removed from.")


@strawberry.type(description="The answer to createArtifactType.")
class CreateArtifactTypePayload:
    type: EntityType = strawberry.field(description="The type.")
    created: bool = strawberry.field(description="Whether it is new; false where the same was there.")


async def _record(info: Info, work: Callable[[Recording], Awaitable[T]]) -> T:
    """Records, with the paths of wrong values, and of what is not taken, continued to the argument `input`.

    Raises:
        ReadOnly: the service does not record.
    """
    context = info.context
    if context.recording is None:
        raise ReadOnly("this service only reads; start it without --read-only to record")
    # A state that is still held would keep writers waiting in a store that has no way round that.
    context.renew()
    try:
        found = await work(context.recording)
        context.recorded.add(info.path.key)
        context.changes.extend(changes(info.field_name, found))
        for place, told in _not_taken(found):
            argument = f"input{place}.{told.argument}" if told.argument else f"input{place}"
            context.warnings.add(info, WarningCode.NOT_TAKEN, f"{argument}: {told.message}")
        return found
    except InvalidArgument as fault:
        raise fault.under("input") from None
    finally:
        # What was loaded before the mutation may have changed by it.
        context.renew()


def _not_taken(found: object) -> Iterator[tuple[str, NotTaken]]:
    """What was not taken of what was recorded, or of each of a list of it, with its place in the input."""
    if isinstance(found, list):
        for place, one in enumerate(found):
            # What is not told of, such as a reference, which is a sequence too, took everything.
            yield from ((f"[{place}]", told) for told in getattr(one, "not_taken", ()))
    else:
        yield from (("", told) for told in getattr(found, "not_taken", ()))


async def _entity(context: Context, ref: Ref) -> Any:
    return (await _entities(context, [ref]))[0]


async def _entities(context: Context, refs: list[Ref]) -> Any:
    """What was recorded, read back.

    Raises:
        Unavailable: it is not there, as a database's node that lags behind says.
    """
    found = await context.loaders.entity_by_ref.load_many(refs)
    for ref, entity in zip(refs, found, strict=True):
        if entity is None:
            raise Unavailable(f"the database does not show {str(ref)!r} yet")
    return found


@strawberry.type(
    description="What can be recorded. Each field is all or nothing, and a document of several is not: one that fails "
    "is null and changes nothing, and the others are carried out, one after another."
)
class Mutation:
    @strawberry.mutation(description="Makes a workspace, or finds the one of this name.")
    async def create_workspace(
        self, info: Info, input: Annotated[inputs.CreateWorkspaceInput, _INPUT]
    ) -> CreateWorkspacePayload | None:
        async def work(recording: Recording) -> Any:
            return await recording.create_workspace(input.draft(), reuse=input.reuse)

        found = await _record(info, work)
        return CreateWorkspacePayload(workspace=await _entity(info.context, found.ref), created=found.created)

    @strawberry.mutation(description="Makes a run of a workspace, or finds the one of this name.")
    async def create_run(self, info: Info, input: Annotated[inputs.CreateRunInput, _INPUT]) -> CreateRunPayload | None:
        async def work(recording: Recording) -> Any:
            workspace = parse_ref(input.workspace_id, expected=EntityKind.WORKSPACE, argument="workspaceId")
            return await recording.create_run(workspace, input.draft(), reuse=input.reuse)

        found = await _record(info, work)
        return CreateRunPayload(run=await _entity(info.context, found.ref), created=found.created)

    @strawberry.mutation(description="Makes an execution.")
    async def create_execution(
        self, info: Info, input: Annotated[inputs.CreateExecutionInput, _INPUT]
    ) -> CreateExecutionPayload | None:
        async def work(recording: Recording) -> Any:
            workspace = parse_ref(input.workspace_id, expected=EntityKind.WORKSPACE, argument="workspaceId")
            run = None
            if input.run_id is not None:
                run = parse_ref(input.run_id, expected=EntityKind.RUN, argument="runId")
            return await recording.create_execution(workspace, run, input.draft())

        found = await _record(info, work)
        return CreateExecutionPayload(execution=await _entity(info.context, found.ref), created=found.created)

    @strawberry.mutation(description="Changes an execution's state, times, description or custom properties.")
    async def update_execution(
        self, info: Info, input: Annotated[inputs.UpdateExecutionInput, _INPUT]
    ) -> UpdateExecutionPayload | None:
        async def work(recording: Recording) -> Ref:
            ref = parse_ref(input.id, expected=EntityKind.EXECUTION, argument="id")
            custom = inputs.json_object(input.custom_properties, "customProperties")
            await recording.update_execution(
                ref, input.state, input.description, custom, input.start_time, input.end_time
            )
            return ref

        return UpdateExecutionPayload(execution=await _entity(info.context, await _record(info, work)))

    @strawberry.mutation(description="Logs that an execution read an artifact.")
    async def log_input(
        self, info: Info, input: Annotated[inputs.LogArtifactInput, _INPUT]
    ) -> LogArtifactPayload | None:
        return await _log(info, input, lambda recording: recording.log_input)

    @strawberry.mutation(description="Logs that an execution wrote an artifact.")
    async def log_output(
        self, info: Info, input: Annotated[inputs.LogArtifactInput, _INPUT]
    ) -> LogArtifactPayload | None:
        return await _log(info, input, lambda recording: recording.log_output)

    @strawberry.mutation(description="Records an execution with its workspace, its run and all that it read and wrote.")
    async def record_execution(
        self, info: Info, input: Annotated[inputs.RecordExecutionInput, _INPUT]
    ) -> RecordExecutionPayload | None:
        async def work(recording: Recording) -> Any:
            return await recording.record_execution(input.draft())

        found = await _record(info, work)
        context = info.context
        return RecordExecutionPayload(
            workspace=await _entity(context, found.workspace),
            run=None if found.run is None else await _entity(context, found.run),
            execution=await _entity(context, found.execution),
            inputs=await _entities(context, list(found.inputs)),
            outputs=await _entities(context, list(found.outputs)),
            created=found.created,
        )

    @strawberry.mutation(
        description="Records executions of one workspace with all that they read and wrote, all of them or nothing. "
        "An artifact that several of them name, such as one's output and another's input, is one artifact."
    )
    async def record_lineage(
        self, info: Info, input: Annotated[list[inputs.RecordExecutionInput], _INPUT]
    ) -> RecordLineagePayload | None:
        async def work(recording: Recording) -> Any:
            return await recording.record_lineage(inputs.records(input))

        found = await _record(info, work)
        return RecordLineagePayload(
            executions=await _entities(info.context, [one.execution for one in found]),
            created=[one.created for one in found],
        )

    @strawberry.mutation(description="Sets labels of a workspace, run, execution or artifact, beside those it has.")
    async def set_labels(self, info: Info, input: Annotated[inputs.SetLabelsInput, _INPUT]) -> SetLabelsPayload | None:
        async def work(recording: Recording) -> Ref:
            ref = parse_ref(input.id, argument="id")
            await recording.set_labels(ref, inputs.pairs(input.labels))
            return ref

        return SetLabelsPayload(entity=await _entity(info.context, await _record(info, work)))

    @strawberry.mutation(description="Removes labels of a workspace, run, execution or artifact.")
    async def remove_labels(
        self, info: Info, input: Annotated[inputs.RemoveLabelsInput, _INPUT]
    ) -> RemoveLabelsPayload | None:
        async def work(recording: Recording) -> Ref:
            ref = parse_ref(input.id, argument="id")
            await recording.remove_labels(ref, input.keys)
            return ref

        return RemoveLabelsPayload(entity=await _entity(info.context, await _record(info, work)))

    @strawberry.mutation(description="Makes an artifact type of your own, or finds the same.")
    async def create_artifact_type(
        self, info: Info, input: Annotated[inputs.CreateArtifactTypeInput, _INPUT]
    ) -> CreateArtifactTypePayload | None:
        async def work(recording: Recording) -> Any:
            return await recording.create_artifact_type(input.draft())

        found = await _record(info, work)
        types = await info.context.finder.types(EntityKind.ARTIFACT)
        made: Any = next(type_ for type_ in types if type_.id == found.type_id)
        return CreateArtifactTypePayload(type=made, created=found.created)


async def _log(
    info: Info, given: inputs.LogArtifactInput, verb: Callable[[Recording], Callable[..., Awaitable[Any]]]
) -> LogArtifactPayload:
    async def work(recording: Recording) -> Any:
        execution = parse_ref(given.execution_id, expected=EntityKind.EXECUTION, argument="executionId")
        return await verb(recording)(execution, given.draft())

    found = await _record(info, work)
    return LogArtifactPayload(
        artifact=await _entity(info.context, found.artifact),
        execution=await _entity(info.context, found.execution),
        created=found.created,
    )
