"""The service behind PgBouncer, by whichever of its modes: what it answers is what it answers without it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineageql.errors import StoreError, UsageError
from lineageql.settings import Settings
from lineageql.store.open import open_store
from tests.demo import lineageql
from tests.places import PostgreSQLPlace
from tests.servers.pgbouncer import PgBouncer
from tests.service import Service, serving

pytest.importorskip("ml_metadata")

READ = """
{ artifacts(where: {labels: [{key: "stage", exists: true}]}, first: 5, orderBy: {field: NAME}) {
    nodes { name uri labels { key value } producer { name run { name } } } totalCount }
  runs(first: 3) { nodes { name executions { nodes { name state } } } } }
"""
RECORD = "mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) { created outputs { id } } }"
WAYS: dict[str, dict[str, str]] = {
    # Each client has a connection of its own there.
    "session": {"default_pool_size": "40"},
    "transaction": {},
    "transaction that drops what a session is told": {
        "ignore_startup_parameters": "jit,default_transaction_read_only,default_transaction_isolation,"
        "extra_float_digits,statement_timeout,idle_in_transaction_session_timeout",
    },
}


@contextmanager
def pooler(place: PostgreSQLPlace, mode: str, **settings: str) -> Iterator[PgBouncer]:
    made = PgBouncer(place.server, mode, **settings)
    try:
        yield made
    finally:
        made.close()


def recording(number: int) -> dict[str, Any]:
    written = {"model": {"name": "m", "uri": f"shared {number % 3}", "description": "back \\ slash"}}
    sent = {"workspace": "pooled", "run": f"r {number % 2}", "execution": {"name": f"e {number}"}}
    return {"input": {**sent, "outputs": [{"artifact": written}]}}


async def ask_everything(service: Service) -> Any:
    return await asyncio.gather(*(service.data(READ) for _ in range(12)))


@pytest.mark.parametrize("way", WAYS)
async def test_answers_behind_pgbouncer_are_those_without(way: str, tmp_path: Path) -> None:
    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    async with serving(place.url, read_only=True) as service:
        wanted = await service.data(READ)
    with pooler(place, way.partition(" ")[0], **WAYS[way]) as before:
        async with serving(before.url(place.url)) as service, serving(before.url(place.url)) as other:
            assert service.store._driver.pooled
            assert await ask_everything(service) == [wanted] * 12
            sent = [(service, other)[number % 2].data(RECORD, recording(number)) for number in range(12)]
            answers, *_ = await asyncio.gather(asyncio.gather(*sent), ask_everything(service), ask_everything(other))
            assert len({answer["recordExecution"]["outputs"][0]["id"] for answer in answers}) == 3
            assert (await service.client.get("/readyz")).status_code == 200
    assert "prepared statement" not in place.server.log()


async def test_a_search_index_behind_pgbouncer(tmp_path: Path) -> None:
    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    search = '{ search(text: "pooled words") { totalCount } }'
    sent = recording(1)
    sent["input"]["execution"]["name"] = "pooled words"
    with pooler(place, "transaction") as before:
        assert "Made the search index" in lineageql("store", "index", before.url(place.url), "--search")
        async with serving(before.url(place.url)) as service:
            await service.data(RECORD, sent)
            assert await service.data(search) == {"search": {"totalCount": 1}}
            for _ in range(200):
                if place.select("SELECT count(*) FROM lineageql_search_change") == ["0"]:
                    break
                await asyncio.sleep(0.1)
            assert place.select("SELECT count(*) FROM lineageql_search_change") == ["0"]
            assert await service.data(search) == {"search": {"totalCount": 1}}
    assert "prepared statement" not in place.server.log()


async def test_pgbouncer_that_pools_by_statement_is_refused(tmp_path: Path) -> None:
    place = PostgreSQLPlace(tmp_path)
    place.fill_empty()
    words = r"pools by statement.*pool_mode to transaction or session"
    with pooler(place, "statement") as before, pytest.raises(StoreError, match=words):
        await open_store(before.url(place.url), Settings(read_only=True))


async def test_the_option_pooled_is_taken_at_its_word(tmp_path: Path) -> None:
    place = PostgreSQLPlace(tmp_path)
    place.fill_demo()
    async with serving(f"{place.url}?pooled=true", read_only=True) as service:
        assert service.store._driver.pooled
        await service.data(READ)
    with pytest.raises(UsageError, match=r"pooled of .* is 'maybe'; it takes true or false"):
        await open_store(f"{place.url}?pooled=maybe", Settings(read_only=True))
