from __future__ import annotations

import asyncio
import os
import resource
import signal
import threading
import time

import pytest
import uvloop

from lineageql.errors import (
    AlreadyExists,
    DeadlineExceeded,
    InvalidArgument,
    NotFound,
    StoreError,
    StoreLocked,
    Unavailable,
)
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.connection import sqlite_config


async def test_roundtrip(book, opened):
    channel = opened()
    type_id = await book.new_type(channel)
    artifact_id = await book.new_artifact(channel, type_id, "first", "Grüße \n 🌍")
    assert await book.text_of(channel, artifact_id) == "Grüße \n 🌍"


async def test_starts_with_the_first_call_and_once(book, opened):
    channel = opened()
    assert channel.pid is None
    await asyncio.gather(channel.start(), channel.start(), channel.call("PutArtifactType", book.type()))
    pid = channel.pid
    await channel.start()
    assert channel.pid == pid


async def test_calls_are_answered_in_their_order(book, opened):
    channel = opened()
    type_id = await book.new_type(channel)
    ids = await asyncio.gather(*(book.new_artifact(channel, type_id, f"n{i}") for i in range(50)))
    assert list(ids) == sorted(ids)
    texts = await asyncio.gather(*(book.new_artifact(channel, type_id, f"m{i}", f"text {i}") for i in range(20)))
    assert [await book.text_of(channel, i) for i in texts] == [f"text {i}" for i in range(20)]


async def test_large_requests_and_replies(book, opened):
    channel = opened()
    text = "x" * 20_000_000
    artifact_id = await book.new_artifact(channel, await book.new_type(channel), "large", text)
    assert await book.text_of(channel, artifact_id) == text


async def test_what_mlmd_answers_is_translated(book, opened):
    channel = opened()
    type_id = await book.new_type(channel)
    await book.new_artifact(channel, type_id, "taken")
    with pytest.raises(AlreadyExists, match=r"^PutArtifacts failed: something of it is in the store already"):
        await book.new_artifact(channel, type_id, "taken")
    with pytest.raises(NotFound, match="not in the store"):
        await book.new_artifact(channel, 999, "of no type")
    with pytest.raises(InvalidArgument, match="refused"):
        await channel.call("PutArtifacts", b"\xff\xff")
    for rpc in ("GetLineageGraph", "CreateMetadataStore", "MetadataStore", "__doc__", "LoadSimpleTypes", "Ärger" * 99):
        with pytest.raises(StoreError, match="cannot do it"):
            await channel.call(rpc, b"")
    with pytest.raises(AlreadyExists) as caught:
        await book.new_artifact(channel, type_id, "taken", "y" * 100_000)
    assert len(str(caught.value)) < 1200


async def test_a_full_disk_is_over_when_there_is_room_again(book, opened):
    """ml-metadata itself answers `Transaction already open` ever after."""
    channel = opened()
    type_id = await book.new_type(channel)
    pid = channel.pid
    free = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    # No file may become larger: to the process, as if the disk were full.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, free[1]))
    with pytest.raises(StoreError):
        await book.new_artifact(channel, type_id, "too much", "x" * 2_000_000)
    artifact_id = await book.new_artifact(channel, type_id, "there is room", "x" * 2_000_000)
    assert await book.text_of(channel, artifact_id) == "x" * 2_000_000
    with pytest.raises(NotFound):
        await channel.call("PutArtifacts", book.artifact(type_id + 99, "of no type"))


class TestImpatientCaller:
    async def test_cancelled_in_the_middle(self, book, opened, locked, under_way):
        channel = opened()
        type_id = await book.new_type(channel)
        with locked():
            written = asyncio.create_task(channel.call("PutArtifacts", book.artifact(type_id, "left")))
            pid = await under_way(channel, written)
            written.cancel()
            with pytest.raises(asyncio.CancelledError):
                await written
        text = "after " * 1000
        assert await book.text_of(channel, await book.new_artifact(channel, type_id, "after", text)) == text
        assert await book.has(channel, "left"), "what was under way is finished"
        assert channel.pid == pid

    async def test_cancelled_while_a_large_reply_comes(self, book, opened):
        channel = opened()
        type_id = await book.new_type(channel)
        large = await book.new_artifact(channel, type_id, "large", "x" * 20_000_000)
        small = await book.new_artifact(channel, type_id, "small", "y")
        for pause in (0, 0.001, 0.01, 0.03, 0.05):
            read = asyncio.create_task(channel.call("GetArtifactsByID", book.by_id(large)))
            await asyncio.sleep(pause)
            read.cancel()
            assert await book.text_of(channel, small) == "y"

    async def test_cancelled_in_the_queue_is_never_sent(self, book, opened, locked, under_way):
        channel = opened()
        type_id = await book.new_type(channel)
        with locked():
            first = asyncio.create_task(channel.call("PutArtifacts", book.artifact(type_id, "first")))
            await under_way(channel, first)
            second = asyncio.create_task(channel.call("PutArtifacts", book.artifact(type_id, "second")))
            await asyncio.sleep(0)
            second.cancel()
        await first
        assert not await book.has(channel, "second")

    async def test_out_of_time(self, book, opened, locked):
        channel = opened(timeout=1.0)
        await channel.start()
        type_id = await book.new_type(channel)
        with locked():
            began = time.monotonic()
            calls = [channel.call("PutArtifacts", book.artifact(type_id, name)) for name in ("under way", "waiting")]
            first, second = await asyncio.gather(*calls, return_exceptions=True)
            assert 0.9 < time.monotonic() - began < 1.8
        assert isinstance(first, DeadlineExceeded)
        assert str(first).endswith("in time; the call was under way, so it may or may not have been applied")
        assert isinstance(second, DeadlineExceeded)
        assert str(second).endswith("its turn in time; the call was not sent, so nothing of it was written")
        await asyncio.sleep(1.0)
        assert await book.new_artifact(channel, type_id, "after")
        assert not await book.has(channel, "waiting")


class TestLockedFile:
    async def test_aborted_calls_are_retried(self, book, opened, locked):
        channel = opened()
        type_id = await book.new_type(channel)
        with locked():
            written = asyncio.create_task(book.new_artifact(channel, type_id, "late"))
            await asyncio.sleep(2.5)
            assert not written.done()
        assert await written

    async def test_given_up_at_the_deadline(self, book, opened, locked):
        channel = opened(timeout=5.0)
        type_id = await book.new_type(channel)
        with locked():
            began = time.monotonic()
            with pytest.raises(StoreLocked, match=r"nothing of it was written$"):
                await book.new_artifact(channel, type_id, "never")
            assert time.monotonic() - began <= 5
        assert not await book.has(channel, "never")

    async def test_opening(self, book, opened, locked, file):
        await book.new_type(opened())
        channel = opened(timeout=0.7)
        with locked():
            with pytest.raises(DeadlineExceeded, match="still being opened, whose lock another process may"):
                await book.new_artifact(channel, 1, "early")
            pid = channel.pid
        await channel.start()
        assert channel.pid == pid, "opening goes on when its caller has gone"

    async def test_opening_for_too_long(self, book, opened, locked):
        await book.new_type(opened())
        channel = opened(open_timeout=0.7)
        with locked(), pytest.raises(Unavailable, match=r"took more than 0\.7 seconds; another process may hold"):
            await channel.start()

    async def test_closing_while_it_opens(self, book, opened, locked, gone):
        await book.new_type(opened())
        channel = opened(grace=0.3)
        with locked():
            starting = asyncio.create_task(channel.start())
            await asyncio.sleep(0.5)
            pid = channel.pid
            await channel.close()
            with pytest.raises(Unavailable, match="the recorder is closing"):
                await starting
        assert gone(pid)


class TestClose:
    async def test_leaves_no_process(self, book, opened, gone):
        channel = opened()
        await channel.start()
        pid = channel.pid
        began = time.monotonic()
        await channel.close()
        assert gone(pid, 0)
        assert time.monotonic() - began < 3
        assert channel.pid is None
        await channel.close()
        with pytest.raises(Unavailable, match="closed"):
            await channel.call("GetArtifactsByID", b"")
        with pytest.raises(Unavailable, match="closed"):
            await channel.start()

    async def test_before_any_call(self):
        await WorkerChannel(b"").close()

    async def test_right_after_a_call(self, book, opened, gone):
        """The process is not there yet, or it has not opened the store: nothing hangs, nothing stays."""
        for pause in (0, 0.001, 0.01, 0.05, 0.1, 0.15, 0.2):
            channel = opened()
            starting = asyncio.create_task(channel.start())
            await asyncio.sleep(pause)
            pid = channel.pid
            await channel.close()
            await asyncio.wait((starting,), timeout=1)
            assert starting.done()
            assert starting.exception() is None or isinstance(starting.exception(), Unavailable)
            assert channel.pid is None
            assert pid is None or gone(pid)

    async def test_finishes_the_call_under_way(self, book, opened, locked, under_way):
        channel = opened()
        type_id = await book.new_type(channel)
        with locked():
            first = asyncio.create_task(book.new_artifact(channel, type_id, "first"))
            await asyncio.sleep(0.3)
            second = asyncio.create_task(book.new_artifact(channel, type_id, "second"))
            await asyncio.sleep(0)
            closing = asyncio.create_task(channel.close())
            with pytest.raises(Unavailable, match="closing; the call was not sent"):
                await second
        assert await first
        await closing
        assert await book.has(opened(), "first")

    async def test_does_not_retry_any_more(self, book, opened, locked, under_way):
        channel = opened()
        type_id = await book.new_type(channel)
        with locked():
            written = asyncio.create_task(channel.call("PutArtifacts", book.artifact(type_id, "aborted")))
            await under_way(channel, written)
            await channel.close()
            with pytest.raises((StoreLocked, Unavailable), match="kept it from being applied, so nothing of it"):
                await written

    async def test_does_not_wait_for_ever(self, book, opened, locked, gone, under_way):
        channel = opened(grace=0.3)
        type_id = await book.new_type(channel)
        with locked():
            written = asyncio.create_task(channel.call("PutArtifacts", book.artifact(type_id, "stuck")))
            pid = await under_way(channel, written)
            await channel.close()
            with pytest.raises(Unavailable, match="may or may not have been applied"):
                await written
        assert gone(pid)

    async def test_a_large_request_under_way(self, book, opened, under_way):
        channel = opened()
        type_id = await book.new_type(channel)
        written = asyncio.create_task(book.new_artifact(channel, type_id, "large", "x" * 20_000_000))
        await asyncio.sleep(0.005)
        await channel.close()
        assert await written


async def test_event_loop_is_not_stalled(book, opened, locked):
    """ml-metadata waits for a lock for more than a second, all the while holding its interpreter's own lock."""
    channel = opened()
    type_id = await book.new_type(channel)
    worst = 0.0
    with locked():
        written = asyncio.create_task(book.new_artifact(channel, type_id, "late"))
        for _ in range(100):
            began = time.perf_counter()
            await asyncio.sleep(0.01)
            worst = max(worst, time.perf_counter() - began)
    assert await written
    assert worst < 0.5


async def test_a_call_is_passed_on_once(book, file):
    pids: list[int | None] = []

    def guard() -> None:
        # It looks twice for each worker: before that opens the store, and before a call.
        if channel.pid not in (None, *pids) and not opening.is_set():
            pids.append(channel.pid)
            os.kill(channel.pid, signal.SIGKILL)
            time.sleep(0.2)

    opening = threading.Event()
    opening.set()
    channel = WorkerChannel(sqlite_config(file, create=True), guard=guard, timeout=30)
    try:
        type_id = await book.new_type(channel)
        opening.clear()
        with pytest.raises(Unavailable, match=r"^before PutArtifacts .* was ended by SIGKILL; the call was not sent"):
            await book.new_artifact(channel, type_id, "of nobody")
        assert len(pids) == 2
        opening.set()
        assert await channel.call("GetArtifactsByID", book.by_id(1)) == b""
    finally:
        await channel.close()


@pytest.mark.parametrize("loops", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_worker_that_ends_just_before_it_is_asked(loops, book, file):
    """uvloop's pipes then raise what is no OSError, so the call was not answered until its deadline."""
    victims: list[int] = []

    def guard() -> None:
        if victims:
            os.kill(victims.pop(), signal.SIGKILL)
            # So that the event loop hears of it before the call is written.
            time.sleep(0.5)

    async def script() -> None:
        channel = WorkerChannel(sqlite_config(file, create=True), guard=guard, timeout=10)
        try:
            type_id = await book.new_type(channel)
            first = channel.pid
            victims.append(first)
            artifact_id = await book.new_artifact(channel, type_id, "by the next worker")
            assert not victims
            assert channel.pid != first
            assert await book.text_of(channel, artifact_id) == ""
        finally:
            await channel.close()

    loop = loops()
    try:
        loop.run_until_complete(script())
    finally:
        loop.close()
