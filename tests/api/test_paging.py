"""Walks over whole lists through HTTP, in every order and both ways, while rows are recorded in between."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo import demo_store
from tests.service import Service, serving

FIELDS = {
    "artifacts": ("ID", "NAME", "CREATE_TIME", "UPDATE_TIME"),
    "executions": ("ID", "NAME", "CREATE_TIME", "UPDATE_TIME"),
    "runs": ("ID", "NAME", "CREATE_TIME", "UPDATE_TIME"),
    "workspaces": ("ID", "NAME", "CREATE_TIME", "UPDATE_TIME"),
}
WHERE: dict[str, Any] = {"artifacts": {"labels": [{"key": "team"}]}, "executions": {"not": {"name": {"eq": "train"}}}}
RECORD = "mutation ($input: RecordExecutionInput!) { recordExecution(input: $input) { execution { id } } }"
SIZE = 10


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path) as running:
        yield running


class Recorder:
    """Records an execution with outputs in a workspace and a run of its own, so that no older row changes."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.numbers = itertools.count()

    async def one(self) -> None:
        number = next(self.numbers)
        labels = [{"key": "team", "value": "new"}]
        # Names before, among and after those that are there.
        name = f"{'aMz'[number % 3]}-{number}"
        models = [{"name": f"{name}-{part}", "uri": f"s3://{number}/{part}", "version": "1"} for part in range(2)]
        execution = {"name": name, "labels": labels}
        outputs = [{"artifact": {"model": {**model, "labels": labels}}} for model in models]
        given = {"workspace": name, "run": name, "execution": execution, "outputs": outputs}
        await self.service.data(RECORD, {"input": given})


def query(listed: str) -> str:
    kind = listed[:-1].capitalize()
    return f"""query ($where: {kind}Filter, $orderBy: {kind}Order, $first: Int, $after: String, $last: Int,
        $before: String) {{ {listed}(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last,
        before: $before) {{ nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"""


async def walked(service: Service, recorder: Recorder, listed: str, asked: dict[str, Any], backward: bool) -> list[str]:
    """The ids of a list, page by page; the first pages come while something is recorded."""
    found: list[str] = []
    more, window = True, {"last": SIZE} if backward else {"first": SIZE}
    busy = 2
    while more:
        asking = service.data(query(listed), {**asked, **window})
        page, *_ = await asyncio.gather(asking, *([recorder.one()] if busy else []))
        busy = max(busy - 1, 0)
        ids = [node["id"] for node in page[listed]["nodes"]]
        info = page[listed]["pageInfo"]
        found = [*ids, *found] if backward else [*found, *ids]
        more = info["hasPreviousPage" if backward else "hasNextPage"]
        window |= {"before": info["startCursor"]} if backward else {"after": info["endCursor"]}
    return found


@pytest.mark.parametrize("listed", FIELDS)
async def test_nothing_that_was_there_is_lost_or_repeated(listed: str, service: Service) -> None:
    recorder, rows = Recorder(service), 0
    for field, direction in itertools.product(FIELDS[listed], ("ASC", "DESC")):
        for where in (None, WHERE[listed]) if listed in WHERE else (None,):
            asked = {"where": where, "orderBy": {"field": field, "direction": direction}}
            for backward in (False, True):
                before = await service.data(query(listed), {**asked, "first": 1000})
                there = [node["id"] for node in before[listed]["nodes"]]
                found = await walked(service, recorder, listed, asked, backward)
                assert [id_ for id_ in found if id_ in set(there)] == there, (asked, backward)
                assert len(set(found)) == len(found), (asked, backward)
                rows = len(there)
    assert rows > 2 * SIZE
    assert next(recorder.numbers) > 20
