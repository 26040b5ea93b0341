"""What one operation may ask for: what is refused before anything runs, and what it is charged while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineageql.catalog.budget import READ
from lineageql.model.identity import EntityKind, global_id
from tests.demo import demo_store
from tests.service import serving

BOMB = "{ ...F0 }" + "".join(
    f" fragment F{n} on Query {{ a{n}: store {{ url }} ...F{n + 1} ...F{n + 1} }}" for n in range(14)
)
REFUSED = {
    "introspection under many names": "{" + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(40)) + "}",
    "fragments that double": BOMB + " fragment F14 on Query { b: store { url } }",
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    return path


@pytest.mark.parametrize("what", REFUSED)
async def test_too_many_fields(what: str, tmp_path: Path) -> None:
    async with serving(tmp_path / "lineage.db", create=True) as service:
        before = service.statements
        error = await service.error(REFUSED[what])
        assert service.statements == before
    assert error["code"] == "TOO_EXPENSIVE"
    assert "20,000" in error["message"]


async def test_a_document_of_a_megabyte_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path / "lineage.db", create=True) as service:
        error = await service.error('{ artifacts(where: {name: {eq: "' + "x" * 1_000_000 + '"}}) { totalCount } }')
    assert error["code"] == "BAD_REQUEST"
    assert "send values as variables" in error["message"]


async def test_one_look_at_the_schema_is_not(tmp_path: Path) -> None:
    async with serving(tmp_path / "lineage.db", create=True) as service:
        assert (await service.data("{ __schema { types { name fields { name } } } }"))["__schema"]["types"]


async def test_the_largest_pages_of_a_small_store_are_cheap(store: Path) -> None:
    selection = "name"
    for field in ("consumers", "outputs", "executions", "runs", "workspaces"):
        selection = f"{field}(first: 1000) {{ nodes {{ {selection} }} }}"
    async with serving(store) as service:
        assert (await service.data(f"{{ {selection} }}"))["workspaces"]["nodes"]


NODES = "{ artifacts(first: 20, orderBy: {field: ID}) { nodes { name } } }"


async def test_what_is_read_is_charged_to_the_node(store: Path) -> None:
    async with serving(store, max_cost=READ + 20) as service:
        assert len((await service.data(NODES))["artifacts"]["nodes"]) == 20
    async with serving(store, max_cost=READ + 19) as service:
        body = await service.ask(NODES)
    (error,) = body["errors"]
    assert (body["data"], error["path"], error["extensions"]["code"]) == (None, ["artifacts"], "TOO_EXPENSIVE")
    assert f"reads {READ + 20} nodes" in error["message"]
    assert f"the most is {READ + 19}" in error["message"]


EVENTS = """
    query ($root: ID!) { lineage(roots: [$root], direction: DOWNSTREAM) { complete edges { eventType } } }
"""


async def test_the_events_of_a_walk_are_charged(store: Path) -> None:
    root = {"root": global_id(EntityKind.ARTIFACT, 1)}
    async with serving(store) as service:
        before = service.statements
        edges = len((await service.data(EVENTS, root))["lineage"]["edges"])
        reads = service.statements - before
        found = await service.data(EVENTS.replace("edges { eventType }", "nodes { hops }"), root)
        # Several levels may be read at once, and each is charged as a read.
        reads += max(node["hops"] for node in found["lineage"]["nodes"]) + 1
    async with serving(store, max_cost=edges) as service:
        assert (await service.error(EVENTS, root))["code"] == "TOO_EXPENSIVE"
    async with serving(store, max_cost=2 * edges + READ * reads) as service:
        assert (await service.data(EVENTS, root))["lineage"]["complete"]


async def test_fields_that_ask_for_the_same_walk_share_it(store: Path) -> None:
    root = global_id(EntityKind.ARTIFACT, 1)
    field = f'lineage(roots: ["{root}"], direction: DOWNSTREAM) {{ complete }}'
    diff = f'lineageDiff(left: "{root}", right: "{global_id(EntityKind.ARTIFACT, 2)}") {{ complete }}'
    async with serving(store) as service:
        asked = []
        for fields in (1, 50):
            before = service.statements
            names = [f"a{n}: {field} b{n}: {diff}" for n in range(fields)]
            assert len(await service.data(f"{{ {' '.join(names)} }}")) == 2 * fields
            asked.append(service.statements - before)
    assert asked[0] == asked[1], asked


@pytest.mark.parametrize("wrong", ["", "consumers(first: -1) { totalCount }"], ids=["right", "beside an error"])
async def test_the_size_of_the_answer_is_charged(wrong: str, store: Path) -> None:
    fields = " ".join(f"a{n}: customProperties b{n}: properties" for n in range(300))
    query = f"{{ artifacts(first: 30) {{ nodes {{ {wrong} {fields} }} }} }}"
    async with serving(store, max_answer_size=100_000) as service:
        error = await service.error(query)
    assert error["code"] == "TOO_EXPENSIVE"
    assert "the most is 100,000" in error["message"]


async def test_a_size_is_about_that_of_the_answer(store: Path) -> None:
    query = "{ artifacts(first: 37) { nodes { id name uri createTime customProperties labels { key value } } } }"
    async with serving(store) as service:
        size = len((await service.client.post("/graphql", json={"query": query})).content)
    for share, fits in ((0.5, False), (2, True)):
        async with serving(store, max_answer_size=int(size * share)) as service:
            assert ("errors" not in await service.ask(query)) is fits


async def test_what_an_operation_costs_is_told_to_whom_asks(store: Path) -> None:
    async with serving(store) as service:
        headers = {"graphql-cost": "1"}
        told = await service.client.post("/graphql", json={"query": NODES}, headers=headers)
        cost = told.json()["extensions"]["cost"]
        assert (cost["spent"], cost["limit"]) == (READ + 20, 2_000_000)
        assert 0.5 < cost["size"] / len(told.content) < 2
        assert "extensions" not in await service.ask(NODES)
    async with serving(store, show_cost=True) as service:
        assert (await service.ask(NODES))["extensions"]["cost"]["spent"] == READ + 20


async def test_a_nested_filter_that_is_too_large_is_told_at_its_field(store: Path) -> None:
    query = """query ($or: [ExecutionFilter!]) {
        artifacts(first: 1) { nodes { name consumers(where: {or: $or}) { totalCount } } } }"""
    many = {"or": [{"name": {"eq": str(number)}} for number in range(2_001)]}
    async with serving(store) as service:
        body = await service.ask(query, many)
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "TOO_EXPENSIVE"
    assert error["path"] == ["artifacts", "nodes", 0, "consumers"]
