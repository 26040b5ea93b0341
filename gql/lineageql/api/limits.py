"""Limits: how deep an operation nests, and how many fields it has.

Both are found before anything runs, in one pass over the operation in which
each fragment is measured once, so that a small document cannot make the check
itself expensive. What an operation reads is charged while it runs, by `Budget`.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from lineageql.errors import TooExpensive
from lineageql.settings import Settings

_INTROSPECTION = 800
"""What one look at the schema counts as: tools take one, and hundreds of them would hold up everybody."""


class Meter:
    """Measures the operations of one document."""

    def __init__(self, document: DocumentNode, settings: Settings) -> None:
        self.settings = settings
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, tuple[int, int]] = {}

    def check(self, operation: OperationDefinitionNode) -> None:
        """Refuses an operation that is too large.

        Raises:
            TooExpensive: it nests too deep or has too many fields.
        """
        depth, size = self._set(operation.selection_set, 1)
        if depth > self.settings.max_depth:
            raise TooExpensive(f"the query nests {depth} levels deep; the most is {self.settings.max_depth}")
        if size > self.settings.max_fields:
            raise TooExpensive(
                f"the operation has {size:,} fields, those of fragments wherever they are spread; the most is "
                f"{self.settings.max_fields:,}, and a look at the schema counts as {_INTROSPECTION}: "
                "ask in several operations"
            )

    def _set(self, selections: SelectionSetNode, level: int) -> tuple[int, int]:
        """Depth and size of a selection set. A depth beyond the limit ends the descent."""
        if level > self.settings.max_depth:
            return 1, 0
        depth, size = 0, 0
        for selection in selections.selections:
            inner_depth, inner_size = self._selection(selection, level)
            depth, size = max(depth, inner_depth), size + inner_size
        return depth, size

    def _selection(self, selection: Any, level: int) -> tuple[int, int]:
        if isinstance(selection, FieldNode):
            if selection.selection_set is None:
                return 1, 1
            if selection.name.value.startswith("__"):
                return 1, _INTROSPECTION  # it follows the schema, not the store
            depth, size = self._set(selection.selection_set, level + 1)
            return depth + 1, size + 1
        if isinstance(selection, InlineFragmentNode):
            return self._set(selection.selection_set, level)
        assert isinstance(selection, FragmentSpreadNode)
        name = selection.name.value
        if name not in self._measured:
            self._measured[name] = (0, 0)  # validation refuses cycles; this ends one all the same
            self._measured[name] = self._set(self.fragments[name].selection_set, 1)
        return self._measured[name]
