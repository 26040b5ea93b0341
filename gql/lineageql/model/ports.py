"""Ports: the inputs and outputs of an execution, as its writer names them on events."""

from __future__ import annotations

from lineageql.model.conventions.base import Convention
from lineageql.model.nodes import Event


def port_of(event: Event, convention: Convention) -> str | None:
    """The port that an event is at: its path's first key.

    Args:
        event: an event with its path.
        convention: that of the execution or of the artifact; a writer writes both.
    """
    if not convention.ports:
        return None
    return next((step for step in event.path if isinstance(step, str) and step), None)
