"""Cursors that are cut, forged or another list's are refused, also those of somebody who knows how they are made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable
from pathlib import Path
from typing import Any

import pytest

from lineageql.catalog.cursors import encode_cursor
from lineageql.model.identity import EntityKind
from lineageql.store.ports import Search
from tests.demo import demo_store
from tests.service import Service, serving

LIST = "query ($after: String, $order: ArtifactOrder) { artifacts(first: 2, after: $after, orderBy: $order) { EDGES } }"
QUERIES = {
    "artifacts": LIST.replace("EDGES", "edges { cursor }"),
    "search": 'query ($after: String) { search(text: "fraud", first: 2, after: $after) { edges { cursor } } }',
}
SEARCHES: dict[str, Hashable] = {"artifacts": Search(EntityKind.ARTIFACT), "search": ("search", "fraud")}
FORGED: tuple[tuple[Any, ...], ...] = ((), ([1],), ({"a": 1},), (True,), (1.5,), tuple(range(9)))


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as running:
        yield running


@pytest.mark.parametrize("listed", QUERIES)
async def test_what_is_no_cursor_of_the_list_is_refused(listed: str, service: Service) -> None:
    found = await service.data(QUERIES[listed])
    good = found[listed]["edges"][-1]["cursor"]
    other = (await service.data(QUERIES["search" if listed == "artifacts" else "artifacts"])).popitem()[1]
    made = [encode_cursor(key, SEARCHES[listed]) for key in FORGED]
    changed = "A" if good[5] != "A" else "B"
    for cursor in (good[:-1], good[:-3], "", "\0é", good[:5] + changed + good[6:], other["edges"][0]["cursor"], *made):
        error = await service.error(QUERIES[listed], {"after": cursor})
        assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "after"), cursor
    assert await service.data(QUERIES[listed], {"after": good})


async def test_a_cursor_of_another_order_is_refused(service: Service) -> None:
    found = await service.data(QUERIES["artifacts"], {"order": {"field": "NAME"}})
    cursor = found["artifacts"]["edges"][0]["cursor"]
    error = await service.error(QUERIES["artifacts"], {"after": cursor, "order": {"field": "ID"}})
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "after")
