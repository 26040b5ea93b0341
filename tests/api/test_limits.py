"""What one operation may ask for, refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineageql.model.identity import EntityKind, global_id
from tests.service import serving

MODEL = global_id(EntityKind.ARTIFACT, 1)
REFUSED = {
    "introspection under many names": "{" + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(40)) + "}",
    "many differences": "{"
    + " ".join(
        f'a{n}: lineageDiff(left: "{MODEL}", right: "{MODEL}") {{ onlyLeft {{ id }} both {{ id }} }}' for n in range(40)
    )
    + "}",
}


@pytest.mark.parametrize("what", REFUSED)
async def test_too_expensive(what: str, tmp_path: Path) -> None:
    async with serving(tmp_path / "lineage.db", create=True) as service:
        assert (await service.error(REFUSED[what]))["code"] == "TOO_EXPENSIVE"
        assert service.statements < 50  # those that open a store


async def test_a_document_of_a_megabyte_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path / "lineage.db", create=True) as service:
        error = await service.error('{ artifacts(where: {name: {eq: "' + "x" * 1_000_000 + '"}}) { totalCount } }')
    assert error["code"] == "BAD_REQUEST"
    assert "send values as variables" in error["message"]


async def test_one_look_at_the_schema_is_not(tmp_path: Path) -> None:
    async with serving(tmp_path / "lineage.db", create=True) as service:
        assert (await service.data("{ __schema { types { name fields { name } } } }"))["__schema"]["types"]


WIDE = """
  query ($n: Int) {
    artifacts(first: $n) { nodes { consumers(first: $n) { nodes { outputs(first: $n) { nodes { id } } } } } }
  }
"""
COSTLY: dict[str, tuple[str, dict[str, Any]]] = {
    "a variable": (WIDE, {"n": 1000}),
    "a variable with a point": (WIDE, {"n": 1000.0}),
    "a default": (WIDE.replace("Int)", "Int = 1000)"), {}),
    "last beside a null": (WIDE.replace("first: $n", "first: null, last: $n"), {"n": 1000}),
    "ids of a default": (
        f"query ($ids: [ID!]! = {json.dumps([MODEL] * 300)}) {{ nodes(ids: $ids) {{ ... on Artifact {{"
        " consumers(first: 1000) { nodes { outputs(first: 9) { nodes { id } } } } } } }",
        {},
    ),
}


@pytest.mark.parametrize("how", COSTLY)
async def test_what_is_asked_for_counts_however_it_is_said(how: str, tmp_path: Path) -> None:
    query, variables = COSTLY[how]
    async with serving(tmp_path / "lineage.db", create=True) as service:
        assert (await service.error(query, variables))["code"] == "TOO_EXPENSIVE"


async def test_vast_sizes_at_many_levels_are_too_expensive(tmp_path: Path) -> None:
    selection = "id"
    for _ in range(20):
        selection = f"consumers(first: $n) {{ nodes {{ outputs(first: $n) {{ nodes {{ {selection} }} }} }} }}"
    query = f"query ($n: Int) {{ artifacts(first: $n) {{ nodes {{ {selection} }} }} }}"
    async with serving(tmp_path / "lineage.db", create=True, max_depth=100) as service:
        error = await service.error(query, {"n": int("9" * 300)})
    assert error["code"] == "TOO_EXPENSIVE"
    assert len(error["message"]) < 1_000
