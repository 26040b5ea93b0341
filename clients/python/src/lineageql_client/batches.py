"""Batches: what is recorded as one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Entry = dict[str, Any]
MOST_NODES = 4_000
"""Executions, inputs and outputs that are sent as one."""


@dataclass
class Batch:
    """What is recorded as one: executions in their order, and what can only follow them."""

    records: dict[str, Entry] = field(default_factory=dict)
    """Items of `record` entries, by the external ids of their executions."""
    drafts: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """The artifacts of the batch, by key."""
    after: list[Entry] = field(default_factory=list)
    ended: bool = False
    process: int = field(default_factory=os.getpid)

    @property
    def open(self) -> bool:
        """Whether it takes entries: a task may outlive it, and a fork has a copy that nobody sends."""
        return not self.ended and self.process == os.getpid()

    def add(self, entry: Entry) -> bool:
        """Takes an entry in; answers False for one that is to be sent at once."""
        if entry["op"] == "record":
            for item in entry["items"]:
                self.records[item["input"]["execution"]["externalId"]] = item
            return True
        if entry["op"] not in ("log", "update"):
            return False
        execution = entry["execution"]
        item = self.records.get(execution["$execution"]) if isinstance(execution, Mapping) else None
        if item is None:
            self.after.append(entry)
        elif entry["op"] == "update":
            _merge(item["input"]["execution"], entry["input"])
        else:
            self._log(item, entry)
        return True

    def _log(self, item: Entry, entry: Entry) -> None:
        artifact, key = entry["artifact"], entry["gives"]
        if key in self.drafts:
            artifact = self.drafts[key]
        if _waits(artifact):
            # Metrics of a model of the same batch: only when it is recorded is there an id to name it by.
            self.after.append(entry)
            return
        if "id" not in artifact:
            self.drafts[key] = artifact
        side = "inputs" if entry["direction"] == "INPUT" else "outputs"
        port = {} if entry.get("port") is None else {"port": entry["port"]}
        item["input"].setdefault(side, []).append({"artifact": artifact, **port})
        item[side].append(key)

    def entries(self) -> Iterator[Entry]:
        """The entries that record it, in order."""
        by_workspace: dict[str, list[Entry]] = {}
        for item in self.records.values():
            by_workspace.setdefault(item["input"]["workspace"], []).append(item)
        for items in by_workspace.values():
            some: list[Entry] = []
            nodes = 0
            for item in items:
                size = 1 + len(item["inputs"]) + len(item["outputs"])
                if some and nodes + size > MOST_NODES:
                    yield {"op": "record", "items": some}
                    some, nodes = [], 0
                some.append(item)
                nodes += size
            if some:
                yield {"op": "record", "items": some}
        yield from self.after


def _merge(execution: Entry, change: Mapping[str, Any]) -> None:
    """Puts a change into an execution that is not yet sent."""
    for name, value in change.items():
        if name == "customProperties":
            both = {**execution.get(name, {}), **value}
            execution[name] = {key: one for key, one in both.items() if one is not None}
        elif value == "" and name == "description":
            execution.pop(name, None)
        else:
            execution[name] = value


def _waits(artifact: Mapping[str, Any]) -> bool:
    """Whether an artifact names another that is not recorded yet."""
    return any(
        isinstance(found, Mapping) and "$artifact" in found
        for inner in artifact.values()
        for found in (inner.values() if isinstance(inner, Mapping) and "$artifact" not in inner else [inner])
    )
