"""The same jobs by ml-metadata: its calls from Python, then the same JSON that LineageQL answers.

A job is in two parts, so that the time of the calls alone can be told too: `fetch` calls ml-metadata, `shape`
makes the answer of what came. Both are written as somebody would who wants them fast: the calls that measured
best of those that give the answer, no proto field read twice, no time parsed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ml_metadata import metadata_store

from tests.bench import listing, walking
from tests.bench.listing import JSON, Arguments, Store, protos


@dataclass(frozen=True)
class Job:
    """What ml-metadata does for a row, with the row's arguments."""

    fetch: Callable[[Store, Arguments], Any]
    shape: Callable[[Any], JSON]


def open_store(path: str) -> Store:
    """A store for the jobs."""
    config = protos.ConnectionConfig()
    config.sqlite.filename_uri = path
    return metadata_store.MetadataStore(config)


JOBS = {
    "page": Job(listing.page, listing.rows),
    "everything": Job(listing.page, listing.everything),
    "everything by id": Job(listing.by_id, listing.everything_by_id),
    "page by producer": Job(listing.page_by_producer, listing.rows),
    "levels": Job(walking.levels, walking.nested),
    "closure": Job(walking.graph, walking.closure),
    "edges": Job(walking.events, walking.edges),
    "counts": Job(walking.ends, walking.counts),
    "total": Job(listing.matches, listing.total),
    "facets": Job(listing.matches, listing.facets),
}
