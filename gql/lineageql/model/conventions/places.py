"""Places that are not simply a column or a property: parts of names, and what stands beside a node.

Each is a form in Python here, `read`, and one in SQL in `store.sql.field_expressions`; the
tests hold the two together. Places *beyond* the node's own rows have only the
one in SQL: the Reader loads their values with the node.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lineageql.model.nodes import Node

DIGITS = "0123456789"
STAMP = "dddd-dd-ddTdd:dd:dd"
STAMPS = (STAMP, STAMP + ".dddddd")
"""The times that may stand after a name and a colon, as Python's `isoformat` writes them; d is a digit."""
_STAMPED = re.compile(r"(.+?):\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{6})?", re.ASCII | re.DOTALL)
UUID_LENGTH, UUID_CHARACTERS = 36, "0123456789abcdef-"


def unstamped(text: str | None) -> str | None:
    """A name without the time of its run, `<name>:<time>`; as it is where it has none, or is nothing else."""
    found = _STAMPED.fullmatch(text) if text else None
    return text if found is None else found[1]


@dataclass(frozen=True, slots=True)
class TypeName:
    """The type's name, or only what follows the last of its marks: of a class path the class."""

    mark: str | None = None

    def of(self, type_name: str) -> str:
        return type_name if self.mark is None else type_name.rpartition(self.mark)[2]

    def read(self, node: Node) -> str | None:
        return self.of(node.type.name)


@dataclass(frozen=True, slots=True)
class OwnedName:
    """The name without the id of its owner, `<id>:<name>`: a number, or a UUID where it has no owner."""

    @staticmethod
    def of(text: str) -> str:
        owner, colon, name = text.partition(":")
        uuid = len(owner) == UUID_LENGTH and not owner.lower().strip(UUID_CHARACTERS)
        return name if colon and owner and (uuid or not owner.strip(DIGITS)) else text

    def read(self, node: Node) -> str | None:
        return None if node.name is None else self.of(node.name)


@dataclass(frozen=True, slots=True)
class HashedName:
    """The name before the hash that is the uri, `<name>:<uri>` and perhaps more."""

    def read(self, node: Node) -> str | None:
        name = node.name or ""
        place = name.find(f":{node.uri}") if node.uri else -1
        return name[:place] if place > 0 else node.name


@dataclass(frozen=True, slots=True)
class EventKey:
    """The first key in the paths of the artifact's events: of those that output it, else of any."""

    def read(self, node: Node) -> str | None:
        return (node.beyond or {}).get(self)


@dataclass(frozen=True, slots=True)
class ContextSuffix:
    """What the name of the execution's context of type `part` adds to that of its context of type `whole`.

    The two names are joined by a dot. Without a context of type `whole` it is
    what follows the last dot.
    """

    part: str
    whole: str

    def read(self, node: Node) -> str | None:
        return (node.beyond or {}).get(self)


Beyond = EventKey | ContextSuffix
"""The places whose values the Reader loads with the node."""
