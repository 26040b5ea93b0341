"""Rows that MLMD would not have written: SQLite keeps any value in any column, and a type may be missing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service, serving
from tests.store.sql.schema import SCRIPT
from tests.store.test_maintenance import lineageql_store

ALL = """
{
  artifacts {
    nodes {
      mlmdId name uri state version owner externalId createTime updateTime properties customProperties
      labels { key value } type { name }
      producers { edges { eventTime port path node { name } } }
    }
  }
  byName: artifacts(orderBy: {field: NAME}) { nodes { mlmdId } pageInfo { endCursor } }
  executions { nodes { mlmdId name type { name } outputs { edges { eventTime path } } } }
  workspaces { nodes { mlmdId name createTime type { name } } }
}
"""
TYPES = (
    "INSERT INTO Type (id, name, type_kind) VALUES (90, 'system.Model', 1), (91, 'system.ContainerExecution', 0),"
    " (92, 'system.Pipeline', 2)"
)


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., Path]:
    """Makes a store with types of KFP v2 from statements."""

    def make(*statements: str) -> Path:
        path = tmp_path / "odd.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(";".join((SCRIPT, TYPES, *statements)))
            connection.commit()
        return path

    return make


def artifact(id_: int, **columns: str) -> str:
    """A statement that adds an artifact; columns in SQL's own words."""
    columns = {"id": str(id_), "type_id": "90", "uri": f"'s3://a/{id_}'", **columns}
    times = {"create_time_since_epoch": "1", "last_update_time_since_epoch": "1"}
    columns = {**times, **columns}
    return f"INSERT INTO Artifact ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"


def custom(owner: int, name: str, column: str, value: str) -> str:
    """A statement that adds a custom property to an artifact; the value in SQL's own words."""
    names = f"artifact_id, name, is_custom_property, {column}"
    return f"INSERT INTO ArtifactProperty ({names}) VALUES ({owner}, '{name}', 1, {value})"


async def found(service: Service, where: str) -> list[int]:
    nodes = (await service.data(f"{{ artifacts(where: {{{where}}}) {{ nodes {{ mlmdId }} }} }}"))["artifacts"]["nodes"]
    return [node["mlmdId"] for node in nodes]


async def test_columns_of_another_type_break_no_page(store: Callable[..., Path]) -> None:
    path = store(
        artifact(1),
        artifact(2, name="x'6dff'", uri="x'2f61'", external_id="x'65'", state="'x'"),
        artifact(3, create_time_since_epoch="'yesterday'", last_update_time_since_epoch="x'00'"),
        artifact(4, create_time_since_epoch="'today'", last_update_time_since_epoch="1.5"),
        custom(1, "display_name", "string_value", "x'6dff'"),
        custom(1, "count", "int_value", "'many'"),
        custom(1, "share", "double_value", "'much'"),
        custom(1, "flag", "bool_value", "'perhaps'"),
        custom(1, "proto", "proto_value", "7"),
        custom(1, "label:team", "string_value", "x'61'"),
        custom(1, "version", "double_value", "'v1'"),
        custom(4, "count", "int_value", "5"),
        "INSERT INTO Execution (id, type_id) VALUES (1, 91)",
        "INSERT INTO Event (id, artifact_id, execution_id, type, milliseconds_since_epoch) VALUES (1, 4, 1, 4, 'now')",
        "INSERT INTO EventPath VALUES (1, 0, NULL, x'6b'), (1, 1, 'last', NULL), (1, 0, NULL, NULL)",
        "INSERT INTO Context (id, type_id, name, create_time_since_epoch) VALUES (1, 92, 'p', 'never')",
    )
    async with serving(path, read_only=True) as service:
        data = await service.data(ALL)
        one, two, three, four = data["artifacts"]["nodes"]
        assert one["customProperties"] == {
            "display_name": "bf8=",
            "count": "many",
            "share": "much",
            "flag": "perhaps",
            "proto": "7",
            "version": "v1",
        }
        # Octets are no text where a field holds text, and what is no text names nothing.
        assert (one["name"], one["labels"], one["version"]) == ("1", [], "v1")
        assert (two["name"], two["uri"], two["externalId"], two["state"]) == ("m�", "/a", "e", "UNKNOWN")
        assert (three["createTime"], three["updateTime"]) == (None, None)
        assert (four["createTime"], four["updateTime"]) == (None, "1970-01-01T00:00:00.001Z")
        assert four["name"] == "k"
        event = {"eventTime": None, "port": "k", "path": ["k", "0", ""]}
        assert [{**edge, "node": None} for edge in four["producers"]["edges"]] == [{**event, "node": None}]
        assert len(data["byName"]["nodes"]) == 4
        assert data["workspaces"]["nodes"][0]["createTime"] is None
        # What is shown is what filters find.
        assert await found(service, 'name: {eq: "1"}') == [1]
        assert await found(service, 'name: {eq: "k"}') == [4]
        assert await found(service, 'properties: [{name: "count", gt: 1}]') == [4]
        assert await found(service, 'labels: [{key: "team", exists: true}]') == []
        assert await found(service, 'createTime: {after: "1970-01-01"}') == [1, 2]


async def test_nodes_of_missing_types_are_nodes(store: Callable[..., Path]) -> None:
    """They follow the writer that a type of any name would follow, for those who look and for those who filter."""
    path = store(
        artifact(1, name="'plain'"),
        artifact(2, type_id="5000"),
        artifact(3, type_id="91", name="'of an execution''s type'"),
        custom(2, "display_name", "string_value", "'lost'"),
        custom(2, "label:team", "string_value", "'risk'"),
        custom(2, "rows", "int_value", "7"),
        "INSERT INTO Execution (id, type_id) VALUES (1, 5001)",
        "INSERT INTO Context (id, type_id, name) VALUES (1, 92, 'p'), (2, 5002, 'q')",
        "INSERT INTO Attribution (context_id, artifact_id) VALUES (2, 2)",
    )
    async with serving(path, read_only=True) as service:
        data = await service.data(ALL)
        names = {node["mlmdId"]: (node["name"], node["type"]["name"]) for node in data["artifacts"]["nodes"]}
        assert names[1] == ("plain", "system.Model")
        assert names[2] == ("lost", "unknown type 5000")
        assert names[3] == ("of an execution's type", "unknown type 91")
        execution = data["executions"]["nodes"][0]
        assert (execution["name"], execution["type"]["name"]) == ("unknown type 5001/1", "unknown type 5001")
        assert [node["name"] for node in data["workspaces"]["nodes"]] == ["p", "q"]
        for where in (
            'name: {eq: "lost"}',
            'labelSelector: "team=risk"',
            'properties: [{name: "rows", eq: 7}]',
            'type: {eq: "unknown type 5000"}',
            'workspace: {name: {eq: "q"}}',
        ):
            assert await found(service, where) == [2], where
        query = '{ executions(where: {name: {eq: "unknown type 5001/1"}}) { nodes { mlmdId } } }'
        assert (await service.data(query))["executions"]["nodes"] == [{"mlmdId": 1}]
    done = lineageql_store("check", path, "--json")
    rows: list[dict[str, Any]] = json.loads(done.stdout)["types"]
    assert {"convention": "kfp-v2", "kind": "artifact", "type": "unknown type 5000", "nodes": 1} in rows
    assert {"convention": "generic", "kind": "execution", "type": "unknown type 5001", "nodes": 1} in rows


async def test_documents_nested_deep_break_no_page(store: Callable[..., Path]) -> None:
    values = [
        nested
        for levels in (1, 100, 300, 700, 940, 980, 1010, 1030, 3000)
        for nested in ("[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels)
    ]
    statements = ["INSERT INTO Type (id, name, type_kind) VALUES (95, 'kubeflow.org/alpha/model', 1)"]
    for id_, value in enumerate(values, 1):
        text = json.dumps({"workspace": None, "labels": {"deep": "@"}, "kwargs": {"extra": "@"}}).replace('"@"', value)
        statements += [
            artifact(id_, type_id="95"),
            "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, string_value)"
            f" VALUES ({id_}, '__ALL_META__', 0, '{text}')",
        ]
    async with serving(store(*statements), read_only=True) as service:
        data = await service.data("{ artifacts { nodes { mlmdId labels { key value } customProperties } } }")
    nodes = data["artifacts"]["nodes"]
    assert len(nodes) == len(values)
    for node, value in zip(nodes[:6], values, strict=False):
        assert node["customProperties"] == {"extra": json.loads(value)}
        assert node["labels"] == [{"key": "deep", "value": value}]


async def test_names_of_runs_that_are_no_text_are_none(store: Callable[..., Path]) -> None:
    statements = [
        "INSERT INTO Type (id, name, type_kind) VALUES (95, 'kubeflow.org/alpha/execution', 0),"
        " (96, 'kubeflow.org/alpha/workspace', 2), (97, 'kubeflow.org/alpha/run', 2)",
        "INSERT INTO Context (id, type_id, name, create_time_since_epoch, last_update_time_since_epoch) VALUES"
        " (1, 96, 'w', 1, 1), (2, 97, 'w/good', 1, 1), (3, 97, 'w/odd', 1, 1), (4, 97, 'w/odder', 1, 1)",
    ]
    pairs = [("'w'", "'r'"), ("NULL", "'r'"), ("'w'", "x'61'"), ("x'61'", "'r'"), ("'w'", "7")]
    for id_, names in enumerate(pairs, 1):
        columns = "id, type_id, create_time_since_epoch, last_update_time_since_epoch"
        statements.append(f"INSERT INTO Execution ({columns}) VALUES ({id_}, 95, 1, 1)")
        for name, value in zip(("__kf_workspace__", "__kf_run__"), names, strict=True):
            row = f"({id_}, '{name}', 1, {value}, 7)"
            columns = "execution_id, name, is_custom_property, string_value, int_value"
            statements.append(f"INSERT INTO ExecutionProperty ({columns}) VALUES {row}")
    for id_, names in ((2, ("'w'", "'good'")), (3, ("'w'", "x'61'")), (4, ("x'61'", "'r'"))):
        for name, value in zip(("__kf_workspace__", "__kf_run__"), names, strict=True):
            columns = "context_id, name, is_custom_property, string_value"
            statements.append(f"INSERT INTO ContextProperty ({columns}) VALUES ({id_}, '{name}', 1, {value})")
    async with serving(store(*statements), read_only=True) as service:
        data = await service.data(
            """{
              runs { totalCount nodes { id name state workspace { name } } }
              last: runs(last: 2) { nodes { name } }
              others: runs(where: {name: {ne: "x"}}, orderBy: {field: NAME}) { nodes { name } }
              workspaces { nodes { name runs(first: 5) { nodes { name executions { nodes { mlmdId } } } } } }
            }"""
        )
    names = ["good", "7", "r"]  # SQLite makes a text of a number in a column of texts
    assert sorted(node["name"] for node in data["runs"]["nodes"]) == sorted(names)
    assert {node["workspace"]["name"] for node in data["runs"]["nodes"]} == {"w"}
    assert sorted(node["name"] for node in data["others"]["nodes"]) == sorted(names)
    (space,) = data["workspaces"]["nodes"]
    assert {node["name"]: len(node["executions"]["nodes"]) for node in space["runs"]["nodes"]} == {
        "good": 0,
        "7": 1,
        "r": 1,
    }
