"""Texts that are empty: what would read back as none is refused, all else reads back empty."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMPTY: list[tuple[str, dict[str, Any]]] = [
    ("createWorkspace", {"name": "w", "description": ""}),
    *(
        ("recordExecution", {"workspace": "w", "execution": {"name": "e"}, "outputs": [{"artifact": {member: draft}}]})
        for member, fields in (
            ("model", ("version", "owner", "description", "modelType")),
            ("dataSet", ("version", "owner", "description", "query")),
            ("metrics", ("version", "owner", "description", "metricsType")),
        )
        for draft in ({"name": "a", "uri": "u", field: ""} for field in fields)
    ),
    ("recordExecution", {"workspace": "w", "execution": {"name": "e", "description": ""}}),
]


def path_of_empty(value: Any) -> str:
    if isinstance(value, dict):
        return next((f".{key}{path_of_empty(item)}" for key, item in value.items() if path_of_empty(item)), "")
    if isinstance(value, list):
        return f"[0]{path_of_empty(value[0])}"
    return " " if value == "" else ""


@pytest.mark.parametrize(("mutation", "given"), EMPTY)
async def test_texts_that_are_empty_are_refused(service: Service, mutation: str, given: dict[str, Any]) -> None:
    type_ = mutation[0].upper() + mutation[1:]
    query = f"mutation ($input: {type_}Input!) {{ {mutation}(input: $input) {{ created }} }}"
    error = await service.error(query, {"input": given})
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", f"input{path_of_empty(given).strip()}")
    assert "leave it out" in error["message"]


async def test_what_may_be_empty_reads_back_empty(service: Service) -> None:
    model = {
        "name": "m",
        "uri": "empty",
        "labels": [{"key": "k", "value": ""}],
        "customProperties": {"text": "", "list": [], "object": {}, "inside": {"a": None, "b": ""}},
        "trainingFramework": "",
        "hyperparameters": {},
    }
    given = {"workspace": "w", "execution": {"name": "e"}, "outputs": [{"artifact": {"model": model}}]}
    query = """mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) { outputs {
        labels { key value } customProperties ... on Model { trainingFramework hyperparameters } } } }"""
    found = (await service.data(query, {"input": given}))["recordExecution"]["outputs"][0]
    assert found == {name: model[name] for name in found}


async def test_an_empty_description_removes_the_one_that_is_there(service: Service) -> None:
    query = """mutation ($w: String!) { recordExecution(input: {
        workspace: $w, execution: {name: "e", description: "d"}}) { execution { id } } }"""
    made = (await service.data(query, {"w": "descriptions"}))["recordExecution"]["execution"]["id"]
    update = "mutation ($input: UpdateExecutionInput!) { updateExecution(input: $input) { execution { description } } }"
    changed = await service.data(update, {"input": {"id": made, "description": ""}})
    assert changed["updateExecution"]["execution"]["description"] is None
