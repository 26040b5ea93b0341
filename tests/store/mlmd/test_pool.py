from __future__ import annotations

import asyncio

import pytest

from lineageql.errors import Unavailable
from lineageql.store.mlmd.frames import Status
from lineageql.store.mlmd.pool import WorkerPool


@pytest.fixture
async def pool(opened):
    made = WorkerPool(opened(), 3)
    yield made
    await made.close()


def pids(pool: WorkerPool) -> list[int]:
    return [channel.pid for channel in pool._channels if channel.pid is not None]


async def test_workers_start_as_calls_come_side_by_side(book, pool):
    first = pool._channels[0]
    type_id = await book.new_type(first)
    for number in range(3):
        reply = await pool.exchange("PutArtifacts", book.artifact(type_id, f"alone {number}"))
        assert reply.code == Status.OK
    assert pids(pool) == [first.pid]
    calls = [pool.exchange("PutArtifacts", book.artifact(type_id, f"beside {number}")) for number in range(30)]
    assert {reply.code for reply in await asyncio.gather(*calls)} == {Status.OK}
    assert len(set(pids(pool))) == 3
    for number in range(30):
        assert await book.has(first, f"beside {number}")


async def test_a_long_call_keeps_no_other_waiting(book, pool):
    first = pool._channels[0]
    type_id = await book.new_type(first)
    await asyncio.gather(*(pool.exchange("GetArtifactsByID", book.by_id(1)) for _ in range(9)))
    stuck = asyncio.ensure_future(pool.exchange("PutArtifacts", book.fatal(type_id)))
    others = [pool.exchange("GetArtifactsByID", book.by_id(1)) for _ in range(8)]
    assert {reply.code for reply in await asyncio.gather(*others)} == {Status.OK}
    with pytest.raises(Unavailable):
        await stuck


async def test_closing_leaves_the_first_to_its_maker(book, pool, gone):
    first = pool._channels[0]
    await book.new_type(first)
    await asyncio.gather(*(pool.exchange("GetArtifactsByID", book.by_id(1)) for _ in range(9)))
    others = set(pids(pool)) - {first.pid}
    assert len(others) == 2
    await pool.close()
    assert all(gone(pid) for pid in others)
    assert (await first.exchange("GetArtifactsByID", book.by_id(1))).code == Status.OK
