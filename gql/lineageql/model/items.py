"""What one item of a group is in an entity, as filters see it and orders sort by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lineageql.model.conventions.convention import (
    Convention,
    Custom,
    Declared,
    Kept,
    Mapped,
    Stored,
    StructMembers,
    UnderName,
)
from lineageql.model.conventions.kubeflow import EXACT_PREFIX
from lineageql.model.entities import Entity
from lineageql.model.nodes import Node
from lineageql.model.operators import Value
from lineageql.model.predicates import Group, Item
from lineageql.model.values import STRUCT_PREFIX, JSONValue, parse_json

OTHER = object()
"""A value that is there, and is neither text, number nor boolean."""


def item_of(entity: Entity, item: Item) -> Value:
    """The value of an item; None where there is none."""
    convention, node = entity.convention, entity.node
    match convention.items_of(node.type, item.group):
        case Kept() | StructMembers():
            return tested(found_in(entity.items(item.group), item.name))
        case Stored() as place:
            if item.name in place.omitted or convention.bookkeeps(item.name):
                return None
            found = stored_value(convention, node, item.name, declared=place.declared)
            return found if place.takes(found) else None
        case UnderName(name):
            return stored_value(convention, node, name) if entity.name == item.name else None
        case Mapped() as place:
            return _mapped_value(convention, node, place, item.name)
    return None


def _mapped_value(convention: Convention, node: Node, place: Mapped, name: str) -> Value:
    found = _first_value(convention, node, place.properties(name))
    if found is not None or place.document is None:
        return found
    members = place.document.read_all(node)
    head, dot, _ = name.partition(".")
    if dot and members.get(name) is None and _first_value(convention, node, place.properties(head)) is not None:
        return None  # the path leads into what a property is in place of
    return tested(found_in(members, name))


def item_names(entity: Entity, group: Group) -> list[str]:
    """The names of an entity's items, without the paths in those that are objects."""
    node = entity.node
    match entity.convention.items_of(node.type, group):
        case Stored():
            names = {*node.properties, *node.custom_properties}
        case UnderName():
            names = {entity.name} - {""}
        case _:
            return [name for name, value in entity.items(group).items() if value is not None]
    return [name for name in names if item_of(entity, Item(group, name)) is not None]


def found_in(items: Mapping[str, JSONValue], name: str) -> JSONValue:
    """The item of a name, else that at the path whose parts are between the name's dots; None where there is none."""
    whole = items.get(name)
    if whole is not None or "." not in name:
        return whole
    found: JSONValue = dict(items)
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def tested(value: JSONValue) -> Value:
    """A JSON value as tests see it."""
    return OTHER if isinstance(value, (list, dict)) else value


def stored_value(convention: Convention, node: Node, name: str, *, declared: bool = True) -> Value:
    """The declared property of a name, else the custom one; None where there is none or it is no user's."""
    # Bookkeeping is shown among the custom properties, where a custom one of the same name hides it.
    places: tuple[Declared | Custom, ...] = (Declared(name), Custom(name)) if declared else (Custom(name),)
    return _first_value(convention, node, reversed(places) if convention.bookkeeps(name) else places)


def _first_value(convention: Convention, node: Node, places: Iterable[Declared | Custom]) -> Value:
    """The value of the first property that is there and is a user's; None where there is none."""
    for place in places:
        raw = (node.custom_properties if isinstance(place, Custom) else node.properties).get(place.name)
        if raw is None or convention.conceals(place.name):
            continue
        # MLMD keeps six decimals; where that is not the number, the number's text stands beside it.
        exact = parse_json(node.custom_properties.get(EXACT_PREFIX + place.name))
        if exact is not None:
            return exact if isinstance(exact, (int, float)) and not isinstance(exact, bool) else OTHER
        plain = isinstance(raw, (int, float)) or (isinstance(raw, str) and not raw.startswith(STRUCT_PREFIX))
        return raw if plain else OTHER
    return None
