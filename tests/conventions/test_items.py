"""Metric values and parameters are shown and found where each writer keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineageql.model.entities import Entity
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field, Group, Item, Not, Operator, Related, Relation, Test, all_of
from lineageql.store.ports import Search
from tests.conventions.reading import ALL, read, reading
from tests.service import serving

GROUPS = ((EntityKind.ARTIFACT, Group.VALUES), (EntityKind.ARTIFACT, Group.PARAMETERS))
EACH = (*GROUPS, (EntityKind.EXECUTION, Group.PARAMETERS))
SCALARS = (str, int, float)


def scalars(entity: Entity, group: Group) -> dict[str, Any]:
    return {name: value for name, value in entity.items(group).items() if isinstance(value, SCALARS)}


async def test_what_is_shown_is_found(each_store: Path) -> None:
    async with reading(each_store) as reader:
        whole = await read(reader)
        for kind, group in EACH:
            shown = {entity.ref: scalars(entity, group) for entity in whole.entities[kind]}
            pairs = {(name, json.dumps(value)) for items in shown.values() for name, value in items.items()}
            for name, text in sorted(pairs)[:40]:
                value, item = json.loads(text), Item(group, name)
                wanted = [ref for ref, items in shown.items() if json.dumps(items.get(name)) == text]
                test = Test(item, Operator.EQ, value)
                assert await refs(reader, kind, test) == wanted, (name, value)
                others = [ref for ref in shown if ref not in wanted]
                assert await refs(reader, kind, Not(test)) == others, (name, value)
                assert await reader.count(Search(kind, Test(item, Operator.IN, (value, "none")))) == len(wanted)


async def refs(reader: Any, kind: EntityKind, predicate: Any) -> list[Any]:
    return [row.entity.ref for row in (await reader.search(Search(kind, predicate), ALL)).rows]


QUERY = """
query ($a: ArtifactFilter, $e: ExecutionFilter) {
  artifacts(where: $a) { totalCount }
  executions(where: $e) { totalCount }
}
"""
WRITERS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("kfp_v2", "artifacts", {"values": [{"name": "accuracy", "gt": 0.9}]}, True),
    ("kfp_v2", "executions", {"parameters": [{"name": "fraction", "eq": 0.8}, {"name": "parts", "lte": 2}]}, True),
    ("kfp_v2", "executions", {"parameters": [{"name": "fields", "exists": True}]}, True),
    ("model_registry", "artifacts", {"values": [{"name": "auc", "gte": 0.875}]}, True),
    ("model_registry", "artifacts", {"parameters": [{"name": "lr", "eq": "0.1"}]}, True),
    ("model_registry", "artifacts", {"values": [{"name": "step"}]}, False),
]


@pytest.mark.parametrize(("writer", "listed", "where", "found"), WRITERS)
async def test_each_writers_are_found(
    written: Callable[[str], Path], writer: str, listed: str, where: dict[str, Any], found: bool
) -> None:
    async with serving(written(writer), read_only=True) as service:
        nothing = {"ids": []}
        data = await service.data(QUERY, {"a": nothing, "e": nothing} | {listed[0]: where})
    assert (data[listed]["totalCount"] > 0) is found


async def test_no_more_structs_are_read_than_the_rest_of_a_filter_lets_through(
    written: Callable[[str], Path],
) -> None:
    """The parameters of Kubeflow Pipelines stand in Structs, which no database reads."""
    async with reading(written("kfp_v2")) as reader:
        rate = Test(Item(Group.PARAMETERS, "rate"), Operator.EXISTS)
        every = await refs(reader, EntityKind.EXECUTION, rate)
        assert len(every) > 1
        one = Test(Field.ID, Operator.IN, (every[0].key,))
        assert await refs(reader, EntityKind.EXECUTION, all_of(one, rate)) == every[:1]
        assert await refs(reader, EntityKind.EXECUTION, all_of(one, Not(rate))) == []
        # And through relations, which lead to other entities than the rest of the filter is about.
        split = Test(Item(Group.PARAMETERS, "parts"), Operator.EQ, 2)
        readers = Related(Relation.INPUTS, Related(Relation.PRODUCED_BY, split))
        assert await reader.count(Search(EntityKind.EXECUTION, all_of(readers, Not(split)))) > 1
