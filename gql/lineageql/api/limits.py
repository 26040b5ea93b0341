"""Limits: how deep a query nests, and how many nodes it may ask for.

Both are found before anything runs, in one pass over the operation in which
each fragment is measured once, so that a small document cannot make the check
itself expensive.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    value_from_ast_untyped,
)

from lineageql.errors import TooExpensive
from lineageql.settings import Settings

_SIZES = ("first", "last", "maxNodes")
_INTROSPECTION = 20_000
"""What one look at the schema counts as: tools take one, and hundreds of them would hold up everybody."""


class Meter:
    """Measures one operation with its variables."""

    def __init__(
        self, document: DocumentNode, variables: Mapping[str, Any], settings: Settings, paged: frozenset[str]
    ) -> None:
        self.variables = variables
        self.paged = paged
        self.settings = settings
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.defaults: Mapping[str, Any] = {}
        self._measured: dict[tuple[str, int | None], tuple[int, int]] = {}

    def check(self, operation: OperationDefinitionNode) -> int:
        """The cost of an operation: how many nodes it may ask for.

        Raises:
            TooExpensive: it nests too deep or costs too much.
        """
        self.defaults = {
            node.variable.name.value: value_from_ast_untyped(node.default_value)
            for node in operation.variable_definitions or ()
            if node.default_value is not None
        }
        depth, cost = self._set(operation.selection_set, 1)
        if depth > self.settings.max_depth:
            raise TooExpensive(f"the query nests {depth} levels deep; the most is {self.settings.max_depth}")
        if cost > self.settings.max_cost:
            raise TooExpensive(
                f"the query may ask for some {cost} nodes; the most is {self.settings.max_cost}, "
                "ask for fewer with first or maxNodes, or in several queries"
            )
        return cost

    def _set(self, selections: SelectionSetNode, level: int, recorded: int | None = None) -> tuple[int, int]:
        """Depth and cost of a selection set. A depth beyond the limit ends the descent.

        `recorded` says that it is that of recordLineage, and how many executions this answers.
        """
        if level > self.settings.max_depth:
            return 1, 0
        depth, cost = 0, 0
        for selection in selections.selections:
            inner_depth, inner_cost = self._selection(selection, level, recorded)
            depth, cost = max(depth, inner_depth), cost + inner_cost
        return depth, cost

    def _selection(self, selection: Any, level: int, recorded: int | None) -> tuple[int, int]:
        if isinstance(selection, FieldNode):
            if selection.selection_set is None:
                return 1, 0
            name = selection.name.value
            if name.startswith("__"):
                return 1, _INTROSPECTION  # it follows the schema, not the store
            listed = self._length(selection, "input") if name == "recordLineage" else None
            depth, cost = self._set(selection.selection_set, level + 1, listed)
            # These executions are a plain list, unlike the connections of the same name.
            size = recorded if recorded is not None and name == "executions" else self._size(selection)
            return depth + 1, 1 + size * cost
        if isinstance(selection, InlineFragmentNode):
            return self._set(selection.selection_set, level, recorded)
        assert isinstance(selection, FragmentSpreadNode)
        key = selection.name.value, recorded
        if key not in self._measured:
            self._measured[key] = (0, 0)  # validation refuses cycles; this ends one all the same
            self._measured[key] = self._set(self.fragments[key[0]].selection_set, 1, recorded)
        return self._measured[key]

    def _size(self, field: FieldNode) -> int:
        """How many rows a field may bring."""
        given: dict[str, Any] = {argument.name.value: argument.value for argument in field.arguments or ()}
        for name in _SIZES:
            size = self._value(given[name]) if name in given else None
            if isinstance(size, float) and size.is_integer():
                size = int(size)  # JSON's 10.0 is an Int too
            if isinstance(size, int):
                return min(max(size, 1), GRAPHQL_MAX_INT)  # what is more is refused when the variables are read
        listed = self._length(field, "ids") if field.name.value == "nodes" else None
        return self._default(field) if listed is None else listed

    def _length(self, field: FieldNode, name: str) -> int | None:
        """How many items an argument lists, at least one; None where it is not given."""
        for argument in field.arguments or ():
            if argument.name.value == name:
                node = argument.value
                listed = len(node.values) if isinstance(node, ListValueNode) else self._value(node)
                return max(len(listed) if isinstance(listed, list) else listed if isinstance(listed, int) else 1, 1)
        return None

    def _value(self, node: Any) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            return self.variables[name] if name in self.variables else self.defaults.get(name)
        return int(node.value) if isinstance(node, IntValueNode) else None

    def _default(self, field: FieldNode) -> int:
        name = field.name.value
        if name in ("lineage", "lineageDiff"):
            return self.settings.lineage_nodes
        return self.settings.page_size if name in self.paged else 1


def paged_fields(schema: GraphQLSchema) -> frozenset[str]:
    """The names of the fields of a schema whose rows are counted by first and last."""
    return frozenset(
        name
        for type_ in schema.type_map.values()
        for name, field in getattr(type_, "fields", {}).items()
        if "first" in getattr(field, "args", {})
    )
