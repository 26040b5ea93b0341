"""Rows that MLMD cannot read: the others are shown, and an error names each that is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lineageql.errors import StoreError
from lineageql.model.identity import EntityKind, Ref, global_id
from lineageql.model.predicates import ALWAYS, Field, Operator, Predicate, Related, Relation, Test
from lineageql.store.ports import Link, Order, Search, Window
from lineageql.store.service.client import Knowledge
from lineageql.store.service.reader import ServiceReader
from tests.demo import demo_store
from tests.store.service.conftest import WAYS, ServiceBench, WithoutFilters
from tests.store.service.test_queries import serving_through_mlmd
from tests.store.sql.node_types import DATA_SET, KUBEFLOW, MODEL, WORKSPACE
from tests.store.sql.records import NodeRecord, StoreRecord, Value

# Of what MLMD cannot read, this does not end the worker, so tests with much of it are quick.
POISON = "mlmd-struct::!"
LAST = 350


def poisoned(bad: dict[int, Value]) -> StoreRecord:
    """A workspace of many artifacts, some of which hold what MLMD cannot read."""
    artifacts = tuple(
        NodeRecord(
            id_,
            MODEL if id_ % 2 else DATA_SET,
            name=f"n{id_}",
            uri=f"s3://b/{id_ % 3}",
            custom={"p": bad[id_]} if id_ in bad else {},
        )
        for id_ in range(1, LAST + 1)
    )
    space = NodeRecord(1, WORKSPACE, name="w")
    members = frozenset((1, node.id) for node in artifacts)
    return StoreRecord(types=KUBEFLOW, artifacts=artifacts, contexts=(space,), attributions=members)


def reader_of(bench: ServiceBench, store: StoreRecord, way: str, knowledge: Knowledge) -> ServiceReader:
    bench.put(store)
    caller: Any = bench.channel if way == WAYS[0] else WithoutFilters(bench.channel)
    return ServiceReader(caller, knowledge)


IN_WORKSPACE = Related(Relation.WORKSPACE, Test(Field.NAME, Operator.EQ, "w"))
OF_TYPE = Test(Field.TYPE, Operator.EQ, MODEL.name)
AT_URI = Test(Field.URI, Operator.EQ, "s3://b/2")


@pytest.mark.parametrize("predicate", [ALWAYS, IN_WORKSPACE, OF_TYPE, AT_URI], ids=["all", "members", "type", "uri"])
def test_searches_show_the_others(service_bench: ServiceBench, way: str, predicate: Predicate) -> None:
    bad: dict[int, Value] = dict.fromkeys((2, 101, 215, LAST), POISON)
    allowed = {
        ALWAYS: lambda id_: True,
        IN_WORKSPACE: lambda id_: True,
        OF_TYPE: lambda id_: id_ % 2 == 1,
        AT_URI: lambda id_: id_ % 3 == 2,
    }[predicate]
    store, knowledge = poisoned(bad), Knowledge()
    wanted = [id_ for id_ in range(1, LAST + 1) if id_ not in bad and allowed(id_)]
    for descending in (False, True):
        reader = reader_of(service_bench, store, way, knowledge)
        search = Search(EntityKind.ARTIFACT, predicate, Order(descending=descending))
        found = service_bench.run(reader.search(search, Window(1000)))
        assert [row.entity.mlmd_id for row in found.rows] == (wanted[::-1] if descending else wanted)
        told = " ".join(map(str, reader.faults))
        assert all(isinstance(fault, StoreError) for fault in reader.faults)
        for id_ in filter(allowed, bad):
            assert f"artifact with MLMD's id {id_} is left out" in told


@pytest.mark.parametrize("poison", ["__MLMD_NULL__", POISON], ids=repr)
def test_by_id_and_under_owners(service_bench: ServiceBench, poison: Value) -> None:
    store, knowledge = poisoned({7: poison}), Knowledge()
    reader = reader_of(service_bench, store, WAYS[0], knowledge)
    refs = [Ref(EntityKind.ARTIFACT, id_) for id_ in (6, 7, 8)]
    assert service_bench.run(reader.get(refs)).keys() == {refs[0], refs[2]}
    assert "id 7" in str(reader.faults[0])
    space = Ref(EntityKind.WORKSPACE, 1)
    again = ServiceReader(service_bench.channel, knowledge)
    search = Search(EntityKind.ARTIFACT)
    found = service_bench.run(again.search_under(Link.WORKSPACE_ARTIFACTS, [space], search, Window(10)))[space]
    assert [row.entity.mlmd_id for row in found.rows] == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]
    assert found.more
    assert len(again.faults) == 1


def test_too_many_are_an_error(service_bench: ServiceBench) -> None:
    store = poisoned(dict.fromkeys(range(1, 150), POISON))
    reader = reader_of(service_bench, store, WAYS[0], Knowledge())
    with pytest.raises(StoreError, match="more than 100 rows"):
        service_bench.run(reader.search(Search(EntityKind.ARTIFACT), Window(1000)))


async def test_the_answer_holds_data_and_error(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    with closing(sqlite3.connect(path)) as connection, connection:
        row = "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, string_value) VALUES (?, ?, 1, ?)"
        connection.execute(row, (3, "note", "__MLMD_NULL__"))
    async with serving_through_mlmd(path) as service:
        body = await service.ask("{ artifacts(first: 4) { nodes { mlmdId } } }")
        assert body["data"] is not None, body
        ids = [node["mlmdId"] for node in body["data"]["artifacts"]["nodes"]]
        assert [int(id_) for id_ in ids] == [1, 2, 4, 5]
        assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAVAILABLE"]
        assert "artifact with MLMD's id 3 is left out" in body["errors"][0]["message"]
        # What may be the poisoned artifact is not recorded a second time.
        again = """mutation { recordExecution(input: {workspace: "fraud-detection", execution: {name: "e"},
          inputs: [{artifact: {id: "%s"}}]}) { created } }"""
        error = await service.error(again % global_id(EntityKind.ARTIFACT, 3))
        assert error["code"] == "UNAVAILABLE"
