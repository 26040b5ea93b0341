"""What both sides of a row are told. The processes that measure import this, and nothing that starts servers."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.building import Facts


@dataclass(frozen=True)
class Target:
    """A store where both sides reach it.

    Attributes:
        backend: the name of its row.
        title: how a report calls it.
        facts: what it holds.
        url: where LineageQL finds it, and by which ml-metadata is told.
        server: the process that serves it, whose children are counted to it; None for a file.
    """

    backend: str
    title: str
    facts: Facts
    url: str
    server: int | None = None
