"""What to write instead: advice beside GraphQL's own errors, for mistakes that are often made.

GraphQL says that a value or a field does not fit. Where the schema shows what
was meant, the error says that too, in the words of the document::

    artifacts(where: {name: "x"})       Write {name: {eq: "x"}}.
    artifacts(orderBy: CREATE_TIME)     Write orderBy: {field: CREATE_TIME}.
    artifacts(where: {labels: {a: "x"}) Write {labels: {key: "a", eq: "x"}}.
    artifacts { name }                  Write nodes { name }.

Nothing here knows a type by its name: advice follows the shapes of the inputs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    FieldsOnCorrectTypeRule,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    KnownArgumentNamesRule,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VisitorAction,
    get_named_type,
    get_nullable_type,
    is_input_type,
    is_list_type,
    is_required_input_field,
    specified_rules,
    type_from_ast,
    value_from_ast_untyped,
)
from graphql.language import SKIP
from graphql.utilities.validate_input_value import validate_input_literal, validate_input_value

_DEPTH = 2
"""Through how many fields a field is looked for that is not where it was asked for."""
_MOST_ERRORS = 50
"""How many errors of variables graphql-core answers at most."""


class Values(ValuesOfCorrectTypeRule):
    """GraphQL's rule for literals, with advice."""

    argument = ""

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self.argument = node.name.value

    def is_valid_value_node(self, node: ValueNode, input_type: Any) -> VisitorAction:
        if input_type:
            found: list[tuple[GraphQLError, list[str | int]]] = []
            validate_input_literal(node, input_type, lambda error, path: found.append((error, path)))
            for error, words in _advised(found, input_type, lambda: value_from_ast_untyped(node), self.argument):
                error.message += words
                self.report_error(error)
        return SKIP


class Fields(FieldsOnCorrectTypeRule):
    """GraphQL's rule for fields, with advice."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.node = node
        super().enter_field(node)

    def report_error(self, error: GraphQLError) -> None:
        name, parent = self.node.name.value, self.context.get_parent_type()
        way = None
        # An entity that lacks a field lacks it; what wraps entities has them within.
        if isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)) and "id" not in parent.fields:
            way = _way_to(name, parent, self.context.schema.query_type)
        if way is not None:
            inner = f"{name} {{ … }}" if self.node.selection_set is not None else name
            for step in reversed(way):
                inner = f"{step} {{ {inner} }}"
            error.message = f"{error.message.partition(' Did you mean')[0]} Write {inner}."
        super().report_error(error)


class Arguments(KnownArgumentNamesRule):
    """GraphQL's rule for the names of arguments, with advice."""

    def enter_argument(self, node: ArgumentNode, *args: Any) -> None:
        advice = self._advice(node)
        if advice is None:
            super().enter_argument(node, *args)
        else:
            self.report_error(GraphQLError(f"Unknown argument '{node.name.value}'. Write {advice}.", node))

    def _advice(self, node: ArgumentNode) -> str | None:
        field, name = self.context.get_field_def(), node.name.value
        where = field.args.get("where") if field is not None and name not in field.args else None
        filter_ = get_named_type(where.type) if where is not None else None
        if not isinstance(filter_, GraphQLInputObjectType) or name not in filter_.fields:
            return None
        type_, value = filter_.fields[name].type, value_from_ast_untyped(node.value)
        meant = _meant(get_named_type(type_), value)
        return f"where: {{{name}: {_literal(value if meant is None else meant, type_)}}}"


_OURS = {rule.__mro__[1]: rule for rule in (Values, Fields, Arguments)}
RULES = tuple(_OURS.get(rule, rule) for rule in specified_rules)
"""GraphQL's rules for documents, those that have advice in the places of those that have none."""


def advise(
    errors: Sequence[GraphQLError],
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> None:
    """Adds advice to the errors that say that a variable's value does not fit."""
    for definition in operation.variable_definitions or ():
        name, type_ = definition.variable.name.value, type_from_ast(schema, definition.type)
        mine = [error for error in errors if error.message.startswith(f"Variable '${name}' has invalid value")]
        if not mine or not is_input_type(type_):
            continue
        found: list[tuple[GraphQLError, list[str | int]]] = []

        def keep(error: GraphQLError, path: list[str | int], found: Any = found) -> None:
            if len(found) < _MOST_ERRORS:
                found.append((error, path))

        validate_input_value(variables.get(name), type_, keep)
        for fault, words in _advised(found, type_, lambda: variables[name], None):  # noqa: B023
            for error in mine:
                if words and error.message.endswith(f": {fault.message}"):
                    error.message += words


def _advised(
    found: Sequence[tuple[GraphQLError, list[str | int]]], type_: Any, value: Any, argument: str | None
) -> Iterator[tuple[GraphQLError, str]]:
    """Errors with advice, one for each place where there is some.

    `argument` is the name of what holds a literal; None where the value is JSON.
    """
    last = {tuple(path): error for error, path in found}  # a field that is unknown comes after one that is missing
    for error, path in found:
        words = ""
        try:
            place, given = _at(type_, value(), path)
        except (KeyError, IndexError, TypeError):
            place, given = None, None
        meant = _meant(place, given) if isinstance(place, GraphQLInputObjectType) else None
        if meant is not None:
            if argument is not None and last[tuple(path)] is not error:
                continue
            words = f" Write {_shown(meant, place, path, argument)}."
        yield error, words


def _at(type_: Any, value: Any, path: Sequence[str | int]) -> tuple[Any, Any]:
    """The type and the value at a path within a value."""
    type_ = get_nullable_type(type_)
    for step in path:
        if is_list_type(type_):
            type_ = get_nullable_type(type_.of_type)
            if isinstance(step, int):
                value = value[step]
                continue
        type_, value = get_nullable_type(type_.fields[step].type), value[step]
    return get_named_type(type_), value


def _meant(type_: Any, value: Any) -> Any:
    """What a value that does not fit an input object seems to mean, None where that is not to be seen."""
    if not isinstance(type_, GraphQLInputObjectType):
        return None
    fields = type_.fields
    naming = next((name for name in ("key", "name") if name in fields and is_required_input_field(fields[name])), None)
    test = next((name for name in ("eq", "value") if name in fields), None)
    if isinstance(value, dict):
        unknown = {name: item for name, item in value.items() if name not in fields}
        if len(unknown) != 1:
            return None
        ((name, item),) = unknown.items()
        if naming is not None and test is not None:
            rest = item if isinstance(item, dict) and item.keys() <= fields.keys() else {test: item}
            return {naming: name, **rest}
        order = _order_field(fields, name)
        return None if order is None else {"field": order, **({"direction": item} if item in ("ASC", "DESC") else {})}
    if isinstance(value, list):
        return {"in": value} if "in" in fields and naming is None and value else None
    if value is None:
        return None
    if naming is not None:
        key, equals, text = str(value).partition("=")
        return {naming: key, test: text} if equals and test is not None else {naming: value}
    if (order := _order_field(fields, str(value))) is not None:
        return {"field": order}
    if test is not None:
        return {test: value}
    if "atOrAfter" in fields:
        return {"atOrAfter": value}
    inner = _meant(get_named_type(fields["name"].type), value) if "name" in fields else None
    return None if inner is None else {"name": inner}


def _order_field(fields: Mapping[str, Any], name: str) -> str | None:
    enum = get_named_type(fields["field"].type) if "field" in fields else None
    upper = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
    return upper if isinstance(enum, GraphQLEnumType) and upper in enum.values else None


def _shown(meant: Any, type_: Any, path: Sequence[str | int], argument: str | None) -> str:
    name = next((step for step in reversed(path) if isinstance(step, str)), None)
    if argument is None:
        return json.dumps(meant if name is None else {name: meant}, ensure_ascii=False)
    text = _literal(meant, type_)
    return f"{argument}: {text}" if name is None else f"{{{name}: {text}}}"


def _literal(value: Any, type_: Any) -> str:
    """A value as a GraphQL document writes it."""
    named = get_named_type(type_)
    if isinstance(value, dict):
        fields = getattr(named, "fields", {})
        inner = (f"{key}: {_literal(item, fields[key].type if key in fields else None)}" for key, item in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_literal(item, type_) for item in value)}]"
    if isinstance(named, GraphQLEnumType) and isinstance(value, str):
        return value
    return "…" if value is Undefined else json.dumps(value, ensure_ascii=False)  # a variable has no value here


def _way_to(name: str, parent: Any, root: Any) -> tuple[str, ...] | None:
    """The fields that lead from a type to one with such a field; None where there are none.

    What is listed comes before what stands beside the list, then the shortest way is taken.
    """
    ways = [way for way in _ways(parent, root) if name in way[1].fields]
    chosen = min(ways, key=lambda way: (not {*way[0]} <= {"nodes", "node"}, len(way[0])), default=None)
    return None if chosen is None else chosen[0]


def _ways(parent: Any, root: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What can be reached from a type without going through an entity, and how."""
    for step, field in parent.fields.items():
        target = get_named_type(field.type)
        if target is root or not isinstance(target, (GraphQLObjectType, GraphQLInterfaceType)):
            continue
        yield (*way, step), target
        if "id" not in target.fields and len(way) + 1 < _DEPTH:
            yield from _ways(target, root, (*way, step))
