from __future__ import annotations

import pytest

from lineageql.errors import AlreadyExists, InvalidArgument
from lineageql.model.drafts import ArtifactTypeDraft
from lineageql.model.kinds import ArtifactKind, base_of, kind_of
from lineageql.model.nodes import NodeKind
from lineageql.model.rights import WHOLE
from lineageql.store.mlmd.requests import NewType, put_types
from tests.catalog.recording.conftest import Room

ALL = {"i": "INT", "d": "DOUBLE", "s": "STRING", "b": "BOOLEAN", "o": "STRUCT", 'we.ird "name"': "INT"}


@pytest.mark.parametrize("kind", ArtifactKind)
async def test_a_type_of_each_kind(room: Room, kind: ArtifactKind) -> None:
    made = await room.recording.create_artifact_type(ArtifactTypeDraft("org.example/Thing", kind, ALL))
    again = await room.recording.create_artifact_type(ArtifactTypeDraft("org.example/Thing", kind, ALL))
    assert (made.created, again.created) == (True, False)
    assert again.type_id == made.type_id
    types = {type_.id: type_ for type_ in await room.store.reader(WHOLE).types()}
    assert kind_of(types[made.type_id]) is kind
    seen = room.mlmd().types["org.example/Thing"]
    names = ("name", "create_time", "description", "version", "owner", "__ALL_META__")
    assert seen["properties"] == {**ALL, **dict.fromkeys(names, "STRING")}
    base = base_of(kind)
    numbers = {"mlmd.Dataset": 1, "mlmd.Model": 2, "mlmd.Metrics": 3, "mlmd.Statistics": 4}
    assert seen["base"] == (0 if base is None else numbers[base])


async def test_another_type_of_the_name(room: Room) -> None:
    await room.recording.create_artifact_type(ArtifactTypeDraft("Thing", properties={"n": "INT"}))
    assert room.store.recorder is not None
    await put_types([NewType(NodeKind.ARTIFACT, "Foreign", {})]).send(room.store.recorder)
    rows = room.rows()
    for draft in (
        ArtifactTypeDraft("Thing", properties={"n": "DOUBLE"}),
        ArtifactTypeDraft("Thing", properties={"n": "INT", "more": "INT"}),
        ArtifactTypeDraft("Thing"),
        ArtifactTypeDraft("Thing", ArtifactKind.STATISTICS, {"n": "INT"}),
        ArtifactTypeDraft("Foreign"),
    ):
        with pytest.raises(AlreadyExists, match=draft.name):
            await room.recording.create_artifact_type(draft)
    assert room.rows() == rows


@pytest.mark.parametrize(
    ("draft", "argument"),
    [
        (ArtifactTypeDraft(""), "name"),
        (ArtifactTypeDraft(" \n"), "name"),
        (ArtifactTypeDraft("x" * 256), "name"),
        (ArtifactTypeDraft("a\0b"), "name"),
        (ArtifactTypeDraft("__MLMD_NULL__"), "name"),
        (ArtifactTypeDraft("mlmd.Model"), "name"),
        (ArtifactTypeDraft("kubeflow.org/alpha/model"), "name"),
        (ArtifactTypeDraft("kubeflow.org/alpha/new"), "name"),
        (ArtifactTypeDraft("system.Model", ArtifactKind.DATA_SET), "kind"),
        (ArtifactTypeDraft("Model"), "kind"),
        (ArtifactTypeDraft("T", properties={"": "INT"}), "properties"),
        (ArtifactTypeDraft("T", properties={"a\0b": "INT"}), "properties"),
        (ArtifactTypeDraft("T", properties={"x": "FLOAT"}), "properties.x"),
        (ArtifactTypeDraft("T", properties={"x": 1}), "properties.x"),
        (ArtifactTypeDraft("T", properties={"x": None}), "properties.x"),
        (ArtifactTypeDraft("T", properties={"x": "PROTO"}), "properties.x"),
        (ArtifactTypeDraft("T", properties={"name": "INT"}), "properties.name"),
        (ArtifactTypeDraft("T", properties={"__ALL_META__": "STRING"}), "properties.__ALL_META__"),
        (ArtifactTypeDraft("T", properties={"label:x": "STRING"}), "properties.label:x"),
        (ArtifactTypeDraft("T", properties={"exact:x": "STRING"}), "properties.exact:x"),
    ],
    ids=lambda value: repr(value)[:60],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_no_type(shared_room: Room, draft: ArtifactTypeDraft, argument: str) -> None:
    rows = shared_room.rows()
    with pytest.raises(InvalidArgument) as caught:
        await shared_room.recording.create_artifact_type(draft)
    assert caught.value.argument == argument
    assert shared_room.rows() == rows


async def test_the_conventions_own_properties_may_be_named(room: Room) -> None:
    made = await room.recording.create_artifact_type(ArtifactTypeDraft("T", properties={"name": "STRING", "n": "INT"}))
    again = await room.recording.create_artifact_type(ArtifactTypeDraft("T", properties={"n": "INT"}))
    assert (again.type_id, again.created) == (made.type_id, False)
