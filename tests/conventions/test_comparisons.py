"""Comparisons through HTTP: what belongs together by its writer's convention is compared, and nothing else."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from lineageql.catalog.comparison import material_of, rows_of
from lineageql.catalog.differences import lineage_diff
from lineageql.catalog.finding import Finder
from lineageql.catalog.lineage import Direction
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import EventType
from lineageql.settings import Settings
from tests.catalog.graphs import artifact, write_graph
from tests.conventions.reading import reading
from tests.service import Service, serving
from tests.writers.kfp_loops import ACCURACIES, LEARNING_RATES, SCORES

RUNS = "{ runs(first: 100) { nodes { id name } } }"
COMPARE = "query ($ids: [ID!]!) { compareRuns(ids: $ids) { rows { section field values same } } }"
DIFF = """
query ($left: ID!, $right: ID!) {
  lineageDiff(left: $left, right: $right) {
    changed { left { id name } right { id name } differences { field left right } }
  }
}
"""


async def compared(service: Service) -> list[dict[str, Any]]:
    ids = [run["id"] for run in (await service.data(RUNS))["runs"]["nodes"]]
    rows: list[dict[str, Any]] = (await service.data(COMPARE, {"ids": ids}))["compareRuns"]["rows"]
    assert len({(row["section"], row["field"]) for row in rows}) == len(rows)
    return rows


async def named(service: Service, name: str) -> list[str]:
    query = "query ($name: String!) { artifacts(where: {name: {eq: $name}}) { nodes { id } } }"
    return [node["id"] for node in (await service.data(query, {"name": name}))["artifacts"]["nodes"]]


async def test_loops_pair_by_iteration_and_the_run_by_its_part(written: Callable[[str], Path]) -> None:
    async with serving(written("kfp_loops"), read_only=True) as service:
        rows = await compared(service)
        chosen = await named(service, "chosen")
        changed = (await service.data(DIFF, dict(zip(("left", "right"), chosen, strict=True))))["lineageDiff"][
            "changed"
        ]
    differing = {(row["section"], row["field"]): row["values"] for row in rows if not row["same"]}
    assert differing == {
        ("parameters", "rate"): [0.1, 0.2],
        ("parameters", "make-data.rate"): [0.1, 0.2],
        ("metrics", "scores.auc"): list(SCORES),
    }
    fields = {(row["section"], row["field"]): row["values"] for row in rows}
    for place, (rate, accuracy) in enumerate(zip(LEARNING_RATES, ACCURACIES, strict=True)):
        assert fields["parameters", f"for-loop-1[{place}]/train.lr"] == [rate, rate]
        assert fields["metrics", f"for-loop-1[{place}]/train.metrics.accuracy"] == [accuracy, accuracy]
    # Steps have changed in their parameters and in what they measured, and in nothing that the writer keeps of them.
    found = {pair["left"]["name"]: [d["field"] for d in pair["differences"]] for pair in changed}
    assert found["chosen"] == ["metrics.scores.auc"]
    assert {tuple(fields) for name, fields in found.items() if name.startswith("train")} == {("name",)}
    assert [fields for name, fields in found.items() if name.startswith("make-data")] == [["name", "parameters.rate"]]
    assert "model" not in found


async def test_no_step_has_changed_in_where_it_belongs(written: Callable[[str], Path]) -> None:
    kept = {"pipeline_name", "pipeline_root", "run_id", "component_id", "checksum_md5"}
    async with serving(written("tfx_legacy"), read_only=True) as service:
        rows = await compared(service)
        steps = "{ executions(first: 100) { nodes { id name } } }"
        found: dict[str, list[str]] = {}
        for node in (await service.data(steps))["executions"]["nodes"]:
            found.setdefault(node["name"], []).append(node["id"])
        several = [ids for ids in found.values() if len(ids) > 1]
        assert several
        for ids in several:
            variables = {"left": ids[0], "right": ids[-1]}
            for pair in (await service.data(DIFF, variables))["lineageDiff"]["changed"]:
                assert not {d["field"].rpartition(".")[2] for d in pair["differences"]} & kept
    assert not {row["field"].rpartition(".")[2] for row in rows if row["section"] == "parameters"} & kept
    assert any(row["section"] == "outputs" and None not in row["values"] for row in rows)


async def test_steps_of_real_runs_pair(real: Callable[[str], Path]) -> None:
    async with serving(real("tfx-ir"), read_only=True) as service:
        rows = await compared(service)
    shared = [row for row in rows if row["section"] == "outputs" and row["values"].count(None) < len(row["values"]) - 1]
    assert shared


# -- how much work it is

TABLES = """
INSERT INTO Type (id, name, type_kind) VALUES (900, 'Group', 2);
INSERT INTO Context (id, type_id, name, create_time_since_epoch, last_update_time_since_epoch)
VALUES (1, 900, 'space', 1, 1);
"""


def many(path: Path, runs: int, size: int) -> None:
    """A store with runs of so many executions of one name, each with a parameter and an output."""
    count = runs * size
    write_graph(path, count, count, [(n, n, EventType.OUTPUT, None) for n in range(1, count + 1)])
    connection = sqlite3.connect(path)
    with connection:
        connection.executescript(TABLES)
        for run in range(runs):
            columns = "id, type_id, name, create_time_since_epoch, last_update_time_since_epoch"
            connection.execute(f"INSERT INTO Context ({columns}) VALUES (?, 900, ?, 1, 1)", (run + 2, f"run-{run}"))
            connection.execute("INSERT INTO ParentContext (context_id, parent_context_id) VALUES (?, 1)", (run + 2,))
            ids = range(run * size + 1, (run + 1) * size + 1)
            connection.executemany("INSERT INTO Association (execution_id, context_id) VALUES (?, ?)",
                                   [(id_, run + 2) for id_ in ids])  # fmt: skip
            for table, owner in (("Execution", "execution_id"), ("Artifact", "artifact_id")):
                into = f"INSERT INTO {table}Property ({owner}, name, is_custom_property, string_value)"
                connection.executemany(
                    f"{into} VALUES (?, ?, 1, ?)",
                    [(id_, name, value) for id_ in ids for name, value in (("name", "one"), ("rate", str(id_ % size)))],
                )
    connection.close()


@contextmanager
def counting_lines() -> Iterator[list[int]]:
    """How many lines of the catalog run in this thread."""
    lines = [0]

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if "catalog" not in frame.f_code.co_filename:
            return None
        lines[0] += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)


async def lines_of(work: Coroutine[Any, Any, Any]) -> int:
    with counting_lines() as lines:
        await work
    return lines[0]


async def test_the_work_follows_the_size_of_runs(tmp_path: Path) -> None:
    comparing, telling = [], []
    for size in (40, 160):
        path = tmp_path / f"{size}.db"
        many(path, 2, size)
        async with reading(path) as reader:
            finder = Finder(reader, Settings())
            refs = [Ref(EntityKind.RUN, 2), Ref(EntityKind.RUN, 3)]

            async def compare(finder: Finder = finder, refs: list[Ref] = refs) -> None:
                runs = [run for run in await finder.get(refs) if run is not None]
                rows = rows_of(await material_of(finder, runs))
                assert all(row.same or row.section == "outputs" for row in rows)

            comparing.append(await lines_of(compare()))
        path = tmp_path / f"diff-{size}.db"
        edges = [(1 + (n > size), n, EventType.OUTPUT, None) for n in range(1, 2 * size + 1)]
        write_graph(path, 2, 2 * size, edges)
        connection = sqlite3.connect(path)
        with connection:
            connection.executemany(
                "INSERT INTO ExecutionProperty (execution_id, name, is_custom_property, string_value) "
                "VALUES (?, 'name', 1, 'one')",
                [(n,) for n in range(1, 2 * size + 1)],
            )
        connection.close()
        async with reading(path) as reader:
            diff = lineage_diff(Finder(reader, Settings()), artifact(1), artifact(2), Direction.UPSTREAM, None)
            telling.append(await lines_of(diff))
    for small, large in (comparing, telling):
        assert large < 5 * small


async def test_a_hundred_runs_take_few_statements_more_than_two(tmp_path: Path) -> None:
    path = tmp_path / "many.db"
    many(path, 101, 2)
    async with serving(path, read_only=True) as service:
        ids = [str(Ref(EntityKind.RUN, n)) for n in range(2, 103)]
        taken = []
        for some in (ids[:2], ids[:100]):
            before = service.statements
            rows = (await service.data(COMPARE, {"ids": some}))["compareRuns"]["rows"]
            taken.append(service.statements - before)
            # Both executions of each run have their rows: the second is numbered.
            assert [row["field"] for row in rows if row["section"] == "parameters"] == ["one.rate", "one.rate (2)"]
            assert all(len(row["values"]) == len(some) for row in rows)
        # The executions of ten runs are one read, which has three statements; all else is read once.
        assert taken[1] <= taken[0] + 9 * 3
        error = await service.error(COMPARE, {"ids": ids})
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "ids")
    assert "2 to 100 runs" in error["message"]
