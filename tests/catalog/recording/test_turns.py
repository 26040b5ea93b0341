"""Many mutations at a time, callers that give up, and a worker that dies under them."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from lineageql.catalog.demonstration import record_demonstration
from lineageql.catalog.recording import RecordedExecution, Recording
from lineageql.errors import LineageQLError, ReadOnly, Unavailable
from lineageql.model.drafts import ExecutionDraft, ExecutionRecord, PortArtifact, RunDraft, WorkspaceDraft
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.rights import WHOLE
from lineageql.settings import Settings
from lineageql.store.open import open_store
from tests.catalog.recording.conftest import Room
from tests.catalog.recording.drafts import data_set, metrics, model


def record(number: int, **more: Any) -> ExecutionRecord:
    outputs = [PortArtifact(model(f"v{number}")), PortArtifact(metrics(name=f"scores {number}"))]
    inputs = [PortArtifact(data_set(), "examples")]
    draft = ExecutionDraft(f"e{number}", **more)
    return ExecutionRecord("fraud", draft, f"r{number % 3}", inputs=inputs, outputs=outputs)


async def test_twenty_at_a_time_make_each_thing_once(room: Room) -> None:
    same = [PortArtifact(model())]
    records = [ExecutionRecord("fraud", ExecutionDraft(f"e{n}"), "daily", outputs=same) for n in range(20)]
    made = await asyncio.gather(*map(room.recording.record_execution, records))
    assert len({one.outputs[0] for one in made}) == 1
    assert len({one.execution for one in made}) == 20
    spaces = await asyncio.gather(*(room.recording.create_workspace(WorkspaceDraft("risk")) for _ in range(20)))
    assert [space.created for space in spaces].count(True) == 1
    runs = await asyncio.gather(*(room.recording.create_run(spaces[0].ref, RunDraft("daily")) for _ in range(20)))
    assert [run.created for run in runs].count(True) == 1
    logged = await asyncio.gather(
        *(room.recording.log_input(made[0].execution, PortArtifact(data_set())) for _ in range(20))
    )
    assert [one.created for one in logged].count(True) == 1
    retried = [ExecutionRecord("fraud", ExecutionDraft("one", external_id="x")) for _ in range(20)]
    answers = await asyncio.gather(*map(room.recording.record_execution, retried))
    assert [one.created for one in answers].count(True) == 1
    seen = room.mlmd()
    assert (len(seen.artifacts), len(seen.executions), len(seen.contexts)) == (2, 21, 4)


async def test_what_another_process_made_meanwhile_is_found(room: Room) -> None:
    # Two recordings are two services: neither knows the other's turn.
    other = Recording(room.store, Settings())
    both = (room.recording, other)
    made = await asyncio.gather(
        *(each.record_execution(record(1, external_id=f"x{n}")) for n in range(10) for each in both)
    )
    assert [one.created for one in made].count(True) == 10
    runs = await asyncio.gather(
        *(each.create_run(made[0].workspace, RunDraft(f"run {n}")) for n in range(10) for each in both)
    )
    assert [run.created for run in runs].count(True) == 10


async def test_a_caller_that_gives_up_while_it_waits_has_written_nothing(room: Room) -> None:
    first = asyncio.create_task(room.recording.record_execution(record(1)))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(room.recording.record_execution(record(2)))
    await asyncio.sleep(0)
    waiting.cancel()
    assert (await first).created
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await room.recording.record_execution(record(3))
    assert sorted(node["properties"]["name"] for node in room.mlmd().executions.values()) == ["e1", "e3"]


async def test_a_caller_that_gives_up_later_keeps_nobody_from_a_turn(room: Room) -> None:
    whole = 0
    for number in range(12):
        task = asyncio.create_task(room.recording.record_execution(record(number)))
        await asyncio.sleep(0.004 * number)
        task.cancel()
        whole += (await asyncio.gather(task, return_exceptions=True)) == []
    # Whether each was written or not, the next one finds it and makes nothing twice.
    made = await asyncio.gather(*(room.recording.record_execution(record(number)) for number in range(12)))
    assert len(made) == 12
    seen = room.mlmd()
    versions = [node["properties"]["version"] for node in seen.artifacts.values() if "model" in node["type"]]
    assert len(versions) == len(set(versions)) == 12
    check_whole(seen)


async def test_a_call_that_was_not_answered_in_time_is_waited_for_by_the_next(room: Room) -> None:
    channel: Any = room.store.recorder
    await channel.start()
    channel._timeout = 0.0005
    drafts = [record(1) for _ in range(6)]
    answers = await asyncio.gather(*map(room.recording.record_execution, drafts), return_exceptions=True)
    assert all(isinstance(answer, LineageQLError) or answer.created for answer in answers)
    channel._timeout = 30.0
    await room.recording.record_execution(record(1))
    seen = room.mlmd()
    assert [node["properties"]["version"] for node in seen.artifacts.values() if "model" in node["type"]] == ["v1"]


PAUSES = [0.001, *(pytest.param(pause, marks=pytest.mark.long) for pause in (0.0, 0.0005, 0.0015, 0.002, 0.003))]
"""Seconds from a call that writes to the end of the worker."""


@pytest.mark.parametrize("pause", PAUSES)
async def test_the_worker_is_killed_in_a_stream_of_records(room: Room, pause: float) -> None:
    channel: Any = room.store.recorder
    call, turns = channel.call, iter(range(100))
    killed: set[int] = set()
    answers: dict[int, RecordedExecution] = {}

    def kill(worker: int) -> None:
        os.kill(worker, signal.SIGKILL)
        killed.add(worker)

    async def call_and_kill(rpc: str, request: bytes) -> bytes:
        if rpc == "PutLineageSubgraph" and next(turns) % 5 == 3 and channel.pid is not None:
            asyncio.get_running_loop().call_later(pause, kill, channel.pid)
        answer: bytes = await call(rpc, request)
        return answer

    async def insist(number: int) -> None:
        while number not in answers:
            try:
                answers[number] = await room.recording.record_execution(record(number, external_id=f"x{number}"))
            except Unavailable:
                await asyncio.sleep(0.1)

    channel.call = call_and_kill
    stream = asyncio.gather(*map(insist, range(24)))
    await stream
    # Whether the call was answered first, is done by the next worker or fails is a matter of the moment.
    assert len(killed) >= 4
    seen = room.mlmd()
    check_whole(seen)
    assert {one.execution.key for one in answers.values()} == seen.executions.keys()
    assert len(seen.executions) == 24
    for one in answers.values():
        mine = [event[1] for event in seen.events if event[0] == one.execution.key]
        assert [ref.key for ref in (*one.inputs, *one.outputs)] == mine


def named(seen: Any) -> dict[str, Any]:
    return {context["name"]: context for context in seen.contexts.values()}


def check_whole(seen: Any) -> None:
    """Every execution has all its events, and every artifact is of an execution and in the workspace."""
    space = named(seen)["fraud"]["id"]
    for id_, execution in seen.executions.items():
        mine = [(event[2], seen.artifacts[event[1]]["properties"]["name"]) for event in seen.events if event[0] == id_]
        number = execution["properties"]["name"].removeprefix("e")
        assert mine == [("INPUT", "digits"), ("OUTPUT", "MNIST"), ("OUTPUT", f"scores {number}")]
        assert space in execution["contexts"]
    logged = {event[1] for event in seen.events}
    for id_, artifact in seen.artifacts.items():
        assert id_ in logged
        assert space in artifact["contexts"]


async def test_a_service_that_only_reads(room: Room) -> None:
    await room.store.close()
    store = await open_store(room.place.url, Settings(read_only=True))
    recording = Recording(store, Settings())
    for call in (
        recording.create_workspace(WorkspaceDraft("fraud")),
        recording.record_execution(record(1)),
        recording.set_labels(Ref(EntityKind.ARTIFACT, 1), [("a", "b")]),
    ):
        with pytest.raises(ReadOnly):
            await call
    await store.close()


async def test_two_demonstrations_at_a_time(room: Room) -> None:
    await asyncio.gather(record_demonstration(room.recording), record_demonstration(room.recording))
    counts = await room.store.reader(WHOLE).counts()
    assert (counts.executions, counts.artifacts) == (29, 37)
