"""Every field of every filter filters, and every operator can be asked for: what is forgotten is told here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from lineageql.api.conditions import LabelFilter, PropertyFilter, StringFilter, TimeFilter
from lineageql.api.schema import SCHEMA
from lineageql.model.identity import EntityKind, global_id
from lineageql.model.operators import Operator
from lineageql.model.predicates import And, Field, Not, Or, Predicate, Test
from tests.demo import demo_store
from tests.service import serving

ROOTS = {"workspaces": "Workspace", "runs": "Run", "executions": "Execution", "artifacts": "Artifact"}
COMBINING = {"and", "or", "not"}
NOTHING = {
    "StringFilter": 'eq: "nothing has this text"',
    "TimeFilter": 'after: "2999-01-01T00:00:00Z"',
    "LabelFilter": 'key: "no such key"',
    "PropertyFilter": 'name: "no such property"',
    "LineageFilter": 'artifacts: {name: {eq: "nothing has this name"}}',
}
"""What nothing meets, of each input that is no filter of entities."""
UNNAMED = 'name: {eq: "nothing has this name"}'
TEXTS = {"labelSelector": '"no-such-key"', "BigInt": '["999999"]'}


def unmet(root: str, name: str) -> str:
    """A value of a filter's field that nothing meets."""
    filter_: Any = SCHEMA._schema.get_type(f"{ROOTS[root]}Filter")
    type_ = filter_.fields[name].type
    named = get_named_type(type_)
    if isinstance(named, GraphQLEnumType):
        return "[]"
    if isinstance(named, GraphQLInputObjectType):
        return listed(type_, f"{{{NOTHING.get(named.name, UNNAMED)}}}")
    if named.name == "ID":
        return f'["{global_id(EntityKind(ROOTS[root]), 999_999)}"]'
    return TEXTS[name if name in TEXTS else named.name]


def listed(type_: GraphQLInputType, value: str) -> str:
    inner = type_.of_type if is_non_null_type(type_) else type_
    return f"[{value}]" if is_list_type(inner) else value


@pytest.mark.parametrize("root", ROOTS)
async def test_a_field_of_a_filter_that_nothing_meets_finds_nothing(tmp_path: Path, root: str) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    filter_: Any = SCHEMA._schema.get_type(f"{ROOTS[root]}Filter")
    async with serving(path, read_only=True) as running:
        everything = await running.data(f"{{ {root} {{ totalCount }} }}")
        assert everything[root]["totalCount"] > 0
        for name in filter_.fields.keys() - COMBINING:
            where = f"{{{name}: {unmet(root, name)}}}"
            found = await running.data(f"{{ {root}(where: {where}) {{ totalCount nodes {{ id }} }} }}")
            assert found[root] == {"totalCount": 0, "nodes": []}, name


def operators(predicate: Predicate) -> set[Operator]:
    match predicate:
        case And(terms) | Or(terms):
            return set().union(*map(operators, terms))
        case Not(term):
            return operators(term)
        case Test(operator=how):
            return {how}
    raise AssertionError(predicate)


def test_every_operator_is_asked_by_a_field_of_a_filter() -> None:
    asked = [
        StringFilter(eq="a", in_=["a"], starts_with="a", ends_with="a", contains="a", is_null=True).predicate(
            Field.NAME
        ),
        TimeFilter(after=1, at_or_after=1, before=1, at_or_before=1).predicate(Field.CREATE_TIME),
        LabelFilter(key="a", exists=True).predicate(),
        PropertyFilter(name="a", gt=1).predicate("a"),
    ]
    assert set().union(*map(operators, asked)) == set(Operator)
