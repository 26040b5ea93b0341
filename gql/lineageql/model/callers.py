"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, as its credentials say.

    Args:
        name: the name of its token, or the one that its issuer or proxy gives; None for one who is not known.
        groups: the groups that it belongs to, without the prefix `group:` that a policy writes before them.
    """

    name: str | None = None
    groups: frozenset[str] = frozenset()


ANONYMOUS = Caller()
"""One who is not known: a request without credentials."""
