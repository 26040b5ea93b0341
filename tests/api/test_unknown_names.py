"""A misspelt name does not look like an empty answer: nothing in the store has it, and the answer says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.places import Place
from tests.service import serving

ASK = """
query ($artifacts: ArtifactFilter, $executions: ExecutionFilter) {
  artifacts(where: $artifacts, first: 3) { nodes { name } }
  other: executions(where: $executions, first: 3) { nodes { name } }
}
"""
NOTHING = {"ids": []}
CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "artifacts",
        {"labels": [{"key": "stge", "eq": "production"}]},
        ["no artifact in the store has the label 'stge'; near names are 'stage'"],
    ),
    (
        "artifacts",
        {"labelSelector": "stge in (x),team"},
        ["no artifact in the store has the label 'stge'; near names are 'stage'"],
    ),
    (
        "artifacts",
        {"values": [{"name": "acu", "gt": 0}]},
        ["no artifact in the store has a text or a number as the metric value 'acu'; near names are 'auc'"],
    ),
    (
        "artifacts",
        {"parameters": [{"name": "max_dept"}]},
        ["no artifact in the store has the parameter 'max_dept'; near names are 'max_depth'"],
    ),
    ("artifacts", {"parameters": [{"name": "zzz", "eq": True}]}, ["no artifact in the store has the parameter 'zzz'"]),
    (
        "artifacts",
        {"properties": [{"name": "row", "gt": 1}]},
        ["no artifact in the store has a text or a number as the property 'row'; near names are 'rows'"],
    ),
    (
        "artifacts",
        {"producedBy": {"parameters": [{"name": "sed", "gt": 1}]}},
        ["no execution in the store has a text or a number as the parameter 'sed'; near names are 'seed'"],
    ),
    (
        "executions",
        {"outputs": {"values": [{"name": "acu", "gt": 0}]}},
        ["no artifact in the store has a text or a number as the metric value 'acu'; near names are 'auc'"],
    ),
    # What something has is no reason, nor is what holds of what lacks it.
    ("artifacts", {"values": [{"name": "auc", "gt": 7}]}, []),
    ("artifacts", {"labels": [{"key": "stage", "eq": "of nobody"}]}, []),
    ("artifacts", {"labels": [{"key": "stge", "ne": "production"}]}, []),
    ("artifacts", {"ids": [], "labels": [{"key": "stge", "exists": False}]}, []),
    ("artifacts", {"or": [{"kind": ["MODEL"]}, {"values": [{"name": "acu"}]}]}, []),
]


async def test_names_that_nothing_has(place: Place) -> None:
    place.fill_demo()
    async with serving(place.url) as service:
        for listed, where, wanted in CASES:
            variables = {"artifacts": NOTHING, "executions": NOTHING} | {listed: where}
            body = await service.ask(ASK, variables)
            assert "errors" not in body, body
            warned = body.get("extensions", {}).get("warnings", [])
            assert [one["message"] for one in warned] == wanted, where
            path = ["artifacts"] if listed == "artifacts" else ["other"]
            assert all((one["code"], one["path"]) == ("UNKNOWN_NAME", path) for one in warned)


@pytest.mark.parametrize("where", [{"labels": [{"key": "stage"}]}, {"values": [{"name": "auc", "gt": 0.5}]}])
async def test_an_answer_with_rows_pays_nothing(place: Place, where: dict[str, Any]) -> None:
    place.fill_demo()
    query = "query ($where: ArtifactFilter) { artifacts(where: $where, first: 3) { nodes { mlmdId } } }"
    async with serving(place.url, explain=True) as service:
        body = await service.ask(query, {"where": where}, extensions={"explain": True})
    assert [read["read"] for read in body["extensions"]["explain"]["reads"]] == ["search"]
