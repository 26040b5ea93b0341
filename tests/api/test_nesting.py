"""Filters nest as deep as the limit says, whatever they are made of, and what is deeper is refused with the place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.api.execution import Executor, Operation
from lineageql.settings import Settings
from lineageql.store.open import open_store
from tests.demo import demo_store
from tests.service import Service, serving

LEVELS, RELATION, LINKS = 44, 12, 30
QUERIES = {
    listed: f"query ($where: {listed.capitalize()[:-1]}Filter) "
    f"{{ {listed}(where: $where, first: 2) {{ totalCount nodes {{ mlmdId }} }} }}"
    for listed in ("artifacts", "executions", "runs", "workspaces")
}
QUERY = QUERIES["artifacts"]
SIDES = {
    "artifacts": {"producedBy": "executions", "consumedBy": "executions"},
    "executions": {"inputs": "artifacts", "outputs": "artifacts"},
    "runs": {"executions": "executions", "inputs": "artifacts", "outputs": "artifacts"},
    "workspaces": {"runs": "runs", "executions": "executions", "artifacts": "artifacts"},
}
LEAVES: dict[str, list[dict[str, Any]]] = {
    "artifacts": [
        {"name": {"eq": "x", "ignoreCase": True}},
        {"properties": [{"name": "p", "gt": 3}, {"name": "q", "ne": "x"}]},
        {"version": {"startsWith": "x"}},
        {"uri": {"endsWith": "x"}},
    ],
    "executions": [
        {"name": {"contains": "x"}},
        {"labels": [{"key": "a", "ne": "b"}]},
        {"state": ["FAILED"]},
    ],
    "runs": [{"name": {"contains": "x"}}, {"state": ["FAILED"]}, {"workspace": {"name": {"eq": "x"}}}],
    "workspaces": [{"name": {"contains": "x"}}, {"labels": [{"key": "a", "ne": "b"}]}],
}

LABELLED = {"labelSelector": "a=b,c in (d,e),f notin (g),!h,i"}
BESIDE = {"artifacts": ("workspace", "run"), "executions": ("workspace", "run"), "runs": ("workspace",)}


@st.composite
def nested(draw: st.DrawFn, listed: str, left: int = LEVELS) -> dict[str, Any]:
    """A filter that uses up all levels, as far as it can."""
    leaf = draw(st.sampled_from(LEAVES[listed]))
    if left < 1:
        return leaf
    if left >= RELATION and listed in BESIDE and draw(st.booleans()):
        leaf = {**leaf, draw(st.sampled_from(BESIDE[listed])): LABELLED}
    relations = tuple(SIDES[listed]) * 2 if left >= RELATION else ()
    step = draw(st.sampled_from(("not", "or", "and", *relations)))
    if step == "not":
        return {"not": draw(nested(listed, left - 1))}
    if step in ("or", "and"):
        return {step: [draw(nested(listed, left - (step == "or"))), draw(st.sampled_from(LEAVES[listed]))]}
    return {step: {"not": draw(nested(SIDES[listed][step], left - RELATION - 1))}} if left > RELATION else leaf


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    async with serving(path, read_only=True) as running:
        yield running


def test_what_is_within_the_limit_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    loaded = Settings(store=str(path), read_only=True)
    loop = asyncio.new_event_loop()
    store = loop.run_until_complete(open_store(str(path), loaded))
    executor = Executor(store, loaded)

    @settings(suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(sorted(QUERIES)).flatmap(lambda listed: st.tuples(st.just(listed), nested(listed))))
    def check(asked: tuple[str, dict[str, Any]]) -> None:
        listed, where = asked
        answer = loop.run_until_complete(executor.execute(Operation(QUERIES[listed], {"where": where})))
        assert [error["message"] for error in answer.errors] == []

    try:
        check()
    finally:
        loop.run_until_complete(store.close())
        loop.close()


async def test_a_chain_of_relations_is_long(service: Service) -> None:
    assert await service.data(QUERY, {"where": chain(LINKS)})
    error = await service.error(QUERY, {"where": chain(LINKS + 1)})
    assert (error["code"], error["argument"]) == ("INVALID_ARGUMENT", "where")
    assert "30 relations" in error["message"]


@pytest.mark.parametrize(
    ("around", "many", "spot"),
    [
        (lambda inner: {"not": inner}, LEVELS, "where"),
        (lambda inner: {"or": [inner, {"uri": {"endsWith": "y"}}]}, LEVELS, "where"),
        (lambda inner: {"producedBy": {"not": {"inputs": inner}}}, 1, "where"),
        (lambda inner: {"workspace": {"name": {"eq": "w"}}, "consumedBy": {"or": [{"outputs": inner}]}}, 1, "where"),
    ],
)
async def test_what_is_deeper_is_refused_with_the_place(around: Any, many: int, spot: str, service: Service) -> None:
    where: dict[str, Any] = {"name": {"eq": "x"}}
    for _ in range(many):
        where = around(where)
    assert await service.data(QUERY, {"where": where})
    for _ in range(2 if many == 1 else 10):
        where = around(where)
    error = await service.error(QUERY, {"where": {"and": [where]}})
    assert error["code"] == "INVALID_ARGUMENT"
    assert error["argument"].startswith(f"{spot}.and[0]")
    assert "44 levels" in error["message"]


def chain(length: int) -> dict[str, Any]:
    where: dict[str, Any] = {"name": {"eq": "x"}}
    for step in range(length):
        where = {("producedBy" if (length - step) % 2 else "inputs"): where}
    return where
