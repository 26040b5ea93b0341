"""A misspelt name does not look like an empty answer: nothing in the store has it, and the answer says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.demo import demo_store
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


WIDER: list[tuple[str, list[str], list[str]]] = [
    (
        '{ artifacts(orderBy: {field: VALUE, key: "acu"}, first: 2) { nodes { id } } }',
        ["no artifact in the store has a text or a number as the metric value 'acu'; near names are 'auc'"],
        ["artifacts"],
    ),
    (
        '{ runs(orderBy: {field: VALUE, key: "acu"}) { nodes { id } } }',
        ["no artifact in the store has a text or a number as the metric value 'acu'; near names are 'auc'"],
        ["runs"],
    ),
    (
        "{ spaces: workspaces { edges { node { ...of } } } } "
        'fragment of on Workspace { executions(orderBy: {field: PARAMETER, key: "sed"}, first: 2) { nodes { id } } }',
        ["no execution in the store has a text or a number as the parameter 'sed'; near names are 'seed'"],
        ["spaces", "edges", "node", "executions"],
    ),
    (
        '{ runs { nodes { outputs(where: {labels: [{key: "stge"}]}) { nodes { id } } } } }',
        ["no artifact in the store has the label 'stge'; near names are 'stage'"],
        ["runs", "nodes", "outputs"],
    ),
    (
        '{ artifactFacets(by: LABEL_VALUE, key: "stge") { value } }',
        ["no artifact in the store has the label 'stge'; near names are 'stage'"],
        ["artifactFacets"],
    ),
    (
        '{ executionFacets(by: TYPE, where: {parameters: [{name: "sed"}]}) { value } }',
        ["no execution in the store has the parameter 'sed'; near names are 'seed'"],
        ["executionFacets"],
    ),
    (
        '{ artifacts { nodes { upstream(where: {executions: {parameters: [{name: "sed"}]}}) { nodes { id } } } } }',
        ["no execution in the store has the parameter 'sed'; near names are 'seed'"],
        ["artifacts", "nodes", "upstream"],
    ),
    (
        '{ lineage(where: {artifacts: {labels: [{key: "stge"}]}}) { counts { artifacts } } }',
        ["no artifact in the store has the label 'stge'; near names are 'stage'"],
        ["lineage"],
    ),
    (
        '{ lineage(where: {artifacts: {kind: [MODEL]}}, stopAt: {artifacts: {values: [{name: "acu"}]}}) '
        "{ counts { artifacts } } }",
        ["no artifact in the store has the metric value 'acu'; near names are 'auc'"],
        ["lineage"],
    ),
    (
        '{ artifacts(where: {descendsFrom: {artifacts: {labels: [{key: "stge"}]}}}) { nodes { id } } }',
        ["no artifact in the store has the label 'stge'; near names are 'stage'"],
        ["artifacts"],
    ),
    # What is known is no reason; nor is what one of several owners lacks.
    ('{ artifacts(orderBy: {field: VALUE, key: "auc"}, first: 2) { nodes { id } } }', [], []),
    ('{ workspaces { nodes { artifacts(where: {labels: [{key: "stage"}]}) { nodes { id } } } } }', [], []),
    ('{ artifacts { nodes { upstream(where: {artifacts: {labels: [{key: "stage"}]}}) { nodes { id } } } } }', [], []),
    (
        '{ lineage(where: {artifacts: {kind: [MODEL]}}, stopAt: {artifacts: {labels: [{key: "stage"}]}}) '
        "{ counts { artifacts } } }",
        [],
        [],
    ),
]


async def test_names_in_orders_under_owners_in_facets_and_in_lineage(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as service:
        for query, messages, field in WIDER:
            body = await service.ask(query)
            assert "errors" not in body, body
            wanted = [{"message": message, "code": "UNKNOWN_NAME", "path": field} for message in messages]
            assert body.get("extensions", {}).get("warnings", []) == wanted, query


@pytest.mark.parametrize("where", [{"labels": [{"key": "stage"}]}, {"values": [{"name": "auc", "gt": 0.5}]}])
async def test_an_answer_with_rows_pays_nothing(place: Place, where: dict[str, Any]) -> None:
    place.fill_demo()
    query = "query ($where: ArtifactFilter) { artifacts(where: $where, first: 3) { nodes { mlmdId } } }"
    async with serving(place.url, explain=True) as service:
        body = await service.ask(query, {"where": where}, extensions={"explain": True})
    assert [read["read"] for read in body["extensions"]["explain"]["reads"]] == ["search"]
