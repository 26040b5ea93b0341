"""Levels of events that one statement reads are those that a walk in plain Python goes over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, EventType, NodeKind
from lineageql.store.sql import event_walks
from lineageql.store.sql.event_walks import walk_statement
from tests.store.sql.node_types import KUBEFLOW, MODEL, SDK_EXECUTION
from tests.store.sql.records import EventRecord, NodeRecord, StoreRecord
from tests.store.sql.test_search import thorough

NODES = 5
MANY_OF_ONE = st.sampled_from([2, 3, 64])
LEADING = {
    "upstream": {NodeKind.ARTIFACT: OUTPUT_EVENTS, NodeKind.EXECUTION: INPUT_EVENTS},
    "downstream": {NodeKind.ARTIFACT: INPUT_EVENTS, NodeKind.EXECUTION: OUTPUT_EVENTS},
}


@st.composite
def event_stores(draw: st.DrawFn) -> StoreRecord:
    ids, types = st.integers(1, NODES), st.sampled_from([type_.value for type_ in EventType])
    drawn = draw(st.lists(st.tuples(ids, ids, types), max_size=20, unique=True))
    return StoreRecord(
        types=KUBEFLOW,
        artifacts=tuple(NodeRecord(id_, MODEL) for id_ in range(1, NODES + 1)),
        executions=tuple(NodeRecord(id_, SDK_EXECUTION) for id_ in range(1, NODES + 1)),
        events=tuple(
            EventRecord(place, artifact=artifact, execution=execution, type=type_)
            for place, (artifact, execution, type_) in enumerate(drawn, 1)
        ),
    )


def levels_of(
    store: StoreRecord, kind: NodeKind, ids: Sequence[int], leading: Mapping[NodeKind, frozenset[EventType]], most: int
) -> list[set[int]]:
    """The ids of the events of the first levels of a walk, up to the first level without any."""
    found: list[set[int]] = []
    nodes = set(ids)
    while len(found) < most and (not found or found[-1]):
        of_artifacts = kind is NodeKind.ARTIFACT
        events = [
            event
            for event in store.events
            if (event.artifact if of_artifacts else event.execution) in nodes and EventType(event.type) in leading[kind]
        ]
        found.append({event.id for event in events})
        nodes = {event.execution if of_artifacts else event.artifact for event in events}
        kind = NodeKind.EXECUTION if of_artifacts else NodeKind.ARTIFACT
    return found


@pytest.mark.parametrize("way", LEADING)
@pytest.mark.parametrize("kind", [NodeKind.ARTIFACT, NodeKind.EXECUTION], ids=lambda kind: kind.value)
def test_each_level_is_whole(bench, kind, way):
    leading = LEADING[way]

    @thorough(bench)
    @given(
        event_stores(), st.sets(st.integers(1, NODES), min_size=1), st.integers(1, 12), st.integers(1, 60), MANY_OF_ONE
    )
    def check(store: StoreRecord, ids: set[int], levels: int, most: int, many: int) -> None:
        expected = levels_of(store, kind, sorted(ids), leading, levels)
        with bench.reading(store) as reader, patch.object(event_walks, "_MANY", many):
            found = bench.run(reader.events_onward(kind, sorted(ids), leading, levels, most))
        told = [{event.id for event in level} for level in found]
        assert told
        assert told == expected[: len(told)]
        assert all(len(level) == len(ids) for level, ids in zip(found, told, strict=True))
        if len(told) < len(expected) and reader.dialect.name != "mysql":
            # The next level does not fit, or a node of it has too many events.
            next_level = [event for event in store.events if event.id in expected[len(told)]]
            place = "artifact" if (kind is NodeKind.ARTIFACT) == (len(told) % 2 == 0) else "execution"
            of_one = Counter(getattr(event, place) for event in next_level)
            assert (
                sum(map(len, expected[: len(told) + 1])) >= most
                or max(of_one.values(), default=0) >= many
                or len(told) == 1
            )

    check()


def test_a_database_that_makes_all_rows_first_is_not_asked_for_a_part_of_them(bench):
    with bench.reading(StoreRecord(types=KUBEFLOW)) as reader:
        dialect = reader.dialect
    if dialect.has_recursion:
        assert "WITH RECURSIVE" in walk_statement(dialect, NodeKind.ARTIFACT, LEADING["upstream"]).text
        return
    with pytest.raises(NotImplementedError, match="mysql makes all rows of a recursive table before any is read"):
        walk_statement(dialect, NodeKind.ARTIFACT, LEADING["upstream"])
