"""One request takes no more than its share: others are answered meanwhile, and beyond a bound refused at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.large import fill_large
from tests.places import SQLitePlace
from tests.service import Service, serving

CHEAP = "{ artifacts(first: 3) { nodes { name } } }"
FACETS = 'artifactFacets(by: KIND, where: {name: {contains: "zz%d"}}) { value }'
COUNTS = "store { counts { artifacts } }"
HEAVY = {
    "counts": f"{{ {' '.join(f'a{n}: {COUNTS}' for n in range(700))} }}",
    "facets": f"{{ {' '.join(f'a{n}: {FACETS % n}' for n in range(300))} }}",
}
WRITE = 'mutation { createWorkspace(input: {name: "beside"}) { created } }'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("attacks") / "large.db"
    fill_large(path)
    return path


async def under_way(service: Service, heavy: list[asyncio.Task[Any]]) -> None:
    """Waits until what is heavy is being read."""
    before = service.statements
    while service.statements < before + 4 * len(heavy):
        assert not any(task.done() for task in heavy)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("heavy", HEAVY)
async def test_others_are_answered_beside_a_request_of_hundreds_of_reads(store: Path, heavy: str) -> None:
    # Each of the threads could be taken by one of them.
    async with serving(store, read_only=True, reader_threads=2) as service:
        await service.data(CHEAP)
        asked = [asyncio.create_task(service.ask(HEAVY[heavy])) for _ in range(2)]
        await under_way(service, asked)
        await service.data(CHEAP)
        assert not any(task.done() for task in asked)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def test_readiness_has_a_turn_of_its_own(store: Path) -> None:
    async with serving(store, read_only=True, reader_threads=1, max_concurrent=1, max_waiting=0) as service:
        asked = [asyncio.create_task(service.ask(HEAVY["facets"]))]
        await under_way(service, asked)
        assert (await service.client.get("/readyz")).json() == {"ready": True}
        assert (await service.client.get("/healthz")).status_code == 200
        assert not asked[0].done()
        asked[0].cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def test_more_operations_than_may_wait_are_refused_at_once(tmp_path: Path) -> None:
    place = SQLitePlace(tmp_path)
    place.fill_demo()
    done: list[int] = []
    counts = f"{{ {' '.join(f'a{n}: {COUNTS}' for n in range(200))} }}"
    async with serving(place.url, max_concurrent=1, max_waiting=3, deadline=120) as service:

        async def ask() -> httpx.Response:
            response = await service.client.post("/graphql", json={"query": counts})
            done.append(response.status_code)
            return response

        responses = [asyncio.create_task(ask()) for _ in range(12)]
        for refused in asyncio.as_completed(responses):
            await refused
            if len(done) == 8:
                break
        assert done == [503] * 8
        # Neither who records nor who watches waits for them.
        assert (await service.data(WRITE))["createWorkspace"]["created"]
        assert (await service.client.get("/readyz")).status_code == 200
        assert len(done) < 12
        for answered in responses:
            response = await answered
            if response.status_code == 503:
                (error,) = response.json()["errors"]
                assert error["extensions"]["code"] == "UNAVAILABLE"
                assert "nothing of this one was done" in error["message"]
                assert 1 <= int(response.headers["retry-after"]) <= 30
            else:
                assert response.json()["data"]["a199"]["counts"]["artifacts"] > 0
        assert sorted(done) == [200] * 4 + [503] * 8
        await service.data(CHEAP)


async def test_who_waits_until_the_deadline_or_goes_leaves_the_queue(store: Path) -> None:
    async with serving(store, read_only=True, max_concurrent=1, max_waiting=1, deadline=4) as service:
        first = asyncio.create_task(service.ask(HEAVY["facets"]))
        await under_way(service, [first])
        await asyncio.sleep(0.5)
        gone = asyncio.create_task(service.ask(CHEAP))
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert "data" in await service.ask(CHEAP)  # it waits in the place of who has gone, until the first one ends
        assert (await first)["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
