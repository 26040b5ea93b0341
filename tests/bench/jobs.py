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

_LARGEST = 100 * 1024 * 1024
"""Bytes of a message; ml-metadata's client takes 4 MB unless it is told otherwise."""


@dataclass(frozen=True)
class Job:
    """What ml-metadata does for a row, with the row's arguments."""

    fetch: Callable[[Store, Arguments], Any]
    shape: Callable[[Any], JSON]


def open_store(url: str) -> Store:
    """A store for the jobs, at the address by which LineageQL opens it."""
    return metadata_store.MetadataStore(_config(url))


def _config(url: str) -> Any:
    if "://" not in url:
        config = protos.ConnectionConfig()
        config.sqlite.filename_uri = url
        return config
    # Not above: what is not needed must not be counted to ml-metadata's memory.
    from lineageql.store.addresses import ServerAddress, ServiceAddress, address_of
    from lineageql.store.mlmd.connection import mysql_config, postgresql_config

    address = address_of(url)
    if isinstance(address, ServerAddress):
        make = {"mysql": mysql_config, "postgresql": postgresql_config}[address.scheme]
        return protos.ConnectionConfig.FromString(make(address))
    assert isinstance(address, ServiceAddress)
    host, _, port = address.endpoint.target.rpartition(":")
    config = protos.MetadataStoreClientConfig(host=host, port=int(port))
    config.channel_arguments.max_receive_message_length = _LARGEST
    return config


JOBS = {
    "page": Job(listing.page, listing.rows),
    "everything": Job(listing.page, listing.everything),
    "everything by id": Job(listing.by_id, listing.everything_by_id),
    "page by producer": Job(listing.page_by_producer, listing.rows),
    "levels": Job(walking.levels, walking.nested),
    "closure": Job(walking.graph, walking.closure),
    "edges": Job(walking.events, walking.edges),
    "ids": Job(walking.ends, walking.ids),
    "counts": Job(walking.ends, walking.counts),
    "total": Job(listing.matches, listing.total),
    "facets": Job(listing.matches, listing.facets),
}
