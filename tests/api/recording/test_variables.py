"""Variables of a great many input objects are refused before they cost anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service, serving

LABELS = 'mutation ($labels: [LabelInput!]!) { setLabels(input: {id: "x", labels: $labels}) { entity { id } } }'
SET = "mutation ($input: SetLabelsInput!) { setLabels(input: $input) { entity { id } } }"
LINEAGE = "mutation ($input: [RecordExecutionInput!]!) { recordLineage(input: $input) { created } }"
WORKSPACE = "mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { created } }"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with serving(tmp_path / "store.db", create=True, max_input_objects=10) as running:
        yield running


def labels(many: int) -> list[dict[str, str]]:
    return [{"key": str(number), "value": ""} for number in range(many)]


def lineage(many: int) -> list[dict[str, Any]]:
    """As many input objects: two of each execution, two of each input."""
    inputs = [{"artifact": {"id": "x"}}] * (many // 2 - 1)
    return [{"workspace": "w", "execution": {"name": "e"}, "inputs": inputs}] if many % 2 == 0 else [{}] * many


@pytest.mark.parametrize(
    ("query", "variables", "refused"),
    [
        (LABELS, {"labels": labels(10)}, False),
        (LABELS, {"labels": labels(11)}, True),
        (SET, {"input": {"id": "x", "labels": labels(9)}}, False),
        (SET, {"input": {"id": "x", "labels": labels(10)}}, True),
        (LINEAGE, {"input": lineage(10)}, False),
        (LINEAGE, {"input": lineage(12)}, True),
        (LINEAGE, {"input": lineage(11)}, True),
        # The objects of a JSON value are no inputs.
        (WORKSPACE, {"input": {"name": "w", "customProperties": {"a": [{}] * 100}}}, False),
        # Variables that no operation declares are not looked at.
        ("{ store { backend } }", {"labels": labels(100)}, False),
    ],
)
async def test_input_objects_are_counted(
    service: Service, query: str, variables: dict[str, Any], refused: bool
) -> None:
    answer = await service.ask(query, variables)
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert ("TOO_EXPENSIVE" in codes) is refused
    if refused:
        assert "more than 10 input objects" in answer["errors"][0]["message"]
        assert "data" not in answer
