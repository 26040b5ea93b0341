"""Every node and every event is what ml-metadata's own API reports."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from lineageql.model.identity import EntityKind
from lineageql.model.nodes import Node, NodeKind, Packed
from lineageql.model.values import STRUCT_PREFIX
from lineageql.store.sql.entities import EntityTables
from tests.conventions.conftest import Stores
from tests.conventions.reading import read, reading

TABLES = {"artifacts": NodeKind.ARTIFACT, "executions": NodeKind.EXECUTION, "contexts": NodeKind.CONTEXT}


def stored(raw: Any) -> list[Any]:
    """A property as the API names it: its kind and its value."""
    if isinstance(raw, Packed):
        return ["proto_value", raw.text]
    if isinstance(raw, str) and raw.startswith(STRUCT_PREFIX):
        return ["struct_value", raw[len(STRUCT_PREFIX) :]]
    kinds = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}
    return [kinds[type(raw)], raw]


def normal(value: list[Any]) -> list[Any]:
    """Structs by what they hold: the order of their fields is nobody's promise."""
    if value[0] == "struct_value":
        return [value[0], sorted(base64.b64decode(value[1]))]
    return value


def said(node: Node) -> dict[str, Any]:
    return {
        "type_id": node.type.id,
        "name": node.name or "",
        "uri": (node.uri or "") if node.type.kind is NodeKind.ARTIFACT else None,
        "state": (node.state or 0) if node.type.kind is not NodeKind.CONTEXT else None,
        "external_id": node.external_id or "",
        "created": node.create_time,
        "updated": node.update_time,
        "properties": {name: normal(stored(raw)) for name, raw in node.properties.items()},
        "custom": {name: normal(stored(raw)) for name, raw in node.custom_properties.items()},
    }


def told(node: dict[str, Any]) -> dict[str, Any]:
    values = {layer: {name: normal(v) for name, v in node[layer].items()} for layer in ("properties", "custom")}
    return {**node, **values}


async def test_every_node_is_what_the_api_reports(each_store: Path, stores: Stores) -> None:
    api = stores.api(each_store)
    async with reading(each_store) as reader:
        tables = EntityTables(await reader.type_catalog(), reader.dialect)
        for table, kind in TABLES.items():
            nodes = await reader.driver.run(tables.nodes(kind, [int(id_) for id_ in api[table]]))
            assert {str(node.id): said(node) for node in nodes} == {id_: told(n) for id_, n in api[table].items()}


async def test_every_event_is_what_the_api_reports(each_store: Path, stores: Stores) -> None:
    api = stores.api(each_store)
    async with reading(each_store) as reader:
        events = (await read(reader)).events
    found = [[e.artifact_id, e.execution_id, e.type.value, e.time or 0, list(e.path)] for e in events]
    assert sorted(found) == api["events"]


async def test_what_belongs_to_a_context_is_what_the_api_reports(each_store: Path, stores: Stores) -> None:
    """A workspace holds what is linked to it or to a child of it; a run's executions are those linked to it."""
    api = stores.api(each_store)
    children: dict[str, list[str]] = {}
    for child, parents in api["parents_of"].items():
        for parent in parents:
            children.setdefault(str(parent), []).append(child)
    async with reading(each_store) as reader:
        whole = await read(reader)
    for space in whole.entities[EntityKind.WORKSPACE]:
        contexts = [str(space.mlmd_id), *children.get(str(space.mlmd_id), ())]
        for kind, linked in ((EntityKind.EXECUTION, "executions_of"), (EntityKind.ARTIFACT, "artifacts_of")):
            expected = {id_ for context in contexts for id_ in api[linked][context]}
            assert {ref.key for ref in whole.members[space.ref, kind]} == expected
    for run in whole.entities[EntityKind.RUN]:
        if run.mlmd_id is not None:
            inside = {ref.key for ref, owner in whole.runs.items() if owner == run.ref}
            assert inside == set(api["executions_of"][str(run.mlmd_id)])
