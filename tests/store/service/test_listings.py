"""Lists by id: wherever ids are missing, whatever the size of a page, in both directions and from any place on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.model.identity import EntityKind
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.predicates import ALWAYS, Field, Operator, Predicate, Test
from lineageql.store.ports import Order, Search, Window
from lineageql.store.service.access_paths import merged
from lineageql.store.service.client import Knowledge, Sizes
from lineageql.store.service.reader import ServiceReader
from tests.store.service.conftest import WAYS, ServiceBench, WithoutFilters
from tests.store.sql.node_types import DATA_SET, KUBEFLOW, MODEL
from tests.store.sql.records import NodeRecord, StoreRecord

IDS = (1, 2, 3, 7, 8, 30, 5000, 5001, 2**31 + 5, 2**40, 2**40 + 1)
POISON = "mlmd-struct::!"


def sparse(*bad: int) -> StoreRecord:
    return StoreRecord(
        types=KUBEFLOW,
        artifacts=tuple(
            NodeRecord(id_, MODEL if id_ % 2 else DATA_SET, custom={"p": POISON} if id_ in bad else {})
            for id_ in IDS
            if not bad or id_ < 10_000
        ),
    )


@pytest.mark.parametrize("bad", [(), (3, 8, 5001)], ids=["all readable", "some not"])
@pytest.mark.parametrize("predicate", [ALWAYS, Test(Field.TYPE, Operator.EQ, MODEL.name)], ids=["all", "of a type"])
def test_ids_that_are_far_apart(service_bench: ServiceBench, way: str, predicate: Predicate, bad: tuple[int]) -> None:
    store = sparse(*bad)
    service_bench.put(store)
    caller: Any = service_bench.channel if way == WAYS[0] else WithoutFilters(service_bench.channel)
    wanted = [node.id for node in store.artifacts if node.id not in bad and (predicate == ALWAYS or node.id % 2)]
    for sizes in (Sizes(page=2, batch=3), Sizes(page=2, batch=4), Sizes()):
        for descending in (False, True):
            search = Search(EntityKind.ARTIFACT, predicate, Order(descending=descending))
            expected = wanted[::-1] if descending else wanted
            reader = ServiceReader(caller, Knowledge(), sizes=sizes)
            found = service_bench.run(reader.search(search, Window(100)))
            assert [row.entity.mlmd_id for row in found.rows] == expected
            for place, id_ in enumerate(expected):
                reader = ServiceReader(caller, Knowledge(), sizes=sizes)
                page = service_bench.run(reader.search(search, Window(2, after=(id_,))))
                assert [row.entity.mlmd_id for row in page.rows] == expected[place + 1 : place + 3]
                assert page.more is (place + 3 < len(expected))


@given(st.lists(st.lists(st.sets(st.integers(1, 30), max_size=4), max_size=4), max_size=4), st.booleans())
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_several_sources_are_one(service_bench: ServiceBench, lists: list[list[set[int]]], descending: bool) -> None:
    """Pages of several sources, some of them empty, come in one order and each row once."""

    async def source(pages: list[set[int]]) -> Any:
        for page in pages:
            yield [_node(id_) for id_ in sorted(page, reverse=descending)]

    async def all_of() -> list[int]:
        return [node.id async for nodes in merged(sources, descending=descending) for node in nodes]

    # A source is in the order of ids as a whole.
    sources = [source(_split(sorted(set().union(*pages), reverse=descending), len(pages) or 1)) for pages in lists]
    wanted = sorted({id_ for pages in lists for page in pages for id_ in page}, reverse=descending)
    assert service_bench.run(all_of()) == wanted


def _split(ids: list[int], parts: int) -> list[set[int]]:
    size = max(1, len(ids) // parts)
    return [set(ids[start : start + size]) for start in range(0, len(ids), size)]


def _node(id_: int) -> Node:
    return Node(NodeType(1, NodeKind.ARTIFACT, "T"), id_, None, None, None, None, 0, 0)
