from __future__ import annotations

from typing import Any

import pytest

from lineageql.errors import AlreadyExists, InvalidArgument
from lineageql.model.drafts import ExecutionDraft, ExecutionRecord, PortArtifact
from lineageql.model.entities import ExecutionState
from lineageql.model.identity import EntityKind, Ref, RunName
from tests.catalog.recording.conftest import Room
from tests.catalog.recording.drafts import data_set, metrics, model


def record(name: str = "train", run: str | None = "daily", workspace: str = "fraud", **more: Any) -> ExecutionRecord:
    sides = {side: [at_port(item) for item in more.pop(side, [])] for side in ("inputs", "outputs")}
    return ExecutionRecord(workspace, ExecutionDraft(name, **more), run, **sides)


def at_port(item: Any) -> PortArtifact:
    return item if isinstance(item, PortArtifact) else PortArtifact(item)


async def test_all_of_an_execution_in_one(room: Room) -> None:
    given = record(inputs=[PortArtifact(data_set(), "examples")], outputs=[PortArtifact(model(), "model"), metrics()])
    made = await room.recording.record_execution(given)
    assert made.created
    assert made.run == Ref(EntityKind.RUN, RunName("fraud", "daily"))
    space, run, execution = [await room.get(ref) for ref in (made.workspace, made.run, made.execution)]
    assert (space.name, run.name, execution.name) == ("fraud", "daily", "train")
    assert (execution.state, execution.run_name) == (ExecutionState.COMPLETE, RunName("fraud", "daily"))
    assert [(await room.get(ref)).name for ref in made.inputs] == ["digits"]
    assert [(await room.get(ref)).name for ref in made.outputs] == ["MNIST", "scores"]
    seen = room.mlmd()
    scope = sorted([seen.context("fraud")["id"], seen.context("fraud/daily")["id"]])
    assert seen.context("fraud/daily")["contexts"] == [seen.context("fraud")["id"]]
    assert seen.executions[made.execution.key]["contexts"] == scope
    for ref in (*made.inputs, *made.outputs):
        assert seen.artifacts[ref.key]["contexts"] == scope
        names = {"__kf_workspace__": "fraud", "__kf_run__": "daily"}
        assert seen.artifacts[ref.key]["custom_properties"] == names
    assert seen.events == [
        [made.execution.key, made.inputs[0].key, "INPUT", ["examples"]],
        [made.execution.key, made.outputs[0].key, "OUTPUT", ["model"]],
        [made.execution.key, made.outputs[1].key, "OUTPUT", []],
    ]


async def test_without_a_run(room: Room) -> None:
    made = await room.recording.record_execution(record(run=None, state=ExecutionState.FAILED))
    assert made.run is None
    execution = await room.get(made.execution)
    assert (execution.state, execution.run_name) == (ExecutionState.FAILED, None)
    assert [node["name"] for node in room.mlmd().contexts.values()] == ["fraud"]


async def test_a_retry_writes_nothing(room: Room) -> None:
    given = record(external_id="job-1", inputs=[data_set(), data_set("v2")], outputs=[metrics(), model()])
    first = await room.recording.record_execution(given)
    rows = room.rows()
    again = await room.recording.record_execution(given)
    assert not again.created
    for part in ("workspace", "run", "execution", "inputs", "outputs"):
        assert getattr(again, part) == getattr(first, part)
    for other in (
        record("other", external_id="job-1"),
        record(external_id="job-1", run="weekly"),
        record(external_id="job-1", run=None),
        record(external_id="job-1", workspace="risk"),
        record(external_id="job-1", type="Trainer"),
    ):
        with pytest.raises(AlreadyExists):
            await room.recording.record_execution(other)
    assert room.rows() == rows


async def test_what_is_there_is_used_and_stays_as_it_is(room: Room) -> None:
    first = await room.recording.record_execution(record(outputs=[model(), data_set()]))
    before = room.mlmd()
    second = await room.recording.record_execution(
        record("serve", "weekly", inputs=[model(description="new", labels=[("a", "b")]), first.outputs[1]])
    )
    assert list(second.inputs) == list(first.outputs)
    after = room.mlmd()
    assert after.artifacts == before.artifacts
    for name in ("fraud", "fraud/daily"):
        assert after.context(name) == before.context(name)


async def test_an_artifact_of_another_workspace_by_its_id(room: Room) -> None:
    first = await room.recording.record_execution(record(outputs=[model()]))
    before = room.mlmd()
    await room.recording.record_execution(record(workspace="risk", inputs=[first.outputs[0]], outputs=[model()]))
    after = room.mlmd()
    ref = first.outputs[0]
    assert after.artifacts[ref.key] == before.artifacts[ref.key]
    assert len(after.artifacts) == 2


async def test_one_artifact_at_several_places_of_an_execution(room: Room) -> None:
    made = await room.recording.record_execution(
        record(
            inputs=[PortArtifact(model(), "teacher"), PortArtifact(model(), "student"), model("v2")],
            outputs=[PortArtifact(model(), "tuned"), model("v2"), model("v2")],
        )
    )
    assert [ref.key for ref in made.inputs] == [ref.key for ref in made.outputs] == [1, 2]
    # MLMD has one event for each direction: its path names the ports.
    assert room.mlmd().events == [
        [1, 1, "INPUT", ["teacher", "student"]],
        [1, 2, "INPUT", []],
        [1, 1, "OUTPUT", ["tuned"]],
        [1, 2, "OUTPUT", []],
    ]


async def test_metrics_of_one_request_are_each_new(room: Room) -> None:
    made = await room.recording.record_execution(record(outputs=[metrics(), metrics(), metrics(external_id="m")]))
    assert len(made.outputs) == 3
    again = await room.recording.record_execution(record("again", outputs=[metrics(external_id="m")]))
    assert list(again.outputs) == [made.outputs[2]]


async def test_external_ids_of_artifacts_within_a_request(room: Room) -> None:
    made = await room.recording.record_execution(record(inputs=[model()], outputs=[model(external_id="x")]))
    assert list(made.inputs) == list(made.outputs)
    assert (await room.get(made.inputs[0])).external_id == "x"
    rows = room.rows()
    for outputs in (
        [model("v2", external_id="y"), data_set(external_id="y")],
        [model("v2", external_id="y"), model("v2", external_id="z")],
        [model(external_id="z")],
    ):
        with pytest.raises(AlreadyExists):
            await room.recording.record_execution(record("other", outputs=outputs))
    assert room.rows() == rows


async def test_a_lineage_in_one(room: Room) -> None:
    records = [
        record("ingest", "one", outputs=[data_set()]),
        record("train", "one", inputs=[data_set()], outputs=[model()]),
        record("serve", "two", inputs=[model()]),
        record("look", None, inputs=[model(), data_set()]),
    ]
    made = await room.recording.record_lineage(records)
    assert [one.created for one in made] == [True] * 4
    data, of = made[0].outputs[0], made[1].outputs[0]
    assert list(made[1].inputs) == [data]
    assert list(made[2].inputs) == [of]
    assert list(made[3].inputs) == [of, data]
    seen = room.mlmd()
    ids = {name: seen.context(name)["id"] for name in ("fraud", "fraud/one", "fraud/two")}
    ties = [[ids["fraud"], ids["fraud/one"]]] * 2 + [[ids["fraud"], ids["fraud/two"]], [ids["fraud"]]]
    assert [seen.executions[one.execution.key]["contexts"] for one in made] == ties
    for ref in (data, of):
        # The run of the execution that was the first to log it.
        assert seen.artifacts[ref.key]["contexts"] == [ids["fraud"], ids["fraud/one"]]
        assert seen.artifacts[ref.key]["custom_properties"]["__kf_run__"] == "one"
    for name in ("fraud/one", "fraud/two"):
        assert seen.context(name)["contexts"] == [ids["fraud"]]
    assert len(seen.artifacts) == 2


async def test_a_lineage_of_which_a_part_is_there(room: Room) -> None:
    first = await room.recording.record_execution(record("ingest", external_id="a", outputs=[data_set()]))
    records = [
        record("ingest", external_id="a", outputs=[data_set()]),
        record("train", external_id="b", inputs=[data_set()], outputs=[model()]),
    ]
    made = await room.recording.record_lineage(records)
    assert [one.created for one in made] == [False, True]
    assert made[0].execution == first.execution
    assert list(made[1].inputs) == list(first.outputs)
    rows = room.rows()
    again = await room.recording.record_lineage(records)
    assert [one.execution for one in again] == [one.execution for one in made]
    assert room.rows() == rows
    assert await room.recording.record_lineage([]) == []


async def test_a_lineage_is_all_or_nothing(room: Room) -> None:
    rows = room.rows()
    for bad, argument in (
        (record("x", workspace="risk"), "[1].workspace"),
        (record("", outputs=[model()]), "[1].execution.name"),
        (record("x", outputs=[model(), Ref(EntityKind.ARTIFACT, 99)]), "[1].outputs[1].artifact.id"),
        (record("x", external_id="a"), "[1].execution.externalId"),
    ):
        with pytest.raises(InvalidArgument) as caught:
            await room.recording.record_lineage([record("ingest", external_id="a", outputs=[data_set()]), bad])
        assert caught.value.argument == argument
    assert room.rows() == rows


async def test_the_sdks_rule_of_duplicates_holds(room: Room) -> None:
    versions = ["v1", "v2", None, "v1"]
    for number in range(8):
        drafts = [make(version) for make in (model, data_set) for version in versions]
        place = {"workspace": ["fraud", "risk"][number % 2], "run": [None, "a", "b"][number % 3]}
        await room.recording.record_execution(record(f"e{number}", inputs=drafts, outputs=[metrics()], **place))
    seen = room.mlmd()
    keys = [
        (node["type"], node["uri"], *(node["properties"].get(name) for name in ("name", "version")), workspace)
        for node in seen.artifacts.values()
        for workspace in [node["custom_properties"]["__kf_workspace__"]]
        if not node["type"].endswith("metrics")
    ]
    assert len(keys) == len(set(keys)) == 2 * 2 * 3
    assert len(seen.artifacts) - len(keys) == 8
