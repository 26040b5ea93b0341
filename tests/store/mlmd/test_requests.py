"""What MLMD does with the requests that are built here: the facts that recording stands on."""

from __future__ import annotations

from typing import Any

import pytest

from lineageql.errors import AlreadyExists, InvalidArgument, NotFound
from lineageql.model.nodes import EventType, NodeKind, PropertyType
from lineageql.store.mlmd.requests import (
    Edge,
    NewNode,
    NewType,
    NodeChange,
    Subgraph,
    get_nothing,
    put_change,
    put_contexts,
    put_memberships,
    put_parents,
    put_subgraph,
    put_types,
)

STRING, INT = PropertyType.STRING, PropertyType.INT
THING = NewType(NodeKind.ARTIFACT, "Thing", {"text": STRING, "number": INT}, "mlmd.Model")
STEP = NewType(NodeKind.EXECUTION, "Step", {"text": STRING})
PLACE = NewType(NodeKind.CONTEXT, "Place", {"text": STRING})


class Channel:
    """A channel with the three types, and what is in its store."""

    def __init__(self, channel: Any, service: Any, types: dict[Any, int]) -> None:
        self.channel, self.service, self.types = channel, service, types

    async def read(self, rpc: str, **fields: Any) -> Any:
        request = getattr(self.service, f"{rpc}Request")(**fields).SerializeToString()
        return getattr(self.service, f"{rpc}Response").FromString(await self.channel.call(rpc, request))

    async def write(self, **parts: Any) -> Any:
        return await put_subgraph(Subgraph(**parts), self.types).send(self.channel)


@pytest.fixture
async def store(book: Any, opened: Any) -> Channel:
    channel = opened()
    ids = await put_types([PLACE, THING, STEP]).send(channel)
    return Channel(channel, book.service, dict(zip((PLACE.key, THING.key, STEP.key), ids, strict=True)))


async def test_types_are_made_once_and_get_properties(store: Channel) -> None:
    more = NewType(NodeKind.ARTIFACT, "Thing", {"more": STRING})
    assert await put_types([more, STEP]).send(store.channel) == [store.types[THING.key], store.types[STEP.key]]
    found = (await store.read("GetArtifactType", type_name="Thing")).artifact_type
    assert set(found.properties) == {"text", "number", "more"}
    assert found.base_type == 2
    with pytest.raises(AlreadyExists):
        await put_types([NewType(NodeKind.ARTIFACT, "Thing", {"text": INT})]).send(store.channel)


async def test_a_subgraph_ties_its_new_nodes_and_no_others(store: Channel) -> None:
    known = (await store.write(artifacts=[NewNode(THING)])).artifacts[0]
    ids = await store.write(
        contexts=[NewNode(PLACE, name="here", properties={"text": "first"})],
        executions=[NewNode(STEP)],
        artifacts=[NewNode(THING)],
        edges=[
            Edge(EventType.INPUT, ["a", "b"], new_execution=0, artifact_id=known),
            Edge(EventType.OUTPUT, new_execution=0, new_artifact=0),
        ],
    )
    tied = await store.read("GetArtifactsByContext", context_id=ids.contexts[0])
    assert [artifact.id for artifact in tied.artifacts] == list(ids.artifacts)
    events = (await store.read("GetEventsByExecutionIDs", execution_ids=ids.executions)).events
    assert [(event.artifact_id, event.type) for event in events] == [(known, 3), (ids.artifacts[0], 4)]
    assert [step.key for step in events[0].path.steps] == ["a", "b"]


async def test_a_context_of_the_name_is_that_one_unchanged(store: Channel) -> None:
    first = await store.write(contexts=[NewNode(PLACE, name="here", properties={"text": "first"})])
    again = await store.write(contexts=[NewNode(PLACE, name="here", properties={"text": "second"})])
    assert again.contexts == first.contexts
    found = (await store.read("GetContextsByID", context_ids=first.contexts)).contexts[0]
    assert found.properties["text"].string_value == "first"
    with pytest.raises(AlreadyExists):
        await put_contexts([NewNode(PLACE, name="here")], store.types).send(store.channel)


async def test_a_subgraph_is_all_or_nothing(store: Channel) -> None:
    await store.write(executions=[NewNode(STEP, external_id="taken")])
    with pytest.raises(AlreadyExists):
        await store.write(
            contexts=[NewNode(PLACE, name="new")],
            artifacts=[NewNode(THING)],
            executions=[NewNode(STEP), NewNode(STEP, external_id="taken")],
        )
    assert len((await store.read("GetExecutions")).executions) == 1
    assert not (await store.read("GetArtifacts")).artifacts
    assert not (await store.read("GetContexts")).contexts


async def test_the_same_event_again_is_refused_with_the_rest(store: Channel) -> None:
    ids = await store.write(executions=[NewNode(STEP)], artifacts=[NewNode(THING)])
    edge = Edge(EventType.INPUT, execution_id=ids.executions[0], artifact_id=ids.artifacts[0])
    await store.write(edges=[edge])
    with pytest.raises(AlreadyExists):
        await store.write(artifacts=[NewNode(THING)], edges=[edge])
    assert len((await store.read("GetArtifacts")).artifacts) == 1


async def test_an_event_of_an_artifact_that_is_not_there_is_made(store: Channel) -> None:
    """Which is why recording looks first."""
    ids = await store.write(executions=[NewNode(STEP)], edges=[Edge(EventType.INPUT, new_execution=0, artifact_id=99)])
    events = (await store.read("GetEventsByExecutionIDs", execution_ids=ids.executions)).events
    assert [event.artifact_id for event in events] == [99]


NAMES = [
    "plain",
    "a.b",
    ".",
    "a..b",
    "properties.x",
    "custom_properties.x",
    'a "b" c',
    "label:k8s.io/x",
    "`x`",
    "",
    "ü\n",
]


@pytest.mark.parametrize("kind", NodeKind)
async def test_a_change_leaves_the_rest(store: Channel, kind: NodeKind) -> None:
    type_ = {NodeKind.ARTIFACT: THING, NodeKind.EXECUTION: STEP, NodeKind.CONTEXT: PLACE}[kind]
    parts = {NodeKind.ARTIFACT: "artifacts", NodeKind.EXECUTION: "executions", NodeKind.CONTEXT: "contexts"}[kind]
    customs: dict[str, Any] = dict.fromkeys(NAMES, "old")
    node = NewNode(type_, name="n", properties={"text": "kept"}, custom_properties=customs)
    id_ = getattr(await store.write(**{parts: [node]}), parts)[0]

    async def stored() -> Any:
        rpc = {"artifacts": "GetArtifactsByID", "executions": "GetExecutionsByID", "contexts": "GetContextsByID"}[parts]
        return getattr(await store.read(rpc, **{f"{parts[:-1]}_ids": [id_]}), parts)[0]

    for name in NAMES:
        for value in (7, None, "new"):
            change = NodeChange(kind, id_, store.types[type_.key], custom_properties={name: value})
            await put_change(change).send(store.channel)
            customs.pop(name, None)
            customs.update({} if value is None else {name: value})
            found = await stored()
            shown = {key: getattr(item, item.WhichOneof("value")) for key, item in found.custom_properties.items()}
            assert shown == customs
            assert (found.name, found.properties["text"].string_value) == ("n", "kept")
    change = NodeChange(kind, id_, store.types[type_.key], properties={"text": None})
    await put_change(change).send(store.channel)
    assert "text" not in (await stored()).properties


async def test_a_change_of_state(store: Channel) -> None:
    node = NewNode(STEP, state=2, external_id="x", properties={"text": "kept"})
    id_ = (await store.write(executions=[node])).executions[0]
    for state in (3, 0):
        change = NodeChange(NodeKind.EXECUTION, id_, store.types[STEP.key], state=state)
        await put_change(change).send(store.channel)
        found = (await store.read("GetExecutionsByID", execution_ids=[id_])).executions[0]
        assert (found.last_known_state, found.external_id, found.properties["text"].string_value) == (
            state,
            "x",
            "kept",
        )
    with pytest.raises((InvalidArgument, NotFound)):
        await put_change(NodeChange(NodeKind.EXECUTION, 99, store.types[STEP.key], state=1)).send(store.channel)


async def test_ties_and_parents(store: Channel) -> None:
    ids = await store.write(
        contexts=[NewNode(PLACE, name="a"), NewNode(PLACE, name="b")],
    )
    nodes = await store.write(executions=[NewNode(STEP)], artifacts=[NewNode(THING)])
    child, parent = ids.contexts
    for _ in range(2):
        ties = put_memberships([(child, nodes.executions[0])], [(child, nodes.artifacts[0])])
        await ties.send(store.channel)
    assert len((await store.read("GetExecutionsByContext", context_id=child)).executions) == 1
    await put_parents([child], parent).send(store.channel)
    with pytest.raises(AlreadyExists):
        await put_parents([child], parent).send(store.channel)
    await get_nothing().send(store.channel)
