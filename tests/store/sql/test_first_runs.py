"""Pages of runs in stores of many: they are read from those that come first, and hold what all of them would."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lineageql.model.conventions.kubeflow import EXECUTION_TYPE, RUN_NAME, RUN_TYPE, WORKSPACE_NAME, WORKSPACE_TYPE
from tests.service import serving
from tests.store.sql.schema import SCRIPT

CONTEXTS, NAMES, STEPS = 3_000, 300, 3
"""Runs with a context, more than are read at first; runs that are only names; and executions of each."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two workspaces whose runs come in turns. Of eleven runs one is only a name; five share a time."""
    path = tmp_path_factory.mktemp("runs") / "runs.db"
    runs = [(place, place % 11 == 0) for place in range(1, CONTEXTS + NAMES + 1)]
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCRIPT)
        connection.executemany(
            "INSERT INTO Type (id, name, type_kind) VALUES (?, ?, ?)",
            [(90, EXECUTION_TYPE, 0), (91, WORKSPACE_TYPE, 2), (92, RUN_TYPE, 2)],
        )
        times = "create_time_since_epoch, last_update_time_since_epoch"
        context = f"INSERT INTO Context (id, type_id, name, {times}) VALUES (?, ?, ?, ?, ?)"
        execution = f"INSERT INTO Execution (id, type_id, last_known_state, {times}) VALUES (?, 90, 3, ?, ?)"
        named = "INSERT INTO {0}Property ({0}_id, name, is_custom_property, string_value) VALUES (?, ?, 1, ?)"
        connection.executemany(context, [(1, 91, "a", 1, 1), (2, 91, "b", 1, 1)])
        for place, only_a_name in runs:
            space, name, at = "ab"[place % 2], f"run-{place:04}", place // 5 * 50
            if not only_a_name:
                connection.execute(context, (10 + place, 92, f"{space}/{name}", at, at + 7))
                for key, value in ((WORKSPACE_NAME, space), (RUN_NAME, name)):
                    connection.execute(named.format("Context"), (10 + place, key, value))
            for step in range(STEPS):
                id_ = place * STEPS + step
                connection.execute(execution, (id_, at + 900 * step, at + 900 * step + 7))
                for key, value in ((WORKSPACE_NAME, space), (RUN_NAME, name)):
                    connection.execute(named.format("Execution"), (id_, key, value))
        connection.commit()
    return path


def expected(field: str) -> list[str]:
    """The names of all runs by a time, told by how the store was made; ties by id, names after contexts."""

    def key(place: int) -> tuple[Any, ...]:
        only_a_name = place % 11 == 0
        at = place // 5 * 50
        if only_a_name and field == "UPDATE_TIME":
            at += 900 * (STEPS - 1)
        return at, only_a_name, ("ab"[place % 2] if only_a_name else ""), place

    return [f"run-{place:04}" for place in sorted(range(1, CONTEXTS + NAMES + 1), key=key)]


PAGE = """query Page($by: RunOrder, $first: Int, $after: String, $last: Int, $before: String) {
  runs(orderBy: $by, first: $first, after: $after, last: $last, before: $before) {
    nodes { name } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
  }
}"""


@pytest.mark.parametrize("field", ["CREATE_TIME", "UPDATE_TIME"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_by_time_hold_all_runs(store: Path, field: str, direction: str) -> None:
    wanted = expected(field)[:: 1 if direction == "ASC" else -1]
    by = {"field": field, "direction": direction}
    async with serving(store, read_only=True) as service:
        for way, cursor_of, edge in (("first", "after", "endCursor"), ("last", "before", "startCursor")):
            found: list[str] = []
            cursor = None
            more = True
            while more:
                page = (await service.data(PAGE, {"by": by, way: 700, cursor_of: cursor}))["runs"]
                names = [node["name"] for node in page["nodes"]]
                found = [*found, *names] if way == "first" else [*names, *found]
                cursor = page["pageInfo"][edge]
                more = page["pageInfo"]["hasNextPage" if way == "first" else "hasPreviousPage"]
            assert found == wanted


async def test_the_newest_and_the_first_are_read_alone(store: Path) -> None:
    async with serving(store, read_only=True, explain=True) as service:
        for by in ({"field": "CREATE_TIME", "direction": "DESC"}, None):
            answer = await service.ask(PAGE, {"by": by, "first": 5}, extensions={"explain": True})
            purposes = [
                statement["purpose"]
                for read in answer["extensions"]["explain"]["reads"]
                for trip in read["roundTrips"]
                for statement in trip["statements"]
            ]
            pages = [purpose for purpose in purposes if purpose.startswith("page")]
            assert pages == ["page, of the runs that come first"]
