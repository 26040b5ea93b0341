"""Filters reach the places that are read: what they find is what the values read say, for every store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineageql.model.entities import Artifact, Entity, Execution
from lineageql.model.identity import EntityKind
from lineageql.model.predicates import Field, Label, Not, Operator, Predicate, Property, Related, Relation, Test
from lineageql.store.ports import Order, Search
from lineageql.store.sql.reader import SQLReader
from tests.conventions.reading import ALL, HELD, read, reading

TEXTS: dict[Field, Callable[[Any], str | None]] = {
    Field.NAME: lambda entity: entity.name,
    Field.VERSION: lambda entity: getattr(entity, "version", None),
    Field.OWNER: lambda entity: getattr(entity, "owner", None),
    Field.DESCRIPTION: lambda entity: entity.description,
}
OPERATORS: dict[Operator, Callable[[str, Any], bool]] = {
    Operator.EQ: lambda text, operand: text == operand,
    Operator.IN: lambda text, operand: text in operand,
    Operator.STARTS_WITH: lambda text, operand: text.startswith(operand),
    Operator.ENDS_WITH: lambda text, operand: text.endswith(operand),
    Operator.CONTAINS: lambda text, operand: operand in text,
}


async def found(reader: SQLReader, kind: EntityKind, predicate: Predicate) -> list[Any]:
    return [row.entity.ref for row in (await reader.search(Search(kind, predicate), ALL)).rows]


def questions(texts: set[str]) -> Iterator[tuple[Operator, Any]]:
    for text in sorted(texts)[:6]:
        yield Operator.EQ, text
        yield Operator.IN, (text, "none of them")
        yield Operator.STARTS_WITH, text[:4]
        yield Operator.ENDS_WITH, text[-4:]
        yield Operator.CONTAINS, text[1:5]
    yield Operator.EQ, "none of them"


@pytest.mark.parametrize("subject", TEXTS, ids=lambda subject: subject.name.lower())
async def test_texts(each_store: Path, subject: Field) -> None:
    value = TEXTS[subject]
    async with reading(each_store) as reader:
        whole = await read(reader)
        for kind, entities in whole.entities.items():
            if subject in (Field.VERSION, Field.OWNER) and kind is not EntityKind.ARTIFACT:
                continue
            texts = {text for text in map(value, entities) if text is not None}
            for operator, operand in questions(texts):
                test = Test(subject, operator, operand)
                wanted = [e.ref for e in entities if (t := value(e)) is not None and OPERATORS[operator](t, operand)]
                assert await found(reader, kind, test) == wanted, (kind, operator, operand)
                others = [entity.ref for entity in entities if entity.ref not in set(wanted)]
                assert await found(reader, kind, Not(test)) == others


async def test_order_by_name(each_store: Path) -> None:
    async with reading(each_store) as reader:
        whole = await read(reader)
        for kind, entities in whole.entities.items():
            rows = (await reader.search(Search(kind, order=Order(Field.NAME)), ALL)).rows
            assert [row.entity.name for row in rows] == sorted(entity.name for entity in entities)


async def test_kinds_and_states(each_store: Path) -> None:
    async with reading(each_store) as reader:
        whole = await read(reader)
        artifacts = [entity for entity in whole.entities[EntityKind.ARTIFACT] if isinstance(entity, Artifact)]
        for kind in {artifact.kind for artifact in artifacts}:
            wanted = [artifact.ref for artifact in artifacts if artifact.kind is kind]
            assert await found(reader, EntityKind.ARTIFACT, Test(Field.KIND, Operator.IN, (kind,))) == wanted
        for node in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            nodes: list[Any] = whole.entities[node]
            for state in {entity.state for entity in nodes}:
                wanted = [entity.ref for entity in nodes if entity.state is state]
                assert await found(reader, node, Test(Field.STATE, Operator.IN, (state.value,))) == wanted


async def test_workspaces(each_store: Path) -> None:
    async with reading(each_store) as reader:
        whole = await read(reader)
        for name in set(whole.names(EntityKind.WORKSPACE)):
            spaces = {space.ref for space in whole.named(EntityKind.WORKSPACE, name)}
            for kind in HELD:
                held = set[Any]().union(*(whole.members[space, kind] for space in spaces))
                wanted = [entity.ref for entity in whole.entities[kind] if entity.ref in held]
                predicate = Related(Relation.WORKSPACE, Test(Field.NAME, Operator.EQ, name))
                assert await found(reader, kind, predicate) == wanted, (name, kind)
        for ref, space in whole.workspaces.items():
            assert ref in whole.members[space, ref.kind]


async def test_runs(each_store: Path) -> None:
    async with reading(each_store) as reader:
        whole = await read(reader)
        for name in set(whole.names(EntityKind.RUN)):
            # A run that is only a name has no context: its executions say so themselves.
            if any(run.mlmd_id is None for run in whole.named(EntityKind.RUN, name)):
                continue
            runs = {run.ref for run in whole.named(EntityKind.RUN, name)}
            wanted = [e.ref for e in whole.entities[EntityKind.EXECUTION] if whole.runs.get(e.ref) in runs]
            predicate = Related(Relation.RUN, Test(Field.NAME, Operator.EQ, name))
            assert await found(reader, EntityKind.EXECUTION, predicate) == wanted


async def test_labels(each_store: Path) -> None:
    async with reading(each_store) as reader:
        whole = await read(reader)
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION, EntityKind.WORKSPACE):
            entities = whole.entities[kind]
            for key, value in {pair for entity in entities for pair in entity.label_values.items()}:
                wanted = [entity.ref for entity in entities if entity.label_values.get(key) == value]
                assert await found(reader, kind, Test(Label(key), Operator.EQ, value)) == wanted
            assert await found(reader, kind, Test(Label("no such"), Operator.EXISTS)) == []


def shown(entity: Entity, name: str) -> Any:
    return entity.property(name)


async def test_properties(each_store: Path) -> None:
    """Shown under a name is what a filter of that name finds, bookkeeping names too."""
    async with reading(each_store) as reader:
        whole = await read(reader)
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            entities = whole.entities[kind]
            names = {name for entity in entities for name in (*entity.properties, *entity.custom_properties)}
            for name in sorted(names):
                wanted = [entity.ref for entity in entities if shown(entity, name) is not None]
                assert await found(reader, kind, Test(Property(name), Operator.EXISTS)) == wanted, name
                plain = {v for entity in entities if isinstance(v := shown(entity, name), (str, int, float))}
                for value in sorted(plain, key=repr)[:5]:
                    wanted = [entity.ref for entity in entities if shown(entity, name) == value]
                    assert await found(reader, kind, Test(Property(name), Operator.EQ, value)) == wanted, (name, value)


async def test_full_text(each_store: Path) -> None:
    """Every name is found by a part of it."""
    async with reading(each_store) as reader:
        whole = await read(reader)
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            for name in set(whole.names(kind)):
                rows = (await reader.find_text(kind, name[1:].strip() or name, ALL)).rows
                assert {e.ref for e in whole.named(kind, name)} <= {row.entity.ref for row in rows}, name


async def test_the_same_by_id(each_store: Path) -> None:
    async with reading(each_store) as reader:
        whole = await read(reader)
        again = await reader.get(list(whole.by_ref))
        assert {ref: entity.name for ref, entity in again.items()} == {
            ref: entity.name for ref, entity in whole.by_ref.items()
        }
        assert all(isinstance(entity, Execution) for ref, entity in again.items() if ref.kind is EntityKind.EXECUTION)
