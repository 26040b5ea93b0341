from __future__ import annotations

import pytest

from lineageql.errors import AlreadyExists, InvalidArgument
from lineageql.model.conventions.kubeflow import RUN_TYPE, WORKSPACE_TYPE
from lineageql.model.drafts import ExecutionDraft, ExecutionRecord, RunDraft, WorkspaceDraft
from lineageql.model.identity import EntityKind, Ref, RunName
from tests.catalog.recording.conftest import Room

TEAM = [("team", "fraud"), ("k8s.io/app", 'a "quoted" ünit')]


async def test_a_workspace(room: Room) -> None:
    draft = WorkspaceDraft("fraud", "Scores payments", TEAM, {"budget": 12.5, "members": ["a", "b"]})
    made = await room.recording.create_workspace(draft)
    assert made.created
    space = await room.get(made.ref)
    assert (space.name, space.description, space.type.name) == ("fraud", "Scores payments", WORKSPACE_TYPE)
    assert space.label_values == dict(TEAM)
    assert space.custom_properties == {"budget": 12.5, "members": ["a", "b"]}
    mine = room.mlmd().context("fraud")
    assert mine["type"] == WORKSPACE_TYPE
    assert mine["properties"]["description"] == "Scores payments"
    # The SDK reads a workspace's labels as JSON there.
    assert mine["properties"]["labels"] == '{"team":"fraud","k8s.io/app":"a \\"quoted\\" ünit"}'


async def test_a_workspace_of_the_name_is_answered_unchanged(room: Room) -> None:
    first = await room.recording.create_workspace(WorkspaceDraft("fraud", "the first"))
    rows = room.rows()
    again = await room.recording.create_workspace(WorkspaceDraft("fraud", "another", [("a", "b")], {"c": 1}))
    assert (again.ref, again.created) == (first.ref, False)
    with pytest.raises(AlreadyExists, match="'fraud'"):
        await room.recording.create_workspace(WorkspaceDraft("fraud"), reuse=False)
    assert room.rows() == rows
    # Names are compared exactly; but what MariaDB's index takes for equal it keeps once.
    other = room.recording.create_workspace(WorkspaceDraft("Fraud"), reuse=False)
    if room.store.info.backend == "mysql":
        with pytest.raises(AlreadyExists):
            await other
    else:
        assert (await other).created


async def test_a_run(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    made = await room.recording.create_run(space.ref, RunDraft("daily/1", "of today", TEAM, {"seed": 17}))
    assert made.ref == Ref(EntityKind.RUN, RunName("fraud", "daily/1"))
    assert made.created
    run = await room.get(made.ref)
    assert (run.name, run.description, run.type.name) == ("daily/1", "of today", RUN_TYPE)
    assert (run.label_values, run.custom_properties) == (dict(TEAM), {"seed": 17})
    context = room.mlmd().context("fraud/daily/1")
    assert context["contexts"] == [space.ref.key]
    assert context["custom_properties"]["__kf_run__"] == "daily/1"
    assert context["custom_properties"]["__kf_workspace__"] == "fraud"


async def test_a_run_of_the_name_is_answered_unchanged(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    first = await room.recording.create_run(space.ref, RunDraft("daily"))
    rows = room.rows()
    again = await room.recording.create_run(space.ref, RunDraft("daily", "another", TEAM))
    assert (again.ref, again.created) == (first.ref, False)
    with pytest.raises(AlreadyExists, match="'daily' in the workspace 'fraud'"):
        await room.recording.create_run(space.ref, RunDraft("daily"), reuse=False)
    assert room.rows() == rows


@pytest.mark.parametrize(
    ("pairs"),
    [[("a/b", "c"), ("a", "b/c")], [("a%2Fb", "c"), ("a/b", "c")], [("%", "/"), ("/", "%"), ("%25", "/")]],
)
async def test_runs_whose_contexts_could_be_taken_for_one_another(room: Room, pairs: list[tuple[str, str]]) -> None:
    for workspace, name in pairs:
        space = await room.recording.create_workspace(WorkspaceDraft(workspace))
        made = await room.recording.create_run(space.ref, RunDraft(name, f"{name} of {workspace}"))
        assert made.created
    for workspace, name in pairs:
        run = await room.get(Ref(EntityKind.RUN, RunName(workspace, name)))
        assert (run.name, run.description) == (name, f"{name} of {workspace}")


async def test_a_run_that_is_only_a_name_gets_its_context_and_keeps_its_id(room: Room) -> None:
    # As the SDK does it: the run is nothing but the property of an execution.
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    await room.recording.create_execution(space.ref, None, ExecutionDraft("train"))
    await execute_as_the_sdk(room, run="first run")
    ref = Ref(EntityKind.RUN, RunName("fraud", "first run"))
    assert (await room.get(ref)).mlmd_id is None
    made = await room.recording.create_run(space.ref, RunDraft("first run", "now described"))
    assert (made.ref, made.created) == (ref, True)
    run = await room.get(ref)
    assert (run.description, run.id) == ("now described", str(ref))
    assert run.mlmd_id is not None
    assert not (await room.recording.create_run(space.ref, RunDraft("first run"))).created


async def test_the_link_to_the_workspace_is_repaired_when_the_run_is_used_again(room: Room) -> None:
    await room.recording.record_execution(ExecutionRecord("fraud", ExecutionDraft("a"), "daily"))
    await room.store.close()
    room.place.execute("DELETE FROM ParentContext")
    await room.open()
    await room.recording.record_execution(ExecutionRecord("fraud", ExecutionDraft("b"), "daily"))
    seen = room.mlmd()
    assert seen.context("fraud/daily")["contexts"] == [seen.context("fraud")["id"]]


async def test_runs_belong_to_workspaces_of_this_convention(room: Room) -> None:
    for ref in (Ref(EntityKind.WORKSPACE, 99), Ref(EntityKind.ARTIFACT, 1)):
        with pytest.raises(InvalidArgument) as caught:
            await room.recording.create_run(ref, RunDraft("daily"))
        assert caught.value.argument == "workspaceId"


async def execute_as_the_sdk(room: Room, run: str) -> None:
    from lineageql.catalog.recording import kubeflow_encoding
    from lineageql.store.mlmd.requests import NewNode, Subgraph, put_subgraph, put_types

    assert room.store.recorder is not None
    types = {
        kubeflow_encoding.EXECUTION.key: (await put_types([kubeflow_encoding.EXECUTION]).send(room.store.recorder))[0]
    }
    names = {"__kf_workspace__": "fraud", "__kf_run__": run}
    node = NewNode(kubeflow_encoding.EXECUTION, properties={"name": "by the SDK"}, custom_properties=names)
    await put_subgraph(Subgraph(executions=[node]), types).send(room.store.recorder)
