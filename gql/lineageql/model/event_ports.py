"""Ports: the inputs and outputs of an execution, as its writer names them on events."""

from __future__ import annotations

from collections.abc import Iterable

from lineageql.model.conventions.convention import Convention


def port_of(path: Iterable[str | int], convention: Convention) -> str | None:
    """The port that an event is at: its path's first key.

    Args:
        path: the event's path.
        convention: that of the execution or of the artifact; a writer writes both.
    """
    if not convention.ports:
        return None
    return next((step for step in path if isinstance(step, str) and step), None)
