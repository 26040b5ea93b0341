"""A client that asks for it is told what was read for its operation: each statement, its rows, and why it was sent.

The plans of the ready-made operations stand in `tests/plans`, for a reader of a
change to see what it does to them; `make test ARGS="tests/test_explain.py --write-plans"` writes them anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineageql.web.operations import Operation, load_operations, operations_folder
from tests.demo import demo_store
from tests.mlmd_server import MLMDServer
from tests.places import Place
from tests.service import Service, serving

PLANS = Path(__file__).parent / "plans"
READING = {
    operation.name: operation
    for operation in load_operations(operations_folder())
    if not operation.name.startswith("record-")
}
ASKED = "artifacts where label 'stage' = 'production' in the order of id, first 1, {name}"
LONGEST = 1_500
"""How many characters of a statement a plan shows."""
LABELLED = '{ artifacts(where: {labels: [{key: "stage", eq: "production"}]}, first: 1) { nodes { name } } }'


async def explained(service: Service, query: str, variables: Any = None) -> dict[str, Any]:
    body = await service.ask(query, variables, extensions={"explain": True})
    assert "errors" not in body, body
    found: dict[str, Any] = body["extensions"]["explain"]
    return found


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    return path


async def test_every_statement_is_told(place: Place) -> None:
    place.fill_demo()
    operation = READING["lineage-of-a-model"]
    async with serving(place.url, explain=True) as service:
        await service.data(operation.document, dict(operation.variables))
        before = service.statements
        plan = await explained(service, operation.document, dict(operation.variables))
        assert plan["statements"] == service.statements - before
    trips = [trip for read in plan["reads"] for trip in read["roundTrips"]]
    assert plan["roundTrips"] == len(trips)
    assert all(read["read"] and read["milliseconds"] > 0 for read in plan["reads"])
    assert all(trip["milliseconds"] > 0 for trip in trips)


async def test_rows_and_parameters_are_those_of_the_store(demo: Path) -> None:
    async with serving(demo, read_only=True, explain=True) as service:
        plan = await explained(service, LABELLED)
    (search,) = plan["reads"]
    assert search["read"] == "search"
    assert search["asked"] == ASKED
    statements = {one["purpose"]: one for trip in search["roundTrips"] for one in trip["statements"]}
    page = next(one for purpose, one in statements.items() if purpose.startswith("page"))
    assert page["rows"] == 1 + 1  # one more than asked for tells whether there is a next page
    assert {"stage", "production"} <= {str(value).removeprefix("label:") for value in page["parameters"].values()}
    assert statements["nodes by id"]["rows"] == 1


async def test_calls_of_mlmds_service_are_told(demo: Path) -> None:
    pytest.importorskip("ml_metadata")
    pytest.importorskip("grpc")
    server = MLMDServer(demo)
    try:
        async with serving(f"grpc://{server.host}:{server.port}", read_only=True, explain=True) as service:
            plan = await explained(service, LABELLED)
    finally:
        server.stop()
    calls = {one["text"] for read in plan["reads"] for trip in read["roundTrips"] for one in trip["statements"]}
    assert {"GetArtifactTypes", "GetArtifacts"} <= calls


async def test_answers_are_the_same_and_tell_nothing_to_who_did_not_ask(demo: Path) -> None:
    async with serving(demo, read_only=True, explain=True) as service:
        plain, told = await service.ask(LABELLED), await service.ask(LABELLED, extensions={"explain": True})
        assert told["data"] == plain["data"]
        assert plain.keys() == {"data"}
        assert await service.ask(LABELLED, extensions={"explain": None}) == plain


@pytest.mark.parametrize(
    ("setting", "asked", "said"), [(False, True, "start it with --explain"), (True, "yes", "must be true or false")]
)
async def test_it_is_refused(demo: Path, setting: bool, asked: Any, said: str) -> None:
    async with serving(demo, read_only=True, explain=setting) as service:
        body = {"query": LABELLED, "extensions": {"explain": asked}}
        answer: httpx.Response = await service.client.post("/graphql", json=body)
    assert "data" not in answer.json()
    assert said in answer.json()["errors"][0]["message"]


def test_the_example_of_the_documentation_is_the_one_that_is_tried_here() -> None:
    page = (PLANS.parents[1] / "docs" / "explain.md").read_text(encoding="utf-8")
    assert LABELLED in page.replace('\\"', '"')
    assert ASKED in page


# -- the plans of the ready-made operations


def test_every_operation_has_a_plan() -> None:
    assert {path.stem for path in PLANS.iterdir()} == READING.keys()


@pytest.mark.parametrize("name", READING)
async def test_the_plan_of_an_operation(name: str, demo: Path, request: pytest.FixtureRequest) -> None:
    path = PLANS / f"{name}.sql"
    async with serving(demo, read_only=True, explain=True) as service:
        written = "\n".join(lines(READING[name], await plan_of(service, READING[name])))
    if request.config.getoption("write_plans"):
        path.write_text(written, encoding="utf-8")
    assert written == path.read_text(encoding="utf-8")


async def plan_of(service: Service, operation: Operation) -> dict[str, Any]:
    return await explained(service, operation.document, dict(operation.variables))


def lines(operation: Operation, plan: dict[str, Any]) -> Iterator[str]:
    """A plan without what differs from run to run.

    That is times, which of two reads at one time began first, and so which of them asked for a path that both need.
    """
    yield f"-- {operation.name}: {plan['statements']} statements in {plan['roundTrips']} round trips"
    for read in sorted(plan["reads"], key=lambda read: json.dumps([read["read"], read["asked"]])):
        shared = read["read"] == "paths"
        yield f"\n-- {read['read']}: {'those not known yet' if shared else read['asked']}"
        for trip in read["roundTrips"]:
            for one in trip["statements"]:
                rows = "theirs" if shared else "1 row" if one["rows"] == 1 else f"{one['rows']} rows"
                yield f"-- {one['purpose'] or 'statement'}: {rows}"
                if "types" not in one["purpose"]:
                    yield from (line.rstrip() for line in shortened(one["text"]).splitlines())
    yield ""


def shortened(text: str) -> str:
    """A statement, or the head of a long one with what changes when any of it does."""
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{text[:LONGEST]}\n-- and so on: {len(text)} characters in all, SHA-256 {digest}…"
