"""Plain fields at the speed of plain Python.

A field is plain where its value is an attribute of its parent, or comes from a
resolver that says so with `PLAIN`: no argument, nothing to wait for. Most
fields of a page or a lineage are. graphql-core takes each of them, on each
object, through the same general steps; this executor makes one function of a
selection of plain fields and calls it for every object.

What is not plain is left to graphql-core, and so is an object on which such a
function fails: graphql-core goes over it again and reports the error where it
belongs. Reading plain fields twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

PLAIN: Mapping[Any, Any] = {"plain": True}
"""The metadata of a field whose resolver takes its parent alone and waits for nothing."""

Projection = Callable[[Any], Any]
"""A value of the domain to its part of the answer."""


class Unprojectable(Exception):
    """A value that graphql-core must look at: a null where none may be, an object of another type."""


@dataclass(frozen=True)
class Plan:
    """How the selected fields of one object type are answered.

    Attributes:
        steps: every field's name in the answer, in order, with its projection; None for a field that is not plain.
        rest: the fields that are not plain, as graphql-core groups them.
    """

    steps: list[tuple[str, Projection | None]]
    rest: dict[str, Any]

    def whole(self) -> Projection | None:
        """The projection of the object, where all its fields are plain."""
        if self.rest:
            return None
        steps = [(name, project) for name, project in self.steps if project is not None]
        return lambda value: {name: project(value) for name, project in steps}


class ProjectingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[str, int], Plan] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """Answers the plain fields; graphql-core does the rest."""
        plan = None if path is None else self._plan(parent_type, grouped_field_set)
        if plan is None or len(plan.rest) == len(plan.steps):
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        try:
            results = {name: project and project(source_value) for name, project in plan.steps}
        except Exception:  # whatever it is, graphql-core meets it again and says where
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if not plan.rest:
            return results
        others = super().execute_fields(parent_type, source_value, path, plan.rest, position_context)
        if isinstance(others, dict):
            results.update(others)
            return results

        async def completed() -> dict[str, Any]:
            results.update(await others)
            return results

        return completed()

    # -- plans

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: Mapping[str, Any]) -> Plan:
        # Of one operation, graphql-core makes each set once and keeps it.
        key = (parent_type.name, id(grouped_field_set))
        plan = self._plans.get(key)
        if plan is None:
            steps = [(name, self._field(parent_type, details)) for name, details in grouped_field_set.items()]
            rest = {name: grouped_field_set[name] for name, project in steps if project is None}
            plan = self._plans[key] = Plan(steps, rest)
        return plan

    def _field(self, parent_type: GraphQLObjectType, details: Any) -> Projection | None:
        name = details[0].node.name.value
        if name == "__typename":
            type_name = parent_type.name
            return lambda _: type_name
        field = parent_type.fields.get(name)
        get = None if field is None else _getter(field)
        if field is None or get is None:
            return None
        return self._completed(get, field.type, details)

    def _completed(self, get: Projection, type_: GraphQLOutputType, details: Any) -> Projection | None:
        """What `get` answers, completed as a type wants it; None where graphql-core must complete it."""
        if isinstance(type_, GraphQLNonNull):
            complete = self._completion(type_.of_type, details)
            return complete and _non_null(get, complete)
        complete = self._completion(type_, details)
        return complete and _nullable(get, complete)

    def _completion(self, type_: Any, details: Any) -> Projection | None:
        """How values of a type are completed that are not null."""
        if is_leaf_type(type_):
            return _leaf(type_)
        if isinstance(type_, GraphQLList):
            item = self._completed(_itself, type_.of_type, details)
            return item and (lambda values: [item(value) for value in values])
        if isinstance(type_, GraphQLObjectType):
            return self._object(type_, details)
        if isinstance(type_, GraphQLInterfaceType):
            return self._interface(type_, details)
        return None

    def _object(self, type_: GraphQLObjectType, details: Any) -> Projection | None:
        whole = self._plan(type_, self.collect_subfields(type_, details).grouped_field_set).whole()
        check = type_.is_type_of
        if whole is None or check is None:
            return whole

        def project(value: Any) -> Any:
            if not check(value, None):  # type: ignore[arg-type]  # ours look at the value only
                raise Unprojectable
            return whole(value)

        return project

    def _interface(self, type_: GraphQLInterfaceType, details: Any) -> Projection | None:
        name_of = type_.resolve_type
        objects = {found.name: self._object(found, details) for found in self.schema.get_possible_types(type_)}
        if name_of is None or not all(objects.values()):
            return None
        return lambda value: objects[name_of(value, None, type_)](value)  # type: ignore[index, misc, arg-type]


def _getter(field: GraphQLField) -> Projection | None:
    definition: StrawberryField | None = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if definition is None or field.args:
        return None
    if definition.is_basic_field:
        return attrgetter(definition.python_name)
    resolver = definition.base_resolver
    if resolver is None or definition.metadata.get("plain") is None or definition.is_async:
        return None
    resolve = resolver.wrapped_func
    return lambda value: resolve(value, value)  # type: ignore[operator]


def _itself(value: Any) -> Any:
    return value


def _nullable(get: Projection, complete: Projection) -> Projection:
    def project(parent: Any) -> Any:
        value = get(parent)
        return None if value is None else complete(value)

    return project


def _non_null(get: Projection, complete: Projection) -> Projection:
    def project(parent: Any) -> Any:
        value = get(parent)
        completed = None if value is None else complete(value)
        if completed is None:
            raise Unprojectable
        return completed

    return project


def _leaf(type_: GraphQLLeafType) -> Projection:
    coerce = type_.coerce_output_value
    if isinstance(type_, GraphQLEnumType):
        names: dict[Any, Any] = {}

        def name_of(value: Any) -> Any:
            name = names.get(value)
            if name is None:
                name = names[value] = coerce(value)
            return name

        return name_of
    if type_.name in ("String", "ID"):
        return lambda value: value if type(value) is str else coerce(value)
    return coerce
