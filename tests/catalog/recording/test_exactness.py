"""What is recorded reads back equal, and is found by what it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.errors import AlreadyExists, InvalidArgument, LineageQLError
from lineageql.model.drafts import ArtifactTypeDraft, ExecutionDraft, ExecutionRecord, PortArtifact, WorkspaceDraft
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.predicates import Operator, Property, Test
from lineageql.model.rights import WHOLE
from lineageql.store.ports import Search, Window
from tests.catalog.recording.conftest import Room
from tests.catalog.recording.drafts import custom, data_set, metrics, model

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = [
    "'; DROP TABLE Artifact; --",
    '" OR 1=1 --',
    "\\",
    "\\'",
    "%s %d {0} $1 ? :name",
    "`back`",
    "🌍👩‍👩‍👧 e\u0301",
    "\u202eright to left\u202c שלום",
    "line\nfeed\r\n\ttab",
    "\x01\x1f\x7f",
    "\ufeff\ufffe\uffff\u2028\u2029",
    "null",
    "NULL",
    "true",
    "123",
    "{}",
    '{"labels":null}',
    "  leading and trailing  ",
    "x__MLMD_NULL__",
    " mlmd-struct::x",
    "x" * 10_000,
    "ü" * 10_000,
]

REFUSED: dict[tuple[str, str], type[LineageQLError]] = {
    # MLMD's indexes hold whole texts, of which PostgreSQL takes some 2,700 bytes, compressed.
    ("postgresql", "ü" * 10_000): InvalidArgument,
    # To MLMD's tables in MariaDB a name has 255 bytes of UTF-8, and is equal to one in small letters.
    ("mysql", "ü" * 10_000): InvalidArgument,
    ("mysql", "NULL"): AlreadyExists,
}
"""What a database does not keep; nothing of it is recorded."""

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20).filter(
    lambda text: text != "__MLMD_NULL__" and not text.startswith("mlmd-struct::")
)
names = texts.filter(lambda text: bool(text.strip()))
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([1 / 3, 3e-7, 0.1 + 0.2, -0.0, 5e-324, 1e300, 1e22, 123456789.123456, 2**53 + 1, 1.0, 1e15 + 0.3]),
)
scalars = st.one_of(st.booleans(), numbers, texts)
values = st.recursive(
    st.none() | scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
users_names = names.filter(
    lambda name: (
        not name.startswith(("__", "label:", "exact:"))
        and name
        not in {"name", "create_time", "description", "version", "owner", "model_type", "executable_id", "labels"}
    )
)
objects = st.dictionaries(users_names, values.filter(lambda value: value is not None), max_size=5)


def same(left: Any, right: Any) -> bool:
    """Equal as JSON, which tells 1 from 1.0, and 0.0 from -0.0."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


class Counter:
    value = 0


def fresh() -> str:
    Counter.value += 1
    return f"n{Counter.value}"


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(given_customs=objects, hyperparameters=st.dictionaries(names, values, max_size=4), framework=values)
async def test_models(shared_room: Room, given_customs: Any, hyperparameters: Any, framework: Any) -> None:
    facts = {"hyperparameters": hyperparameters, "training_framework": framework}
    draft = model(fresh(), facts=facts, custom_properties=given_customs)
    execution = ExecutionDraft("train", custom_properties=given_customs)
    made = await shared_room.recording.record_execution(
        ExecutionRecord("fraud", execution, outputs=[PortArtifact(draft)])
    )
    artifact = await shared_room.get(made.outputs[0])
    assert same(artifact.custom_properties, given_customs)
    assert same(artifact.hyperparameters, hyperparameters)
    assert same(artifact.training_framework, framework)
    assert same((await shared_room.get(made.execution)).custom_properties, given_customs)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(scores=st.dictionaries(names, values, max_size=5))
async def test_metric_values(shared_room: Room, scores: Any) -> None:
    made = await shared_room.recording.record_execution(
        ExecutionRecord("fraud", ExecutionDraft("t"), outputs=[PortArtifact(metrics(facts={"values": scores}))])
    )
    assert same((await shared_room.get(made.outputs[0])).values, scores)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(number=numbers)
async def test_numbers_are_found(shared_room: Room, number: int | float) -> None:
    customs = {"number": number}
    made = await shared_room.recording.record_execution(
        ExecutionRecord("fraud", ExecutionDraft(fresh(), custom_properties=customs))
    )
    predicate = Test(Property("number"), Operator.EQ, number)
    found = await shared_room.store.reader(WHOLE).search(Search(EntityKind.EXECUTION, predicate), Window(1000))
    assert made.execution in [row.entity.ref for row in found.rows]


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    i=st.integers(-(2**63), 2**63 - 1),
    d=numbers,
    s=texts,
    b=st.booleans(),
    o=st.dictionaries(texts, values, max_size=4) | st.lists(values, max_size=4),
)
async def test_declared_properties(shared_room: Room, **given_values: Any) -> None:
    declared = {"i": "INT", "d": "DOUBLE", "s": "STRING", "b": "BOOLEAN", "o": "STRUCT"}
    await shared_room.recording.create_artifact_type(ArtifactTypeDraft("Thing", properties=declared))
    draft = custom("Thing", properties=given_values, version=fresh())
    made = await shared_room.recording.record_execution(
        ExecutionRecord("fraud", ExecutionDraft("t"), outputs=[PortArtifact(draft)])
    )
    shown = (await shared_room.get(made.outputs[0])).properties
    # A DOUBLE is a double: 1 reads back 1.0, which is the same number.
    assert shown["d"] == given_values["d"]
    for name in ("i", "s", "b", "o"):
        assert same(shown[name], given_values[name])


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
async def test_hostile_texts(shared_room: Room, text: str) -> None:
    name = text[:200]
    labels = [] if any(ord(sign) < 32 or ord(sign) == 127 for sign in name) else [(name, text)]
    draft = data_set(
        text,
        name=name,
        uri=text,
        owner=text,
        description=text,
        facts={"query": text},
        labels=labels,
        custom_properties={"v": text, "in": [text, {text: text}], name + "!": text},
        external_id=name,
    )
    record = ExecutionRecord(
        name,
        ExecutionDraft(name, type=name + "T", description=text, labels=labels, external_id=name),
        None if len(name) > 100 else name,
        outputs=[PortArtifact(draft, name)],
    )
    refused = REFUSED.get((shared_room.store.info.backend, text))
    if refused is not None:
        with pytest.raises(refused):
            await shared_room.recording.record_execution(record)
        return
    made = await shared_room.recording.record_execution(record)
    artifact = await shared_room.get(made.outputs[0])
    shown = (artifact.version, artifact.uri, artifact.owner, artifact.description, artifact.query)
    assert shown == (text,) * 5
    assert (artifact.name, artifact.external_id, artifact.label_values) == (name, name, dict(labels))
    assert artifact.custom_properties == draft.custom_properties
    execution = await shared_room.get(made.execution)
    assert (execution.name, execution.type.name, execution.description) == (name, name + "T", text)
    assert (await shared_room.get(made.workspace)).name == name
    if made.run is not None:
        assert (await shared_room.get(made.run)).name == name
    again = await shared_room.recording.record_execution(record)
    assert (again.execution, list(again.outputs)) == (made.execution, list(made.outputs))
    second = await shared_room.recording.log_input(made.execution, PortArtifact(draft))
    assert second.artifact == made.outputs[0]
    events = await shared_room.store.reader(WHOLE).paths(await events_of(shared_room, made.execution))
    assert [event.path for event in events] == [(name,), ()]


async def events_of(room: Room, execution: Ref) -> Any:
    from lineageql.model.nodes import EventType, NodeKind

    assert isinstance(execution.key, int)
    return await room.store.reader(WHOLE).events(NodeKind.EXECUTION, [execution.key], frozenset(EventType))


@pytest.mark.parametrize("depth", [1, 30, 31, 32])
@pytest.mark.parametrize("kind", ["list", "object", "mixed"])
async def test_deep_values(shared_room: Room, depth: int, kind: str) -> None:
    value: Any = 1 / 3
    for level in range(depth):
        value = [value] if kind == "list" or (kind == "mixed" and level % 2) else {"k": value}
    draft = model(fresh(), facts={"training_framework": value}, custom_properties={"deep": value})
    made = await shared_room.recording.record_execution(
        ExecutionRecord("fraud", ExecutionDraft("t"), outputs=[PortArtifact(draft)])
    )
    artifact = await shared_room.get(made.outputs[0])
    assert artifact.custom_properties == {"deep": value}
    assert artifact.training_framework == value


async def test_ml_metadata_reads_all_of_it(shared_room: Room) -> None:
    """Nothing that the tests above recorded is poison to it."""
    seen = shared_room.mlmd()
    counts = await shared_room.store.reader(WHOLE).counts()
    assert (len(seen.artifacts), len(seen.executions), len(seen.events)) == (
        counts.artifacts,
        counts.executions,
        counts.events,
    )


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.text(max_size=300), value=st.recursive(st.none() | st.floats() | st.integers() | st.text(), st.lists))
async def test_anything_is_recorded_as_it_is_or_refused(shared_room: Room, name: str, value: Any) -> None:
    customs = {name: value}
    draft = WorkspaceDraft(fresh() + name, value if isinstance(value, str) else None, [(name, name)], customs)
    size = await shared_room.size()
    try:
        made = await shared_room.recording.create_workspace(draft)
    except InvalidArgument as error:
        f"{error} {error.argument}".encode()
        assert await shared_room.size() == size
        return
    space = await shared_room.get(made.ref)
    assert (space.name, space.label_values) == (draft.name, {name: name})
    assert same(space.custom_properties, customs)
