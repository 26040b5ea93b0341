from __future__ import annotations

from typing import Any

import pytest

from lineageql.errors import AlreadyExists, InvalidArgument
from lineageql.model.conventions.kubeflow import EXECUTION_TYPE
from lineageql.model.drafts import ExecutionDraft, RunDraft, WorkspaceDraft
from lineageql.model.entities import ExecutionState
from lineageql.model.identity import EntityKind, Ref, RunName
from tests.catalog.recording.conftest import Room

# MLMD's masks name properties after a dot: none of these may end the name or begin another one.
HOSTILE_NAMES = [
    "a.b",
    "a/b",
    "a b",
    "a:b",
    '"q"',
    "it's",
    "`b`",
    "back\\slash",
    "a,b",
    "новый",
    "new\nline",
    "..",
    "[0]",
]


async def test_an_execution(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    run = await room.recording.create_run(space.ref, RunDraft("daily"))
    draft = ExecutionDraft("train", None, "trains", ExecutionState.RUNNING, [("gpu", "yes")], {"epochs": 3}, "job-1")
    made = await room.recording.create_execution(space.ref, run.ref, draft)
    assert made.created
    execution = await room.get(made.ref)
    assert (execution.name, execution.description, execution.state) == ("train", "trains", ExecutionState.RUNNING)
    assert (execution.label_values, execution.custom_properties) == ({"gpu": "yes"}, {"epochs": 3})
    assert (execution.external_id, execution.run_name) == ("job-1", RunName("fraud", "daily"))
    seen = room.mlmd()
    mine = seen.executions[made.ref.key]
    assert mine["type"] == EXECUTION_TYPE
    assert mine["properties"].keys() == {"name", "create_time", "description"}
    assert mine["properties"]["create_time"].endswith("Z")
    names = {"__kf_workspace__": "fraud", "__kf_run__": "daily"}
    assert mine["custom_properties"] == {**names, "label:gpu": "yes", "epochs": 3}
    assert mine["contexts"] == sorted([seen.context("fraud")["id"], seen.context("fraud/daily")["id"]])


async def test_without_a_state_none_is_set(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    made = await room.recording.create_execution(space.ref, None, ExecutionDraft("train"))
    assert (await room.get(made.ref)).state is ExecutionState.UNKNOWN
    mine = room.mlmd().executions[made.ref.key]
    assert (mine["last_known_state"], mine["custom_properties"]) == (0, {"__kf_workspace__": "fraud"})


async def test_the_external_id_tells_an_execution(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    other = await room.recording.create_workspace(WorkspaceDraft("risk"))
    run = await room.recording.create_run(space.ref, RunDraft("daily"))
    draft = ExecutionDraft("train", external_id="job-1")
    first = await room.recording.create_execution(space.ref, run.ref, draft)
    rows = room.rows()
    again = await room.recording.create_execution(space.ref, run.ref, draft)
    assert (again.ref, again.created) == (first.ref, False)
    for workspace, of, changed in (
        (space.ref, run.ref, ExecutionDraft("test", external_id="job-1")),
        (space.ref, run.ref, ExecutionDraft("train", type="Trainer", external_id="job-1")),
        (space.ref, None, draft),
        (other.ref, None, draft),
    ):
        with pytest.raises(AlreadyExists, match="'job-1' is that of another execution, 'train'"):
            await room.recording.create_execution(workspace, of, changed)
    assert room.rows() == rows


async def test_a_type_of_ones_own_is_registered_on_first_use(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    first = await room.recording.create_execution(space.ref, None, ExecutionDraft("train", "org.example/Trainer"))
    second = await room.recording.create_execution(space.ref, None, ExecutionDraft("tune", "org.example/Trainer"))
    seen = room.mlmd()
    assert {seen.executions[ref.key]["type"] for ref in (first.ref, second.ref)} == {"org.example/Trainer"}
    declared = seen.types["org.example/Trainer"]["properties"]
    assert set(declared.values()) == {"STRING"}
    assert {"name", "create_time", "description", "__ALL_META__"} <= declared.keys()
    execution = await room.get(first.ref)
    assert (execution.name, execution.convention.name) == ("train", "kubeflow")


async def test_only_what_is_given_changes(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    draft = ExecutionDraft("train", None, "old", ExecutionState.NEW, [("a", "b")], {"kept": 1 / 3, "gone": 1, "new": 2})
    made = await room.recording.create_execution(space.ref, None, draft)
    update = room.recording.update_execution
    assert await update(made.ref, ExecutionState.FAILED) == made.ref
    execution = await room.get(made.ref)
    assert (execution.state, execution.description) == (ExecutionState.FAILED, "old")
    await update(made.ref, None, "new", {"gone": None, "absent": None, "new": {"a": [1.5]}, "more": 1e-9})
    execution = await room.get(made.ref)
    assert (execution.state, execution.description) == (ExecutionState.FAILED, "new")
    assert execution.custom_properties == {"kept": 1 / 3, "new": {"a": [1.5]}, "more": 1e-9}
    assert execution.label_values == {"a": "b"}
    # A number that MLMD keeps as it is needs no exact text any more.
    await update(made.ref, custom_properties={"kept": 0.5, "more": "text"})
    assert "exact:kept" not in (await room.get(made.ref)).node.custom_properties
    await update(made.ref, description="")
    assert (await room.get(made.ref)).description is None
    rows = room.rows()
    await update(made.ref)
    assert room.rows() == rows


async def test_names_that_masks_could_misread(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    before: dict[str, Any] = dict.fromkeys(HOSTILE_NAMES, "old")
    made = await room.recording.create_execution(space.ref, None, ExecutionDraft("train", custom_properties=before))
    for name in HOSTILE_NAMES:
        await room.recording.update_execution(made.ref, custom_properties={name: 1 / 3})
        expected = {**before, name: 1 / 3}
        assert (await room.get(made.ref)).custom_properties == expected
        await room.recording.update_execution(made.ref, custom_properties={name: None})
        del before[name]
        assert (await room.get(made.ref)).custom_properties == before


async def test_an_execution_needs_a_workspace_and_a_run_of_it(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud"))
    other = await room.recording.create_workspace(WorkspaceDraft("risk"))
    run = await room.recording.create_run(other.ref, RunDraft("daily"))
    rows = room.rows()
    for workspace, of, argument in (
        (Ref(EntityKind.WORKSPACE, 99), None, "workspaceId"),
        (run.ref, None, "workspaceId"),
        (space.ref, run.ref, "runId"),
        (space.ref, Ref(EntityKind.RUN, RunName("fraud", "unknown")), "runId"),
        (space.ref, space.ref, "runId"),
    ):
        with pytest.raises(InvalidArgument) as caught:
            await room.recording.create_execution(workspace, of, ExecutionDraft("train"))
        assert caught.value.argument == argument
    assert room.rows() == rows


async def test_updates_need_an_execution(room: Room) -> None:
    for ref in (Ref(EntityKind.EXECUTION, 1), Ref(EntityKind.ARTIFACT, 1)):
        with pytest.raises(InvalidArgument) as caught:
            await room.recording.update_execution(ref, ExecutionState.FAILED)
        assert caught.value.argument == "id"
