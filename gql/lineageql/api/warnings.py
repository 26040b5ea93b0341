"""What an answer warns of: what was asked and can hardly be meant so, where the answer itself is no error.

The resolvers of an operation tell its one collector, and the answer shows what that
holds as `extensions.warnings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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

    def add(self, info: Any, code: WarningCode, message: str) -> None:
        """Adds a warning about the field of a resolver's `info`; what was said of it already is not said again."""
        self._told[Warned(code, message, tuple(info.path.as_list()))] = None

    def shown(self) -> list[dict[str, Any]]:
        """The warnings as clients see them, in the order of their paths: fields are resolved in none."""
        return [warned.shown() for warned in sorted(self._told, key=_place)]


def _place(warned: Warned) -> list[tuple[bool, str | int]]:
    return [(isinstance(part, int), part) for part in warned.path]
