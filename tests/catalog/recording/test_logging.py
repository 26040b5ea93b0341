from __future__ import annotations

import json

import pytest

from lineageql.errors import AlreadyExists, InvalidArgument
from lineageql.model.conventions.kubeflow import WRITTEN_PREFIX
from lineageql.model.drafts import ArtifactTypeDraft, ExecutionDraft, PortArtifact, RunDraft, WorkspaceDraft
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.kinds import ArtifactKind
from lineageql.model.rights import WHOLE
from lineageql.store.ports import Link, Search, Window
from tests.catalog.recording.conftest import Room
from tests.catalog.recording.drafts import custom, data_set, metrics, model


async def execution_in(room: Room, workspace: str = "fraud", run: str | None = "daily") -> Ref:
    space = await room.recording.create_workspace(WorkspaceDraft(workspace))
    of = None if run is None else (await room.recording.create_run(space.ref, RunDraft(run))).ref
    return (await room.recording.create_execution(space.ref, of, ExecutionDraft("train"))).ref


async def test_the_form_is_the_sdks(room: Room) -> None:
    execution = await execution_in(room)
    facts = {
        "model_type": "neural network",
        "training_framework": {"name": "tensorflow", "version": "v1.0"},
        "hyperparameters": {"learning_rate": 0.5, "layers": [10, 3, 1], "early_stop": True},
    }
    labels = [("stage", "production")]
    draft = model(owner="me", description="digits", facts=facts, labels=labels, custom_properties={"acc": 1 / 3})
    logged = await room.recording.log_output(execution, PortArtifact(draft, "model"))
    assert logged.created
    artifact = await room.get(logged.artifact)
    assert (artifact.name, artifact.version, artifact.uri, artifact.owner) == (
        "MNIST",
        "v1",
        "gcs://models/mnist",
        "me",
    )
    assert (artifact.kind, artifact.description) == (ArtifactKind.MODEL, "digits")
    assert (artifact.model_type, artifact.hyperparameters) == ("neural network", facts["hyperparameters"])
    assert artifact.training_framework == facts["training_framework"]
    assert (artifact.label_values, artifact.custom_properties) == (dict(labels), {"acc": 1 / 3})
    seen = room.mlmd()
    mine = seen.artifacts[logged.artifact.key]
    text = mine["properties"].pop("__ALL_META__")
    time = mine["properties"].pop("create_time")
    texts = {"name": "MNIST", "version": "v1", "owner": "me", "description": "digits", "model_type": "neural network"}
    assert mine["properties"] == texts
    assert text.startswith(WRITTEN_PREFIX)
    assert json.loads(text) == {
        **texts,
        **facts,
        "labels": dict(labels),
        "workspace": None,
        "uri": "gcs://models/mnist",
        "id": None,
        "create_time": time,
        "kwargs": {"acc": 1 / 3},
    }
    names = {"__kf_workspace__": "fraud", "__kf_run__": "daily"}
    exact = {"acc": 0.333333, "exact:acc": "0.3333333333333333"}
    customs = mine["custom_properties"]
    items = {f"parameter:{name}" for name in facts["hyperparameters"]}
    assert items < customs.keys()
    assert customs["parameter:learning_rate"] == 0.5
    assert {n: v for n, v in customs.items() if n not in items} == {**names, **exact, "label:stage": "production"}
    assert mine["contexts"] == sorted([seen.context("fraud")["id"], seen.context("fraud/daily")["id"]])
    assert seen.events == [[execution.key, logged.artifact.key, "OUTPUT", ["model"]]]


async def test_metrics_name_their_model_and_data_as_the_sdk_does(room: Room) -> None:
    execution = await execution_in(room)
    of = (await room.recording.log_input(execution, PortArtifact(model()))).artifact
    on = (await room.recording.log_input(execution, PortArtifact(data_set(facts={"query": "SELECT 1"})))).artifact
    values = {"accuracy": 1 / 3, "confusion": [[1, 2], [3, 4]], "note": "fine"}
    draft = metrics(facts={"metrics_type": "validation", "values": values}, model=of, data_set=on)
    logged = await room.recording.log_output(execution, PortArtifact(draft))
    found = await room.get(logged.artifact)
    assert (found.values, found.metrics_type, found.model_id, found.data_set_id) == (
        values,
        "validation",
        of.key,
        on.key,
    )
    assert (await room.get(on)).query == "SELECT 1"
    mine = room.mlmd().artifacts[logged.artifact.key]["properties"]
    assert (mine["model_id"], mine["data_set_id"], mine["metrics_type"]) == (str(of.key), str(on.key), "validation")
    meta = json.loads(mine["__ALL_META__"])
    assert (meta["values"], meta["model_id"], meta["data_set_id"]) == (values, str(of.key), str(on.key))
    under = await room.store.reader(WHOLE).search_under(
        Link.MODEL_METRICS, [of], Search(EntityKind.ARTIFACT), Window(9)
    )
    assert [row.entity.ref for row in under[of].rows] == [logged.artifact]


async def test_the_same_again_makes_neither_an_artifact_nor_an_event(room: Room) -> None:
    execution = await execution_in(room)
    for draft in (model(), data_set(None)):
        first = await room.recording.log_input(execution, PortArtifact(draft, "a"))
        rows = room.rows()
        again = await room.recording.log_input(execution, PortArtifact(draft, "b"))
        assert (again.artifact, again.created) == (first.artifact, False)
        assert room.rows() == rows
        # It may be read and written by one execution: these are two events.
        await room.recording.log_output(execution, PortArtifact(first.artifact))
        written = room.rows()
        await room.recording.log_output(execution, PortArtifact(draft))
        assert room.rows() == written


@pytest.mark.parametrize(
    "change", [{"version": "v2"}, {"version": None}, {"name": "other"}, {"uri": "gcs://other"}], ids=str
)
async def test_what_tells_artifacts_apart(room: Room, change: dict[str, str | None]) -> None:
    execution = await execution_in(room)
    for make in (model, data_set):
        first = await room.recording.log_input(execution, PortArtifact(make()))
        other = await room.recording.log_input(execution, PortArtifact(make(**change)))
        assert other.created
        assert other.artifact != first.artifact


async def test_an_artifact_of_another_workspace_is_another_one(room: Room) -> None:
    here, there = await execution_in(room), await execution_in(room, "risk")
    first = await room.recording.log_input(here, PortArtifact(model()))
    second = await room.recording.log_input(there, PortArtifact(model()))
    assert second.created
    # By its id it may be used anywhere, and stays in the contexts that it is in.
    logged = await room.recording.log_input(there, PortArtifact(first.artifact))
    assert (logged.artifact, logged.created) == (first.artifact, False)
    seen = room.mlmd()
    scope = sorted([seen.context("fraud")["id"], seen.context("fraud/daily")["id"]])
    assert seen.artifacts[first.artifact.key]["contexts"] == scope
    assert [there.key, first.artifact.key, "INPUT", []] in seen.events


async def test_an_artifact_keeps_its_first_run(room: Room) -> None:
    first, second = await execution_in(room), await execution_in(room, run="weekly")
    logged = await room.recording.log_output(first, PortArtifact(model(labels=[("a", "b")])))
    again = await room.recording.log_input(second, PortArtifact(model(labels=[("c", "d")], description="new")))
    assert again.artifact == logged.artifact
    mine = room.mlmd().artifacts[logged.artifact.key]
    assert mine["custom_properties"] == {"__kf_workspace__": "fraud", "__kf_run__": "daily", "label:a": "b"}
    assert "description" not in mine["properties"]


async def test_metrics_are_always_new(room: Room) -> None:
    execution = await execution_in(room)
    first = await room.recording.log_output(execution, PortArtifact(metrics()))
    second = await room.recording.log_output(execution, PortArtifact(metrics()))
    assert first.created
    assert second.created
    assert first.artifact != second.artifact


async def test_the_external_id_tells_an_artifact(room: Room) -> None:
    execution, other = await execution_in(room), await execution_in(room, "risk")
    for draft in (metrics(external_id="m"), model(external_id="x")):
        first = await room.recording.log_output(execution, PortArtifact(draft))
        again = await room.recording.log_output(other, PortArtifact(draft))
        assert (again.artifact, again.created) == (first.artifact, False)
    rows = room.rows()
    for changed in (
        model(name="other", external_id="x"),
        model(uri="gcs://other", external_id="x"),
        data_set(name="MNIST", uri="gcs://models/mnist", external_id="x"),
        model(external_id="another id of the same"),
    ):
        with pytest.raises(AlreadyExists):
            await room.recording.log_output(execution, PortArtifact(changed))
    assert room.rows() == rows


async def test_artifacts_of_a_type_of_ones_own(room: Room) -> None:
    execution = await execution_in(room)
    declared = {"n": "INT", "x": "DOUBLE", "s": "STRING", "b": "BOOLEAN", "o": "STRUCT", "we.ird name": "DOUBLE"}
    await room.recording.create_artifact_type(ArtifactTypeDraft("Report", properties=declared))
    values = {"n": 2**62, "x": 1 / 3, "s": "", "b": False, "o": {"a": [1.5, None]}, "we.ird name": 3}
    draft = custom("Report", properties={**values}, custom_properties={"extra": 1}, labels=[("a", "b")], version="1")
    logged = await room.recording.log_output(execution, PortArtifact(draft))
    artifact = await room.get(logged.artifact)
    shown = {name: artifact.properties[name] for name in values}
    assert shown == values
    assert artifact.custom_properties == {"extra": 1}
    assert (artifact.kind, artifact.name, artifact.version) == (ArtifactKind.OTHER, "thing", "1")
    mine = room.mlmd().artifacts[logged.artifact.key]
    # Where the database's integers have 32 bits the nearest stands there, and the exact one beside it.
    assert mine["properties"]["n"] == min(2**62, 2 ** (room.store.info.integer_bits - 1) - 1)
    assert not (await room.recording.log_output(execution, PortArtifact(draft))).created


async def test_metrics_of_a_type_of_ones_own_show_their_numbers(room: Room) -> None:
    execution = await execution_in(room)
    declared = {"auc": "DOUBLE", "note": "STRING"}
    await room.recording.create_artifact_type(ArtifactTypeDraft("Scores", ArtifactKind.METRICS, declared))
    properties = {"auc": 1 / 3, "note": "fine"}
    draft = custom("Scores", properties=properties, custom_properties={"n": 5, "on": True})
    first = await room.recording.log_output(execution, PortArtifact(draft))
    assert (await room.get(first.artifact)).values == {"auc": 1 / 3, "n": 5}
    assert (await room.recording.log_output(execution, PortArtifact(draft))).created


async def test_executions_of_no_workspace_take_known_artifacts_only(room: Room) -> None:
    execution = await execution_in(room)
    known = (await room.recording.log_output(execution, PortArtifact(model()))).artifact
    stranger = await execution_of_another_writer(room)
    with pytest.raises(InvalidArgument) as caught:
        await room.recording.log_input(stranger, PortArtifact(model("v2")))
    assert caught.value.argument == "executionId"
    assert not (await room.recording.log_input(stranger, PortArtifact(known))).created
    assert [stranger.key, known.key, "INPUT", []] in room.mlmd().events


async def execution_of_another_writer(room: Room) -> Ref:
    from lineageql.model.nodes import NodeKind
    from lineageql.store.mlmd.requests import NewNode, NewType, Subgraph, put_subgraph, put_types

    assert room.store.recorder is not None
    type_ = NewType(NodeKind.EXECUTION, "Foreign", {})
    types = {type_.key: (await put_types([type_]).send(room.store.recorder))[0]}
    ids = await put_subgraph(Subgraph(executions=[NewNode(type_)]), types).send(room.store.recorder)
    return Ref(EntityKind.EXECUTION, ids.executions[0])
