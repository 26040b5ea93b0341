"""Metric values and hyperparameters that are recorded are found, by an index where they can stand in properties."""

from __future__ import annotations

from typing import Any

import pytest

from tests.places import Place
from tests.service import Service, serving

pytest.importorskip("ml_metadata")

RECORD = """
mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) {
  execution { id parameters customProperties }
  outputs { id customProperties ... on Model { hyperparameters } ... on Metrics { values } } } }
"""
FIND = """
query ($values: [PropertyFilter!], $parameters: [PropertyFilter!], $of: [PropertyFilter!]) {
  values: artifacts(where: {values: $values}) { nodes { name } }
  parameters: artifacts(where: {parameters: $parameters}) { nodes { name } }
  of: executions(where: {parameters: $of}) { nodes { name } }
}
"""
PARAMETERS = {
    "rate": 1 / 3,
    "vast": 2**62 + 1,
    "layers": [10, 3],
    "early": True,
    "nothing": None,
    "optimizer": {"name": "adam", "betas": {"one": 0.9, "a.b": 7}, "": "blank"},
    "a.b": "whole",
    "a": {"b": "nested", "c": "also"},
}
# What cannot stand in properties of every database is found in the document all the same.
UNINDEXED: list[dict[str, Any]] = [
    {"n" * 300: 1, "rate": 0.5},
    {"rate": 0.5, "Rate": 0.25, "raté": 0.125},
    {"rate": 0.5, "note": "x" * 3_000},
    {"rate": 0.5, **{f"m{place}": place for place in range(1_200)}},
]
FOUND: list[dict[str, Any]] = [
    {"name": "rate", "eq": 1 / 3},
    {"name": "rate", "gt": 0.333333, "lt": 0.333334},
    {"name": "vast", "eq": str(2**62 + 1)},
    {"name": "layers"},
    {"name": "early", "eq": True},
    {"name": "optimizer"},
    {"name": "optimizer.name", "in": ["sgd", "adam"]},
    {"name": "optimizer.betas"},
    {"name": "optimizer.betas.one", "gte": 0.9},
    {"name": "optimizer.", "eq": "blank"},
    {"name": "a.b", "eq": "whole"},
    {"name": "a.c", "contains": "als"},
]
NOT_FOUND: list[dict[str, Any]] = [
    {"name": "rate", "eq": 0.333333},
    {"name": "vast", "eq": str(2**62)},
    {"name": "nothing"},
    {"name": "optimizer.betas.a.b"},
    {"name": "a.b", "eq": "nested"},
    {"name": "layers.0"},
]


def recorded(name: str, items: dict[str, Any]) -> dict[str, Any]:
    return {
        "workspace": "w",
        "execution": {"name": f"{name} step", "customProperties": {"epochs": 3, "exception": "none"}},
        "outputs": [
            {"artifact": {"model": {"name": name, "uri": f"m:{name}", "hyperparameters": items}}},
            {"artifact": {"metrics": {"name": name, "uri": f"v:{name}", "values": items}}},
        ],
    }


async def found(service: Service, test: dict[str, Any]) -> list[str]:
    data = await service.data(FIND, {"values": [test], "parameters": [test], "of": [test]})
    assert data["values"] == data["parameters"], test
    return [node["name"] for node in data["values"]["nodes"]]


async def test_what_is_recorded_is_found(place: Place) -> None:
    async with serving(place.url, create=True) as service:
        made = (await service.data(RECORD, {"input": recorded("one", PARAMETERS)}))["recordExecution"]
        assert made["execution"]["parameters"] == {"epochs": 3}
        assert made["execution"]["customProperties"] == {"epochs": 3, "exception": "none"}
        shown = {**PARAMETERS, "vast": str(2**62 + 1)}
        model, metrics = made["outputs"]
        assert (model["customProperties"], model["hyperparameters"]) == ({}, shown)
        assert (metrics["customProperties"], metrics["values"]) == ({}, shown)
        assert [test for test in FOUND if await found(service, test) != ["one"]] == []
        assert [test for test in NOT_FOUND if await found(service, test) != []] == []
        data = await service.data(FIND, {"of": [{"name": "epochs", "eq": 3}]})
        assert data["of"]["nodes"] == [{"name": "one step"}]
        # A change of labels rewrites the document, and leaves what stands beside it found.
        labels = {"id": made["outputs"][0]["id"], "labels": [{"key": "stage", "value": "x"}]}
        change = "mutation ($input: SetLabelsInput!) { setLabels(input: $input) { entity { id } } }"
        await service.data(change, {"input": labels})
        assert [test for test in FOUND if await found(service, test) != ["one"]] == []
        # PostgreSQL's indexes hold no such document as the last, be the values in properties or not.
        more = UNINDEXED[:-1] if place.url.startswith("postgresql") else UNINDEXED
        for number, items in enumerate(more):
            await service.data(RECORD, {"input": recorded(f"more {number}", items)})
        halves = [f"more {number}" for number in range(len(more))]
        assert await found(service, {"name": "rate", "eq": 0.5}) == halves
        assert await found(service, {"name": "Rate", "eq": 0.25}) == ["more 1"]
        assert await found(service, {"name": "m1199", "gt": 1198}) == halves[3:]
        assert await found(service, {"name": "n" * 300, "eq": 1}) == ["more 0"]
