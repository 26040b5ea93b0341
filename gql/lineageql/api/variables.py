"""The size of an operation's variables, found before they are turned into inputs.

Each input object costs some 50 microseconds, in which nobody else is served:
a body of a few megabytes can hold hundreds of thousands. JSON scalars are taken
as they are and cost nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_nullable_type,
    is_input_type,
    is_leaf_type,
    is_list_type,
    type_from_ast,
)

from lineageql.errors import TooExpensive


def check_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any], most: int
) -> int:
    """Refuses variables with more input objects than `most`.

    Returns:
        How many there are, each item of a list of other values counting as a tenth of one.

    Raises:
        TooExpensive: there are more.
    """
    count = items = 0
    for definition in operation.variable_definitions or ():
        type_ = type_from_ast(schema, definition.type)
        value = variables.get(definition.variable.name.value)
        if value is None or not is_input_type(type_):
            continue
        for size in _objects(type_, value):
            items += size
            count += not size
            if count > most:
                words = f"the variables hold more than {most:,} input objects: send some of them in another request"
                raise TooExpensive(words)
    return count + items // 10


def _objects(type_: Any, value: Any) -> Iterator[int]:
    """0 for each input object within a value, be it right or not, and the length of each list of other values."""
    type_ = get_nullable_type(type_)
    if is_list_type(type_):
        if is_leaf_type(get_nullable_type(type_.of_type)):
            yield len(value) if isinstance(value, list) else 1
            return
        for item in value if isinstance(value, list) else (value,):
            yield from _objects(type_.of_type, item)
    elif isinstance(type_, GraphQLInputObjectType) and isinstance(value, dict):
        yield 0
        for name, field in value.items():
            declared = type_.fields.get(name)
            if declared is not None and isinstance(field, (list, dict)):
                yield from _objects(declared.type, field)
