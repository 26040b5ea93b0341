from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lineageql.errors import InvalidArgument
from lineageql.model.conventions.kubeflow import RUN_TYPE, WRITTEN_PREFIX
from lineageql.model.drafts import ExecutionDraft, ExecutionRecord, PortArtifact, RunDraft, WorkspaceDraft
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import NodeKind
from lineageql.model.predicates import Label, Operator, Test
from lineageql.model.rights import WHOLE
from lineageql.settings import Settings
from lineageql.store.mlmd.requests import NewNode, NewType, Subgraph, put_subgraph, put_types
from lineageql.store.open import open_store
from lineageql.store.ports import Search, Window
from tests.catalog.recording.conftest import Room
from tests.catalog.recording.drafts import model
from tests.places import SQLitePlace

KEYS = ["stage", "k8s.io/team", 'a "quoted" key', "o'clock", "a.b:c", "ключ", "ü=ö,!x"]


async def found_by(room: Room, kind: EntityKind, key: str, value: str) -> list[Ref]:
    search = Search(kind, Test(Label(key), Operator.EQ, value))
    return [row.entity.ref for row in (await room.store.reader(WHOLE).search(search, Window(100))).rows]


async def test_labels_of_every_kind(room: Room) -> None:
    space = await room.recording.create_workspace(WorkspaceDraft("fraud", labels=[("old", "1")]))
    await room.recording.create_run(space.ref, RunDraft("daily", labels=[("old", "1")]))
    execution = ExecutionDraft("train", labels=[("old", "1")])
    outputs = [PortArtifact(model(labels=[("old", "1")]))]
    made = await room.recording.record_execution(ExecutionRecord("fraud", execution, "daily", outputs=outputs))
    assert made.run is not None
    for ref in (made.workspace, made.run, made.execution, made.outputs[0]):
        for key in KEYS:
            assert await room.recording.set_labels(ref, [(key, f"value of {key}")]) == ref
        expected = {"old": "1", **{key: f"value of {key}" for key in KEYS}}
        assert (await room.get(ref)).label_values == expected
        for key in KEYS:
            assert await found_by(room, ref.kind, key, f"value of {key}") == [ref]
        await room.recording.set_labels(ref, [("stage", "new"), ("old", "2")])
        assert await room.recording.remove_labels(ref, [KEYS[1], "absent", *KEYS[2:]]) == ref
        assert (await room.get(ref)).label_values == {"old": "2", "stage": "new"}
        rows = room.rows()
        await room.recording.remove_labels(ref, ["absent"])
        await room.recording.remove_labels(ref, [])
        await room.recording.set_labels(ref, [])
        assert room.rows() == rows
    seen = room.mlmd()
    # Where the SDK reads them.
    labels = {"old": "2", "stage": "new"}
    assert json.loads(seen.context("fraud")["properties"]["labels"]) == labels
    text = seen.artifacts[made.outputs[0].key]["properties"]["__ALL_META__"]
    assert text.startswith(WRITTEN_PREFIX)
    assert json.loads(text)["labels"] == labels
    await room.recording.remove_labels(made.workspace, ["old", "stage"])
    assert json.loads(room.mlmd().context("fraud")["properties"]["labels"]) == {}


async def test_labels_touch_nothing_else(room: Room) -> None:
    facts = {"hyperparameters": {"lr": 1 / 3}}
    draft = model(facts=facts, custom_properties={"acc": 1e-9}, description="digits")
    made = await room.recording.record_execution(
        ExecutionRecord("fraud", ExecutionDraft("train", description="d"), outputs=[PortArtifact(draft)])
    )
    before = room.mlmd().artifacts[1]
    await room.recording.set_labels(made.outputs[0], [("a", "b")])
    await room.recording.remove_labels(made.outputs[0], ["a"])
    after = room.mlmd().artifacts[1]
    texts = [json.loads(node["properties"].pop("__ALL_META__")) for node in (before, after)]
    assert [text.pop("labels") for text in texts] == [None, {}]
    assert texts[0] == texts[1]
    assert after == before


async def test_a_run_that_is_only_a_name_gets_a_context_for_its_labels(room: Room) -> None:
    made = await room.recording.record_execution(ExecutionRecord("fraud", ExecutionDraft("train")))
    assert room.store.recorder is not None
    type_ = NewType(NodeKind.EXECUTION, "kubeflow.org/alpha/execution", {})
    names = {"__kf_workspace__": "fraud", "__kf_run__": "daily"}
    types = {type_.key: (await put_types([type_]).send(room.store.recorder))[0]}
    await put_subgraph(Subgraph(executions=[NewNode(type_, custom_properties=names)]), types).send(room.store.recorder)
    ref = Ref(EntityKind.RUN, RunName("fraud", "daily"))
    await room.recording.set_labels(ref, [("stage", "new")])
    run = await room.get(ref)
    assert (run.label_values, run.type.name) == ({"stage": "new"}, RUN_TYPE)
    assert run.mlmd_id is not None
    assert room.mlmd().context("fraud/daily")["contexts"] == [made.workspace.key]
    await room.recording.set_labels(ref, [("team", "a")])
    await room.recording.remove_labels(ref, ["stage"])
    assert (await room.get(ref)).label_values == {"team": "a"}


async def test_nodes_of_other_writers(room: Room) -> None:
    assert room.store.recorder is not None
    kinds = [NewType(kind, "Foreign", {}) for kind in (NodeKind.CONTEXT, NodeKind.EXECUTION, NodeKind.ARTIFACT)]
    types = dict(zip((new.key for new in kinds), await put_types(kinds).send(room.store.recorder), strict=True))
    nodes = [[NewNode(kind, name="n", custom_properties={"kept": "as it is"})] for kind in kinds]
    await put_subgraph(Subgraph(*nodes), types).send(room.store.recorder)
    for kind in (EntityKind.WORKSPACE, EntityKind.EXECUTION, EntityKind.ARTIFACT):
        ref = Ref(kind, 1)
        await room.recording.set_labels(ref, [("a", "b"), ("c", "d")])
        await room.recording.remove_labels(ref, ["a"])
        entity = await room.get(ref)
        assert (entity.label_values, entity.custom_properties) == ({"c": "d"}, {"kept": "as it is"})
        assert await found_by(room, kind, "c", "d") == [ref]


SDK_META: dict[str, Any] = {
    "workspace": None,
    "name": "old",
    "labels": {"mylabel": "l1", "number": 5, "nothing": None},
    "id": None,
    "kwargs": {"acc": 1 / 3, "layers": [1, 2]},
}


async def sdk_artifact(room: Room, meta: str | None) -> Ref:
    """A model as the SDK writes it, with this text."""
    from lineageql.catalog.recording.kubeflow_encoding import ARTIFACTS
    from lineageql.model.conventions.kubeflow import MODEL_TYPE

    assert room.store.recorder is not None
    type_ = ARTIFACTS[MODEL_TYPE]
    types = {type_.key: (await put_types([type_]).send(room.store.recorder))[0]}
    texts = {"name": "old"} if meta is None else {"name": "old", "__ALL_META__": meta}
    node = NewNode(type_, uri="u", properties=texts, custom_properties={"__kf_workspace__": "fraud"})
    ids = await put_subgraph(Subgraph(artifacts=[node]), types).send(room.store.recorder)
    return Ref(EntityKind.ARTIFACT, ids.artifacts[0])


async def test_a_row_of_the_sdk_becomes_one_of_ours(room: Room) -> None:
    ref = await sdk_artifact(room, json.dumps(SDK_META))
    before = (await room.get(ref)).custom_properties
    await room.recording.set_labels(ref, [("stage", "new")])
    artifact = await room.get(ref)
    assert artifact.label_values == {"mylabel": "l1", "number": "5", "stage": "new"}
    assert artifact.custom_properties == before
    stored = artifact.node.custom_properties
    assert {name: stored[name] for name in stored if name.startswith("label:")} == {
        "label:mylabel": "l1",
        "label:number": "5",
        "label:stage": "new",
    }
    assert (stored["acc"], stored["exact:acc"]) == (0.333333, "0.3333333333333333")
    for key, value in artifact.label_values.items():
        assert await found_by(room, EntityKind.ARTIFACT, key, value) == [ref]
    meta = artifact.node.properties["__ALL_META__"]
    assert meta.startswith(WRITTEN_PREFIX)
    assert json.loads(meta) == {**SDK_META, "labels": {**SDK_META["labels"], "stage": "new"}}
    await room.recording.remove_labels(ref, ["mylabel"])
    assert (await room.get(ref)).label_values == {"number": "5", "stage": "new"}
    assert await found_by(room, EntityKind.ARTIFACT, "mylabel", "l1") == []


@pytest.mark.parametrize(
    "member",
    [
        {"labels": {"x" * 300: "too long for a property"}},
        {"labels": {"poison": "__MLMD_NULL__"}},
        {"labels": {"half": "\ud800"}},
        {"kwargs": {"nan": float("nan")}},
        {"kwargs": {"big": 2**70}},
        {"kwargs": {"none": None}},
        {"kwargs": {"name": "of a declared property"}},
    ],
    ids=str,
)
async def test_what_cannot_stand_in_a_property_goes_on_to_be_read_from_the_text(
    room: Room, member: dict[str, Any]
) -> None:
    ref = await sdk_artifact(room, json.dumps({**SDK_META, **member}))
    before = await room.get(ref)
    await room.recording.set_labels(ref, [("stage", "new")])
    after = await room.get(ref)
    assert after.label_values == {**before.label_values, "stage": "new"}
    assert repr(after.custom_properties) == repr(before.custom_properties)
    assert not after.node.properties["__ALL_META__"].startswith(WRITTEN_PREFIX)
    for key, value in before.label_values.items():
        if "\ud800" not in value:
            assert await found_by(room, EntityKind.ARTIFACT, key, value) == [ref]
    assert await found_by(room, EntityKind.ARTIFACT, "stage", "new") == [ref]


@pytest.mark.parametrize("meta", ["", "no JSON", "[1]", None])
async def test_texts_that_are_none_of_the_sdks(room: Room, meta: str | None) -> None:
    ref = await sdk_artifact(room, meta)
    await room.recording.set_labels(ref, [("stage", "new")])
    artifact = await room.get(ref)
    assert artifact.label_values == {"stage": "new"}
    expected = meta if meta is not None else '{"labels":{"stage":"new"}}'
    assert artifact.node.properties["__ALL_META__"] == expected


async def test_a_store_of_the_sdk(mlmd_stores: Path, tmp_path: Path) -> None:
    place = SQLitePlace(tmp_path)
    shutil.copyfile(mlmd_stores / "kubeflow-sdk.sqlite", place.path)
    store = await open_store(place.url, Settings())
    room = Room(place, store)
    before = room.mlmd()
    refs = [Ref(EntityKind.ARTIFACT, id_) for id_ in before.artifacts]
    refs += [Ref(EntityKind.WORKSPACE, id_) for id_ in before.contexts]
    refs += [Ref(EntityKind.EXECUTION, id_) for id_ in before.executions]
    for ref in refs:
        old = await room.get(ref)
        await room.recording.set_labels(ref, [("stage", "new")])
        new = await room.get(ref)
        assert new.label_values == {**old.label_values, "stage": "new"}
        assert new.custom_properties == old.custom_properties
        await room.recording.remove_labels(ref, list(new.label_values))
        assert (await room.get(ref)).label_values == {}
    await store.close()


async def test_labels_need_something_that_is_there(room: Room) -> None:
    for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION, EntityKind.WORKSPACE, EntityKind.RUN):
        with pytest.raises(InvalidArgument) as caught:
            await room.recording.set_labels(Ref(kind, 99), [("a", "b")])
        assert caught.value.argument == "id"
        with pytest.raises(InvalidArgument):
            await room.recording.remove_labels(Ref(kind, 99), ["a"])
    with pytest.raises(InvalidArgument):
        await room.recording.set_labels(Ref(EntityKind.RUN, RunName("no", "run")), [("a", "b")])
