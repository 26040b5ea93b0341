"""What a test looks at in an entity, and whether the entity meets it.

Every test is true or false of an entity; of what the entity lacks it is false.
"""

from __future__ import annotations

from collections.abc import Callable

from lineageql.model.conventions.convention import Custom
from lineageql.model.entities import Artifact, Entity, Execution, Run
from lineageql.model.evaluate import comparison
from lineageql.model.items import item_of, stored_value, tested
from lineageql.model.kinds import kind_of
from lineageql.model.operators import Value
from lineageql.model.predicates import Field, Item, Label, Property, Subject, Test
from lineageql.model.values import as_text


def label_of(entity: Entity, key: str) -> str | None:
    """The value of a label: that of its own property, else that in another writer's document."""
    places, node = entity.convention.labels.get(entity.node.type.kind), entity.node
    if places is None:
        return None
    for place in places.properties(key):
        own = (node.custom_properties if isinstance(place, Custom) else node.properties).get(place.name)
        if isinstance(own, str):
            return own
    if places.document is not None:
        return as_text(places.document.read(node).get(key))
    return None


def property_of(entity: Entity, name: str) -> Value:
    """The declared property of a name, else the custom one, else the writer's extra; None where there is none."""
    convention, node = entity.convention, entity.node
    found = stored_value(convention, node, name)
    extras = convention.extras.get(node.type.kind)
    return tested(extras.read(node).get(name)) if found is None and extras is not None else found


def property_names(entity: Entity) -> list[str]:
    """The names of an entity's properties, of those that hold something."""
    node, extras = entity.node, entity.convention.extras.get(entity.node.type.kind)
    names = {*node.properties, *node.custom_properties, *(extras.read(node) if extras is not None else ())}
    return [name for name in names if property_of(entity, name) is not None]


def _name(entity: Entity) -> str | None:
    if isinstance(entity, Run) and entity.run_name is not None:
        return entity.run_name.name
    return entity.convention.read(entity.node, Field.NAME)


def _state(entity: Entity) -> int | None:
    return entity.state.value if isinstance(entity, (Artifact, Execution)) else None


def _named_workspace(entity: Entity) -> str | None:
    if isinstance(entity, Run):
        return None if entity.run_name is None else entity.run_name.workspace
    return entity.convention.named_workspace(entity.node)


FIELDS: dict[Field, Callable[[Entity], Value]] = {
    Field.ID: lambda entity: entity.mlmd_id,
    Field.REF: lambda entity: entity.ref,
    Field.NAME: _name,
    Field.TYPE: lambda entity: entity.type.name,
    Field.KIND: lambda entity: kind_of(entity.type),
    Field.URI: lambda entity: entity.node.uri,
    Field.VERSION: lambda entity: entity.convention.read(entity.node, Field.VERSION),
    Field.OWNER: lambda entity: entity.convention.read(entity.node, Field.OWNER),
    Field.DESCRIPTION: lambda entity: entity.description,
    Field.STATE: _state,
    Field.NAMED_WORKSPACE: _named_workspace,
    Field.EXTERNAL_ID: lambda entity: entity.node.external_id,
    Field.CREATE_TIME: lambda entity: entity.create_time,
    Field.UPDATE_TIME: lambda entity: entity.update_time,
    Field.START_TIME: lambda entity: entity.start_time if isinstance(entity, Execution) else None,
    Field.END_TIME: lambda entity: entity.end_time if isinstance(entity, Execution) else None,
}
"""The value of each field; the state of a run, which is counted, is none of them."""


def value_of(subject: Subject) -> Callable[[Entity], Value]:
    """From an entity to what a subject is in it."""
    match subject:
        case Label(key):
            return lambda entity: label_of(entity, key)
        case Property(name):
            return lambda entity: property_of(entity, name)
        case Item() as item:
            return lambda entity: item_of(entity, item)
    return FIELDS[subject]


def meets(test: Test) -> Callable[[Entity], bool]:
    """Whether an entity meets a test."""
    read, is_met = value_of(test.subject), comparison(test)
    return lambda entity: is_met(read(entity))
