"""Random stores of model-registry, dense with what its convention implies, and what a Reader has to answer of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import strategies as st

from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, Event, EventType, NodeKind
from lineageql.model.predicates import Field, Operator, Related, Relation, Test
from lineageql.store.ports import Link, Reader, Search, Window
from tests.store.sql.oracle import INPUTS, Oracle
from tests.store.sql.records import ARTIFACT, CONTEXT, EXECUTION, EventRecord, NodeRecord, StoreRecord, TypeRecord

MODEL = TypeRecord(10, ARTIFACT, "kf.ModelArtifact")
DOCUMENT = TypeRecord(11, ARTIFACT, "kf.DocArtifact")
SERVE = TypeRecord(12, EXECUTION, "kf.ServeModel", declares=("model_version_id",))
OLD_SERVE = TypeRecord(13, EXECUTION, "odh.ServeModel")
STEP = TypeRecord(14, EXECUTION, "A step")
VERSION = TypeRecord(15, CONTEXT, "kf.ModelVersion")
SERVICE = TypeRecord(16, CONTEXT, "kf.InferenceService")
TYPES = (MODEL, DOCUMENT, SERVE, OLD_SERVE, STEP, VERSION, SERVICE)
MOST = 4
ALL = Window(100)


@st.composite
def registries(draw: st.DrawFn) -> StoreRecord:
    """Versions and services, models and documents, what serves them and what does not, and some events."""
    numbers = range(1, MOST + 1)
    contexts = tuple(NodeRecord(n, draw(st.sampled_from((VERSION, VERSION, SERVICE))), name=f"c{n}") for n in numbers)
    artifacts = tuple(NodeRecord(n, draw(st.sampled_from((MODEL, MODEL, DOCUMENT))), name=f"a{n}") for n in numbers)
    named = st.integers(1, MOST + 1) | st.sampled_from(("1", 2.0, True))
    said = st.dictionaries(st.just("model_version_id"), named)
    executions = tuple(
        NodeRecord(
            n,
            draw(st.sampled_from((SERVE, SERVE, OLD_SERVE, STEP))),
            name=f"e{n}",
            declared=draw(said),
            custom=draw(said),
        )
        for n in numbers
    )
    pairs = st.sets(st.tuples(st.sampled_from(numbers), st.sampled_from(numbers)), max_size=8)
    ends = st.tuples(st.sampled_from(numbers), st.sampled_from(numbers), st.sampled_from((3, 4, 5)))
    events = draw(st.lists(ends, unique=True, max_size=4))
    return StoreRecord(
        types=TYPES,
        artifacts=artifacts,
        executions=executions,
        contexts=contexts,
        events=tuple(EventRecord(place + 1, *end) for place, end in enumerate(events)),
        attributions=frozenset(draw(pairs)),
        associations=frozenset(draw(pairs)),
    )


def told(event: Event | None) -> tuple[int, int, int, bool]:
    assert event is not None
    return event.artifact_id, event.execution_id, event.type.value, event.implied


def known(event: EventRecord) -> tuple[int, int, int, bool]:
    return event.artifact, event.execution, event.type, event.id < 0


def check(run: Callable[[Awaitable[Any]], Any], reader: Reader, store: StoreRecord) -> None:
    """What is implied is at both ends of each edge, under owners and in filters, and nowhere else."""
    oracle, ids = Oracle(store), range(1, MOST + 1)
    for kind, end in ((NodeKind.ARTIFACT, "artifact"), (NodeKind.EXECUTION, "execution")):
        events = run(reader.events(kind, ids, INPUT_EVENTS))
        wanted = [event for id_ in ids for event in oracle.events(INPUTS, **{end: id_})]
        assert sorted(map(told, events)) == sorted(map(known, wanted))
        assert len({event.id for event in events}) == len(events)
        assert not any(event.implied for event in run(reader.events(kind, ids, OUTPUT_EVENTS)))
        assert not any(event.implied for event in run(reader.events(kind, ids, frozenset({EventType.INTERNAL_INPUT}))))
        paths = run(reader.paths(events))
        assert [told(event) for event in paths] == [told(event) for event in events]
    for link, end in ((Link.EXECUTION_INPUTS, "execution"), (Link.ARTIFACT_CONSUMERS, "artifact")):
        owners, search = [Ref(link.owner, id_) for id_ in ids], Search(link.target)
        wanted_of = {owner: [known(e) for e in oracle.events(INPUTS, **{end: owner.key})] for owner in owners}
        found = run(reader.search_under(link, owners, search, ALL))
        assert {owner: [told(row.event) for row in rows.rows] for owner, rows in found.items()} == wanted_of
        counts = run(reader.count_under(link, owners, search))
        assert counts == {owner: len(events) for owner, events in wanted_of.items()}
        # Page by page, by the keys of rows.
        for owner, events in wanted_of.items():
            pages, window = [], Window(1)
            while rows := run(reader.search_under(link, [owner], search, window))[owner].rows:
                pages.append(told(rows[0].event))
                window = Window(1, after=rows[0].key)
            assert pages == events
    for relation, kind in ((Relation.INPUTS, EntityKind.EXECUTION), (Relation.CONSUMED_BY, EntityKind.ARTIFACT)):
        for id_ in ids:
            predicate = Related(relation, Test(Field.ID, Operator.EQ, id_))
            rows = run(reader.search(Search(kind, predicate), ALL)).rows
            near, far = ("execution", "artifact") if kind is EntityKind.EXECUTION else ("artifact", "execution")
            assert {row.entity.ref.key for row in rows} == {
                getattr(event, near) for event in oracle.events(INPUTS, **{far: id_})
            }
    # What the executions of a run read and none of them wrote.
    runs = [Ref(EntityKind.RUN, context.id) for context in store.contexts]
    found = run(reader.search_under(Link.RUN_INPUTS, runs, Search(EntityKind.ARTIFACT), ALL))
    for ref in runs:
        mine = {execution for context, execution in store.associations if context == ref.key}
        read = {event.artifact for id_ in mine for event in oracle.events(INPUTS, execution=id_)}
        wrote = {event.artifact for event in store.events if event.type == 4 and event.execution in mine}
        assert {row.entity.ref.key for row in found[ref].rows} == read - wrote
