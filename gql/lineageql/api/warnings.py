"""What an answer warns of: what was asked and can hardly be meant so, where the answer itself is no error.

The resolvers of an operation tell its one collector, and the answer shows what that
holds as `extensions.warnings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
)

from lineageql.model.choice import Choice


class WarningCode(Choice):
    """What kind of warning it is."""

    UNKNOWN_NAME = "UNKNOWN_NAME"  # a property, label, value or parameter of a name that nothing in the store has
    NOT_TAKEN = "NOT_TAKEN"  # what an entity that was there already did not take


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning.

    Attributes:
        path: of the field of the answer that it is about, as in errors.
    """

    code: WarningCode
    message: str
    path: tuple[str | int, ...]

    def shown(self) -> dict[str, Any]:
        """The warning as clients see it."""
        return {"message": self.message, "code": self.code.value, "path": list(self.path)}


class Warnings:
    """The warnings of one operation."""

    def __init__(self) -> None:
        self._told: dict[Warned, None] = {}

    def add(self, info: Any, code: WarningCode, message: str, *, level: bool = False) -> None:
        """Adds a warning about the field of a resolver's `info`; what was said of it already is not said again.

        With `level` it is about the field of all entities of its level, and places in lists are left out of its path.
        """
        # A field of a level that is answered together is resolved without a path.
        path = _names_down_to(info._raw_info) if info.path is None else info.path.as_list()
        self._told[Warned(code, message, tuple(key for key in path if not level or isinstance(key, str)))] = None

    def shown(self) -> list[dict[str, Any]]:
        """The warnings as clients see them, in the order of their paths: fields are resolved in none."""
        return [warned.shown() for warned in sorted(self._told, key=_place)]


def _place(warned: Warned) -> list[tuple[bool, str | int]]:
    return [(isinstance(part, int), part) for part in warned.path]


def _names_down_to(raw: GraphQLResolveInfo[Any]) -> tuple[str, ...]:
    """The names of the fields of the answer down to a resolver's."""
    return next(_down_to(raw.field_nodes, raw.operation.selection_set, raw.fragments))


def _down_to(
    nodes: Sequence[FieldNode], within: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[tuple[str, ...]]:
    for selection in () if within is None else within.selections:
        if isinstance(selection, FieldNode):
            key = (selection.alias or selection.name).value
            if any(selection is node for node in nodes):
                yield (key,)
            for rest in _down_to(nodes, selection.selection_set, fragments):
                yield (key, *rest)
        elif isinstance(selection, FragmentSpreadNode):
            yield from _down_to(nodes, fragments[selection.name.value].selection_set, fragments)
        elif isinstance(selection, InlineFragmentNode):
            yield from _down_to(nodes, selection.selection_set, fragments)
