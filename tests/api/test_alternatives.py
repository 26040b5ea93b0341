"""Filters of many alternatives, as programs write them, cost about as much as one that names all of them at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lineageql.model.predicates import (
    MOST_LEVELS,
    NEVER,
    And,
    Field,
    Label,
    Operator,
    Or,
    Predicate,
    Property,
    Related,
    Relation,
    Test,
    any_of,
    levels,
)
from tests.demo import demo_store
from tests.service import Service, serving

MANY = 400
QUERY = "query ($where: ArtifactFilter) { artifacts(where: $where, first: 100) { totalCount nodes { id } } }"


def is_(name: str) -> Test:
    return Test(Field.NAME, Operator.EQ, name)


def made(by: Predicate) -> Related:
    return Related(Relation.PRODUCED_BY, by)


def labelled(value: str) -> Test:
    return Test(Label("k"), Operator.EQ, value)


@pytest.mark.parametrize(
    ("terms", "meant"),
    [
        ([], NEVER),
        ([is_("a")], Or((is_("a"),))),
        ([is_("a"), is_("b"), is_("a")], Test(Field.NAME, Operator.IN, ("a", "b"))),
        ([is_("a"), Test(Field.NAME, Operator.IN, ("b", "c"))], Test(Field.NAME, Operator.IN, ("a", "b", "c"))),
        ([Or((labelled("x"), labelled("z"))), labelled("y")], Test(Label("k"), Operator.IN, ("x", "z", "y"))),
        ([made(is_("a")), made(is_("b"))], made(Test(Field.NAME, Operator.IN, ("a", "b")))),
        ([made(is_("a")), made(labelled("x"))], made(Or((is_("a"), labelled("x"))))),
        # What ignores case, and other operators, stay as they are.
        (
            [is_("a"), Test(Field.NAME, Operator.EQ, "b", True)],
            Or((is_("a"), Test(Field.NAME, Operator.EQ, "b", True))),
        ),
        (
            [Test(Field.NAME, Operator.CONTAINS, "a"), Test(Field.NAME, Operator.CONTAINS, "b")],
            Or((Test(Field.NAME, Operator.CONTAINS, "a"), Test(Field.NAME, Operator.CONTAINS, "b"))),
        ),
    ],
)
def test_what_is_asked_many_times_is_asked_once(terms: list[Predicate], meant: Predicate) -> None:
    assert any_of(terms) == meant


def test_numbers_and_booleans_stay_apart() -> None:
    found = any_of(Test(Property("p"), Operator.EQ, value) for value in (1, True, 1.0, "1"))
    assert found == Test(Property("p"), Operator.IN, (1, True, 1.0, "1"))


def test_nothing_nests_deeper_than_it_did() -> None:
    """A chain of relations, which counts as one, would end at the alternatives between its links."""
    chain: Predicate = is_("a")
    for relation in (Relation.PRODUCED_BY, Relation.INPUTS) * 4:
        chain = Related(relation, And((is_("x"), chain)))
    other = made(Related(Relation.OUTPUTS, is_("b")))
    before = Or((chain, other))
    assert levels(any_of([chain, other])) <= levels(before) <= MOST_LEVELS


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alternatives") / "demo.db"
    path.write_bytes(demo_store())
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(store: Path) -> AsyncIterator[Service]:
    async with serving(store, read_only=True) as running:
        yield running


def alternatives(term: Any) -> dict[str, Any]:
    names = ["fraud-model", *(f"none {place}" for place in range(MANY - 1))]
    return {"or": [term(name) for name in names]}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("term", "one"),
    [
        (lambda name: {"name": {"eq": name}}, {"name": {"eq": "fraud-model"}}),
        (
            lambda name: {"producedBy": {"outputs": {"name": {"eq": name}}}},
            {"producedBy": {"outputs": {"name": {"eq": "fraud-model"}}}},
        ),
    ],
    ids=["names", "relations"],
)
async def test_hundreds_of_alternatives(service: Service, term: Any, one: dict[str, Any]) -> None:
    """As many as are too many for one compound statement of SQLite's."""
    meant = await service.data(QUERY, {"where": one})
    assert meant["artifacts"]["totalCount"] > 0
    assert await service.data(QUERY, {"where": alternatives(term)}) == meant


@pytest.mark.asyncio(loop_scope="module")
async def test_the_same_alternatives_are_one_statement_as_long_as_one_list(service: Service) -> None:
    asked = {"where": alternatives(lambda name: {"name": {"eq": name}})}
    before = service.statements
    await service.data(QUERY, asked)
    between = service.statements
    await service.data(QUERY, {"where": {"name": {"in": [term["name"]["eq"] for term in asked["where"]["or"]]}}})
    assert between - before == service.statements - between
