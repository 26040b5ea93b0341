"""From coerced inputs to our input types, by a plan that is made once for each type.

Strawberry looks at every field of an input type, and at what the field's type is,
for every object that it converts: some 0.3 milliseconds each, in which nobody else
is served. Here the fields that a client gave are looked up in a table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import (
    StrawberryList,
    StrawberryObjectDefinition,
    StrawberryOptional,
    get_object_definition,
    has_object_definition,
)
from strawberry.types.lazy_type import LazyType

Convert = Callable[[Any], Any]


class InputPlans:
    """How the input types of a schema are made of what graphql-core has coerced.

    Args:
        config: the schema's, which names fields.
    """

    def __init__(self, config: StrawberryConfig) -> None:
        self._name_of = config.name_converter.from_field
        self._made: dict[type, Convert] = {}

    def install(self, definitions: Mapping[str, Any]) -> None:
        """Lets Strawberry convert all input types among these by their plans."""
        for concrete in definitions.values():
            definition = concrete.definition
            if isinstance(definition, StrawberryObjectDefinition) and definition.is_input:
                convert = self._input(definition.origin)
                definition.from_input = _ignoring_context(convert)

    def _input(self, type_: type) -> Convert:
        """From a coerced input object to one of ours."""
        if type_ not in self._made:
            # A filter holds filters of its own type: what is made here is found before it is whole.
            fields: dict[str, tuple[str, Convert | None]] = {}
            absent: dict[str, Any] = {}

            def convert(value: Mapping[str, Any]) -> Any:
                given = dict(absent)
                for name, item in value.items():
                    python_name, inner = fields[name]
                    given[python_name] = item if inner is None or item is None else inner(item)
                return type_(**given)

            self._made[type_] = convert
            for field in get_object_definition(type_, strict=True).fields:
                fields[self._name_of(field)] = (field.python_name, self._value(field.resolve_type()))
                if field.default_value is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                    absent[field.python_name] = None
        return self._made[type_]

    def _value(self, type_: Any) -> Convert | None:
        """From a coerced value to one of ours; None where they are the same."""
        while isinstance(type_, (StrawberryOptional, LazyType)):
            type_ = type_.of_type if isinstance(type_, StrawberryOptional) else type_.resolve_type()
        if isinstance(type_, StrawberryList):
            item = self._value(type_.of_type)
            # graphql-core gives the same default to every request, so a list is copied in any case.
            return list if item is None else _each(item)
        return self._input(type_) if has_object_definition(type_) else None


def _each(item: Convert) -> Convert:
    return lambda values: [None if value is None else item(value) for value in values]


def _ignoring_context(convert: Convert) -> Callable[[type, Mapping[str, Any], Any], Any]:
    return lambda _type, value, _context: convert(value)


def install(schema: strawberry.Schema) -> None:
    """Lets a schema convert its inputs by plans."""
    converter = schema.schema_converter
    InputPlans(converter.config).install(converter.type_map)
