"""`store check` finds what stands in a store several times, and what docs/recording.md says makes one of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.demo import lineageql
from tests.places import Place

pytest.importorskip("ml_metadata")

DOCS = Path(__file__).parents[2] / "docs" / "recording.md"
RECORD = """
mutation ($input: RecordExecutionInput!) {
  recordExecution(input: $input) { inputs { id } outputs { id } workspace { id } }
}
"""
TYPES = ("kubeflow.org/alpha/workspace", "kubeflow.org/alpha/run", "kubeflow.org/alpha/data_set")


def recipes() -> dict[str, list[str]]:
    """The statements of docs/recording.md, by the last word of what they are for."""
    (block,) = re.findall(r"```sql\n(-- an artifact\n.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    parts = re.findall(r"-- an? (\w+).*\n((?:[^-].*\n)+)", block)
    return {word: statements.splitlines() for word, statements in parts}


def checked(place: Place) -> dict[str, Any]:
    code = 1 if doubled(place) else 0
    found: dict[str, Any] = json.loads(lineageql("store", "check", place.url, "--json", code=code))
    return found


def doubled(place: Place) -> bool:
    return len(place.select("SELECT id FROM Type WHERE name = 'kubeflow.org/alpha/run'")) > 1


def number(place: Place, query: str) -> int:
    (row,) = place.select(query)
    return int(re.sub(r"\D", "", row))


def double_node(place: Place, table: str, property_table: str, owner: str, id_: int, columns: str, values: str) -> int:
    """Copies a node with all its properties; answers the copy's id."""
    place.execute(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE id = {id_}")
    copy = number(place, f"SELECT max(id) FROM {table}")
    rest = "name, is_custom_property, int_value, double_value, string_value"
    place.execute(
        f"INSERT INTO {property_table} ({owner}, {rest}) "
        f"SELECT {copy}, {rest} FROM {property_table} WHERE {owner} = {id_}"
    )
    return copy


async def test_doubles_are_found_and_made_one(place: Place) -> None:
    from tests.service import serving

    place.fill_empty()
    async with serving(place.url) as service:
        data, other = ({"dataSet": {"name": name, "uri": "u", "version": "1"}} for name in ("d", "D"))
        sent = {"workspace": "w", "run": "r", "execution": {"name": "e"}, "inputs": [{"artifact": data}]}
        metrics = [{"artifact": {"metrics": {"name": "m", "uri": "m", "values": {}}}} for _ in range(2)]
        await service.data(RECORD, {"input": {**sent, "outputs": [*metrics, {"artifact": other}]}})
    assert checked(place)["doubles"] == []

    ids: dict[str, tuple[int, int]] = {}
    for name in TYPES:
        first = number(place, f"SELECT id FROM Type WHERE name = '{name}'")
        place.execute(f"INSERT INTO Type (name, type_kind) SELECT name, type_kind FROM Type WHERE id = {first}")
        second = number(place, "SELECT max(id) FROM Type")
        place.execute(
            "INSERT INTO TypeProperty (type_id, name, data_type) "
            f"SELECT {second}, name, data_type FROM TypeProperty WHERE type_id = {first}"
        )
        ids[name] = first, second
    times = "create_time_since_epoch, last_update_time_since_epoch"
    for name in TYPES[:2]:
        first, second = ids[name]
        id_ = number(place, f"SELECT id FROM Context WHERE type_id = {first}")
        columns, values = f"type_id, name, {times}", f"{second}, name, {times}"
        copy = double_node(place, "Context", "ContextProperty", "context_id", id_, columns, values)
        ids[f"one of {name}"] = id_, copy
    first, second = ids[TYPES[2]]
    id_ = number(place, f"SELECT min(id) FROM Artifact WHERE type_id = {first}")
    columns, values = f"type_id, uri, {times}", f"{second}, uri, {times}"
    copy = double_node(place, "Artifact", "ArtifactProperty", "artifact_id", id_, columns, values)

    found = checked(place)
    wanted = {
        "context type": [list(ids[name]) for name in TYPES[:2]],
        "artifact type": [list(ids[TYPES[2]])],
        "workspace": [list(ids[f"one of {TYPES[0]}"])],
        "run": [list(ids[f"one of {TYPES[1]}"])],
        "artifact": [[id_, copy]],
    }
    by_kind: dict[str, list[list[int]]] = {}
    for double in found["doubles"]:
        by_kind.setdefault(double["kind"], []).append(double["ids"])
    assert by_kind == wanted
    words = "the artifact 'd' is there 2 times"
    assert any(words in text and "docs/recording.md" in text for text in found["findings"])

    makes = recipes()
    for kind in ("artifact", "run", "workspace", "artifact type", "context type"):
        statements = makes.get(kind.rpartition(" ")[2]) or makes["workspace"]
        for one, copy in wanted[kind]:
            for statement in statements:
                place.execute(statement.replace("FIRST", str(one)).replace("OTHER", str(copy)))
    assert checked(place)["doubles"] == []
