"""What a caller and a group may be called, whoever gives them their names."""

from __future__ import annotations

from collections.abc import Iterable

from lineageql.model.callers import Caller

LONGEST = 256
"""Characters in the name of a caller or of a group."""


def caller(name: str, groups: Iterable[str] = ()) -> Caller | None:
    """A caller who is known; None where it has a name that none may have."""
    found = frozenset(groups)
    return Caller(name, found) if is_name(name) and all(map(is_name, found)) else None


def is_name(name: str) -> bool:
    """Whether somebody may be called so: nothing that a policy means something else by, and one line.

    A policy writes `*` for anybody who is known, `anonymous` for who is not, and `group:` before groups.
    """
    plain = name.isprintable() and name == name.strip() and 0 < len(name) <= LONGEST
    return plain and name not in ("*", "anonymous") and not name.startswith("group:")
