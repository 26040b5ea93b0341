"""The words of a search need not stand together, and every one of them must be somewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.demo import demo_store
from tests.service import Service, serving

QUERY = 'query ($text: String!) { search(text: $text) { totalCount nodes { name label(key: "stage") } } }'


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as running:
        yield running


@pytest.mark.parametrize("text", ["fraud production", "PRODUCTION  fraud-model", " models\tfraud production "])
async def test_words_in_several_places(service: Service, text: str) -> None:
    found = (await service.data(QUERY, {"text": text}))["search"]
    assert found == {"totalCount": 1, "nodes": [{"name": "fraud-model", "label": "production"}]}


async def test_one_word_that_is_nowhere(service: Service) -> None:
    found = (await service.data(QUERY, {"text": "fraud production nowhere"}))["search"]
    assert found == {"totalCount": 0, "nodes": []}


async def test_words_that_stand_together_come_first(service: Service) -> None:
    nodes = (await service.data(QUERY, {"text": "validation metrics"}))["search"]["nodes"]
    assert nodes[0]["name"] == "validation metrics"


async def test_too_many_words_are_refused(service: Service) -> None:
    error = await service.error(QUERY, {"text": "a " * 33})
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "text")
    assert "33 words" in error["message"]
