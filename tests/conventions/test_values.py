"""Values of every kind are shown, and what nobody can decode breaks no page."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import any_pb2, struct_pb2, wrappers_pb2

from lineageql.model.identity import EntityKind
from lineageql.model.nodes import Packed
from lineageql.model.predicates import Operator, Property, Test
from lineageql.model.values import STRUCT_PREFIX, decode, wrap
from lineageql.store.ports import Search
from tests.conventions.reading import ALL, reading
from tests.store.sql.schema import SCRIPT


def packed(message: Any) -> Packed:
    holder = any_pb2.Any()
    holder.Pack(message)
    return Packed(base64.b64encode(holder.SerializeToString()).decode())


def struct(value: Any) -> str:
    return STRUCT_PREFIX + base64.b64encode(wrap(value).SerializeToString()).decode()


URL = "type.googleapis.com/google.protobuf."
UNKNOWN = any_pb2.Any(type_url="type.googleapis.com/acme.Thing", value=b"\x01\xff")
NOT_A_NUMBER = struct_pb2.Value(number_value=float("nan"))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (struct([1, "b", None]), [1, "b", None]),
        (struct({"a": {"list": [1]}}), {"a": {"list": [1]}}),
        (STRUCT_PREFIX + "!", STRUCT_PREFIX + "!"),
        (STRUCT_PREFIX + "/w==", STRUCT_PREFIX + "/w=="),
        ("__MLMD_NULL__", "__MLMD_NULL__"),
        (b"\x00\xff", "AP8="),
        (float("nan"), "nan"),
        (packed(wrappers_pb2.Int64Value(value=5)), {"@type": f"{URL}Int64Value", "value": "5"}),
        (packed(wrappers_pb2.StringValue(value="é")), {"@type": f"{URL}StringValue", "value": "é"}),
        (packed(wrap([1, "b"])), {"@type": f"{URL}Struct", "value": {"list": [1.0, "b"]}}),
        (
            Packed(base64.b64encode(UNKNOWN.SerializeToString()).decode()),
            {"@type": "type.googleapis.com/acme.Thing", "value": "Af8="},
        ),
        (
            packed(NOT_A_NUMBER),
            {"@type": f"{URL}Value", "value": base64.b64encode(NOT_A_NUMBER.SerializeToString()).decode()},
        ),
        (Packed("!"), "!"),
        (Packed("/w=="), "/w=="),
        (Packed(""), ""),
    ],
)
def test_a_value_is_shown(raw: Any, shown: Any) -> None:
    assert decode(raw) == shown


async def test_one_bad_row_breaks_no_page(tmp_path: Path) -> None:
    path = tmp_path / "odd.db"
    rows = [
        ("null", "string_value", "__MLMD_NULL__"),
        ("struct", "string_value", STRUCT_PREFIX + "!"),
        ("display_name", "string_value", struct(["no", "text"])),
        ("bytes", "byte_value", b"\x00\xff"),
        ("proto", "proto_value", packed(wrappers_pb2.BoolValue(value=True)).text),
        ("proto of MySQL", "proto_value", packed(wrappers_pb2.BoolValue(value=True)).text.encode()),
        ("bad proto", "proto_value", b"\xff\xfe"),
        ("boolean", "bool_value", 1),
    ]
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCRIPT)
        connection.execute("INSERT INTO Type (id, name, type_kind) VALUES (90, 'system.Model', 1)")
        connection.execute(
            "INSERT INTO Artifact (id, type_id, uri) VALUES (1, 90, 's3://a/odd'), (2, 90, 's3://a/plain')"
        )
        for name, column, value in rows:
            insert = (
                f"INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, {column}) VALUES (1, ?, 1, ?)"
            )
            connection.execute(insert, (name, value))
        connection.commit()
    async with reading(path) as reader:
        found = [row.entity for row in (await reader.search(Search(EntityKind.ARTIFACT), ALL)).rows]
        assert [artifact.name for artifact in found] == ["odd", "plain"]
        shown = {"@type": f"{URL}BoolValue", "value": True}
        assert found[0].custom_properties == {
            "null": "__MLMD_NULL__",
            "struct": STRUCT_PREFIX + "!",
            "display_name": ["no", "text"],
            "bytes": "AP8=",
            "proto": shown,
            "proto of MySQL": shown,
            "bad proto": "ÿþ",
            "boolean": True,
        }
        for name, *_ in rows:
            page = await reader.search(Search(EntityKind.ARTIFACT, Test(Property(name), Operator.EXISTS)), ALL)
            assert [row.entity.mlmd_id for row in page.rows] == [1], name
