"""Filters are served by indexes; those that cannot be walk in the order of the page; no page grows with the store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench.small import build
from tests.service import serving
from tests.store.sql.reading import watched

_BIG = "Artifact Execution Context ArtifactProperty ExecutionProperty Event EventPath Attribution Association"
BIG = frozenset(_BIG.split())
Case = tuple[str, str, dict[str, Any]]
"""The list that is asked, what is tested, and the filter."""
SMALL, LARGE = 3_000, 12_000
"""How many artifacts the two stores of one shape hold."""

TEXTS = {"artifacts": ("name", "uri", "version", "owner", "externalId"), "executions": ("name", "externalId")}
INDEXED = {"eq": "nothing", "in": ["nothing", "nobody"], "startsWith": "nothing"}
WALKED = {"ne": "x", "notIn": ["x"], "endsWith": "nothing", "contains": "nothing", "isNull": True}
FOLDED = ("eq", "in", "startsWith", "endsWith", "contains")
GROUPS = {"artifacts": ("values", "parameters"), "executions": ("parameters",)}
TIMES = ("after", "atOrAfter", "before", "atOrBefore")
RELATED = {"artifacts": ("producedBy", "consumedBy"), "executions": ("inputs", "outputs")}


def texts(operators: dict[str, Any]) -> Iterator[Case]:
    for listed, fields in TEXTS.items():
        for field in fields:
            for operator, operand in operators.items():
                yield listed, f"{field} {operator}", {field: {operator: operand}}


def indexed() -> Iterator[Case]:
    """Filters that an index serves; nothing, or next to nothing, meets them."""
    yield from texts(INDEXED)
    for listed, relations in RELATED.items():
        for field in ("createTime", "updateTime"):
            for operator in TIMES:
                year = "2001" if operator.startswith(("before", "atOrBefore")) else "2099"
                yield listed, f"{field} {operator}", {field: {operator: f"{year}-01-01"}}
        for operator, operand in (("eq", "x"), ("in", ["x", "y"]), ("exists", True)):
            yield listed, f"labels {operator}", {"labels": [{"key": "nothing", operator: operand}]}
        for selector in ("nothing", "nothing=x", "nothing==x", "nothing in (x,y)"):
            yield listed, f"labelSelector {selector}", {"labelSelector": selector}
        for operator in ("eq", "gt", "gte", "lt", "lte"):
            for operand in ("x", 7, 0.5):
                test = {"name": "nothing", operator: operand}
                yield listed, f"properties {operator} {operand}", {"properties": [test]}
            for group in GROUPS[listed]:
                for operand in ("x", 7, 0.5):
                    yield listed, f"{group} {operator} {operand}", {group: [{"name": "nothing", operator: operand}]}
        yield listed, "properties in", {"properties": [{"name": "nothing", "in": ["x", 7]}]}
        for group in GROUPS[listed]:
            yield listed, f"{group} path", {group: [{"name": "no.thing", "in": ["x", 7]}]}
        yield listed, "mlmdIds", {"mlmdIds": [10**9]}
        for relation in relations:
            yield listed, relation, {relation: {"name": {"eq": "nothing"}}}
            other = "inputs" if listed == "artifacts" else "producedBy"
            yield listed, f"{relation} {other}", {relation: {other: {"labels": [{"key": "nothing"}]}}}
        for relation in ("workspace", "run"):
            for operator, operand in INDEXED.items():
                yield listed, f"{relation} {operator}", {relation: {"name": {operator: operand}}}
        rare = {"name": {"eq": "nothing"}}
        yield listed, "and", {"and": [rare, {"name": {"contains": "a"}}]}
        yield listed, "or", {"or": [rare, {"labels": [{"key": "nothing"}]}, {"externalId": {"eq": "nothing"}}]}


def walking() -> Iterator[Case]:
    """Filters that no index serves."""
    yield from texts(WALKED)
    for listed, fields in TEXTS.items():
        for field in fields:
            for operator in FOLDED:
                operand = ["nothing"] if operator == "in" else "nothing"
                yield listed, f"{field} {operator} ignoreCase", {field: {operator: operand, "ignoreCase": True}}
        for operator, operand in (("ne", "x"), ("notIn", ["x"]), ("exists", False)):
            yield listed, f"labels {operator}", {"labels": [{"key": "team", operator: operand}]}
        for operator, operand in (("ne", "x"), ("eq", True), ("contains", "nothing"), ("exists", True)):
            for group in ("properties", *GROUPS[listed]):
                yield listed, f"{group} {operator}", {group: [{"name": "nothing", operator: operand}]}
        yield listed, "state", {"state": ["CANCELED" if listed == "executions" else "DELETED"]}
        yield listed, "not", {"not": {"labels": [{"key": "team"}]}}
        yield listed, "or", {"or": [{"name": {"eq": "nothing"}}, {"name": {"contains": "nothing"}}]}
        yield listed, "run contains", {"run": {"name": {"contains": "nothing"}}}


RARE = {"name": {"eq": "nothing"}}
CONTAINERS: list[Case] = [
    *(("runs", relation, {relation: RARE}) for relation in ("executions", "inputs", "outputs")),
    *(("runs", f"name {operator}", {"name": {operator: operand}}) for operator, operand in INDEXED.items()),
    ("runs", "or", {"or": [{"outputs": RARE}, {"name": {"eq": "nothing"}}]}),
    ("runs", "and", {"and": [{"outputs": RARE}, {"state": ["COMPLETE"]}]}),
    *(("workspaces", relation, {relation: RARE}) for relation in ("runs", "executions", "artifacts")),
    ("workspaces", "runs outputs", {"runs": {"outputs": RARE}}),
    ("workspaces", "artifacts producedBy", {"artifacts": {"producedBy": RARE}}),
]
"""Runs and workspaces by what they hold; nothing meets it."""


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("plans")
    return {size: build(folder / f"{size}.db", size) for size in (SMALL, LARGE)}


def scanned(plan: list[str]) -> list[str]:
    """The big tables that a statement goes through from end to end."""
    scans = (re.match(r"SCAN (\w+?)(_\d+)?( |$)", line) for line in plan)
    return [found[1] for found in scans if found and found[1] in BIG]


def query(listed: str) -> str:
    kind = listed.removesuffix("s").capitalize()
    arguments = f"$where: {kind}Filter, $order: {kind}Order, $first: Int, $after: String, $last: Int, $before: String"
    given = "where: $where, orderBy: $order, first: $first, after: $after, last: $last, before: $before"
    return f"query ({arguments}) {{ {listed}({given}) {{ nodes {{ mlmdId }} pageInfo {{ startCursor endCursor }} }} }}"


ORDERS = [
    {"field": field, "direction": way} for field in ("ID", "CREATE_TIME", "UPDATE_TIME") for way in ("ASC", "DESC")
]
orders = pytest.mark.parametrize("order", ORDERS, ids=lambda order: " ".join(order.values()))


@orders
async def test_what_an_index_serves(stores: dict[int, Path], order: dict[str, str], monkeypatch: Any) -> None:
    async with serving(stores[SMALL], read_only=True) as service:
        for listed, name, where in indexed():
            with watched(monkeypatch) as runs:
                found = await service.data(query(listed), {"where": where, "order": order, "first": 100})
            assert found[listed]["nodes"] == [], name
            assert [table for plan in runs.plans for table in scanned(plan)] == [], name


async def test_runs_and_workspaces_by_what_they_hold(stores: dict[int, Path], monkeypatch: Any) -> None:
    """Nothing that is looked at grows with the store but the links from executions to contexts, which have no index."""
    async with serving(stores[SMALL], read_only=True) as service:
        for listed, name, where in CONTAINERS:
            with watched(monkeypatch) as runs:
                found = await service.data(query(listed), {"where": where, "first": 100})
            assert found[listed]["nodes"] == [], name
            went = {table for plan in runs.plans for table in scanned(plan)}
            assert went <= {"Association", "Attribution"}, f"{listed}: {name}"


@orders
async def test_what_no_index_serves_walks_in_the_order_of_the_page(
    stores: dict[int, Path], order: dict[str, str], monkeypatch: Any
) -> None:
    async with serving(stores[SMALL], read_only=True) as service:
        for listed, name, where in walking():
            with watched(monkeypatch) as runs:
                await service.data(query(listed), {"where": where, "order": order, "first": 100})
            walks = [plan for plan in runs.plans if scanned(plan)]
            # A second walk tells whether anything has a name, where the first found nothing.
            assert 1 <= len(walks) <= 2, name
            assert {table for plan in walks for table in scanned(plan)} == {listed.capitalize()[:-1]}, name
            # Rows come in order, so that a page that is full ends it.
            assert not [line for plan in walks for line in plan if "ORDER BY" in line], name


LATEST = {"field": "CREATE_TIME", "direction": "DESC"}
LABELS = [{"key": "team", "eq": "fraud"}, {"key": "stage", "eq": "prod"}]
TRAINED = {"kind": ["MODEL"], "producedBy": {"name": {"eq": "train"}, "labels": LABELS}}
FIRST_HOUR = {"kind": ["MODEL"], "createTime": {"before": "2026-01-01T00:05:00Z"}}
DENSE: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("artifacts", {}, LATEST),
    ("artifacts", {"labels": LABELS}, {"field": "ID"}),
    ("artifacts", {"labels": LABELS}, LATEST),
    ("artifacts", FIRST_HOUR, LATEST),
    ("artifacts", {"type": {"contains": "model"}}, {"field": "ID"}),
    ("artifacts", TRAINED, {"field": "ID"}),
    ("artifacts", TRAINED, LATEST),
    ("artifacts", {"workspace": {"name": {"startsWith": "fraud"}}}, {"field": "ID"}),
    ("artifacts", {"name": {"contains": "clean"}}, {"field": "UPDATE_TIME", "direction": "ASC"}),
    ("executions", {"name": {"eq": "train"}, "labels": LABELS[:1]}, LATEST),
    ("executions", {"outputs": {"kind": ["MODEL"]}}, {"field": "ID"}),
    ("executions", {"state": ["COMPLETE"]}, LATEST),
]
"""What many meet; a first page of it is soon full."""


@pytest.mark.long
async def test_the_steps_to_a_page_do_not_grow_with_the_store(stores: dict[int, Path], monkeypatch: Any) -> None:
    rare = [(listed, where, {"field": "ID"}) for listed, _, where in indexed() if listed == "artifacts"]
    small, large = [await steps(stores[size], rare, monkeypatch) for size in (SMALL, LARGE)]
    assert {str(case): many for case, few, many in zip(rare, small, large, strict=True) if many > few + 1_000} == {}
    small, large = [await steps(stores[size], DENSE, monkeypatch) for size in (SMALL, LARGE)]
    # The smaller store may end before a stretch does, so some growth is no sign of more; the larger is four times it.
    assert {str(case): many for case, few, many in zip(DENSE, small, large, strict=True) if many > 2 * few} == {}


async def steps(path: Path, cases: list[tuple[str, dict[str, Any], dict[str, str]]], patch: Any) -> list[int]:
    """The steps that a first page of each case takes, and a page near the end, where there is one."""
    found = []
    async with serving(path, read_only=True) as service:
        for listed, where, order in cases:
            asked = {"where": where, "order": order}
            with watched(patch) as runs:
                first = await service.data(query(listed), {**asked, "first": 20})
            if first[listed]["nodes"]:
                end = (await service.data(query(listed), {**asked, "last": 40}))[listed]["pageInfo"]["startCursor"]
                with watched(patch, runs):
                    await service.data(query(listed), {**asked, "first": 20, "after": end})
            found.append(runs.steps)
    return found
