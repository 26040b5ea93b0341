"""Recording: what a training script does becomes entries, and an entry is sent until it is answered.

An *entry* is one step of recording as JSON: an execution with what it read and wrote, one more artifact of it, a
change of its state. It says everything it needs: an execution is named by its external id, an artifact by what the
service tells it apart by. So an entry can be sent again, by this process or another, now or next week, and changes
nothing the second time.

    script → metadata → entry → (batch) → Sender → service
                                   └→ spool, while the service is away → Sender, later

Which writes are safe to send again, and why:

| entry | mutation | the same again |
| --- | --- | --- |
| `workspace`, `run` | createWorkspace, createRun | is found by its name |
| `record` | recordLineage | executions are found by their external ids, with all they read and wrote |
| `log` | logInput, logOutput | metrics are found by their external id, others by what they are; an event is one |
| `update` | updateExecution | sets what is set |
| `type` | createArtifactType | is found by its name |
"""

from __future__ import annotations

import itertools
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineageql_client.batches import Batch, Entry
from lineageql_client.errors import (
    WAITING,
    InvalidArgument,
    LineageQLError,
    ServiceError,
    SpooledWarning,
    Unauthenticated,
    note,
)
from lineageql_client.reading import new_id
from lineageql_client.sending import TYPES, Sender

if TYPE_CHECKING:
    from lineageql_client.client import Client
    from lineageql_client.spool import Journal

SPOOL_PATIENCE = 2.0
"""Seconds to go on trying where there is a spool to go to."""
AWAY_FOR = 5.0
"""Seconds after which a service that was away is tried again."""


@dataclass
class Handle:
    """An execution or an artifact that was recorded, or is going to be."""

    key: int
    """A negative number, which stands for it as long as it has no id."""
    name: Mapping[str, Any]
    """How it is named in entries, as long as it has no id: `{"$execution": …}` or `{"$artifact": …}`.

    An execution always is: in another store its id is that of another one, which no entry of a spool may reach.
    """
    node_id: str | None = None
    mlmd_id: int | None = None

    @property
    def reference(self) -> str | Mapping[str, Any]:
        """What entries hold for it: its global id, or how it is named."""
        return self.name if self.node_id is None else self.node_id

    @property
    def id(self) -> int:
        """MLMD's id, or the key."""
        return self.key if self.mlmd_id is None else self.mlmd_id


class Recorder:
    """Records by one client. Threads may share it; each has its own batch."""

    def __init__(self, client: Client, journal: Journal | None) -> None:
        self._client = client
        self._journal = journal
        self._sender = Sender(client)
        self._lock = threading.RLock()
        self._keys = itertools.count(-1, -1)
        self._handles: dict[int, Handle] = {}
        self._batch: ContextVar[Batch | None] = ContextVar("batch", default=None)
        self._away_until = 0.0
        self._warned = False

    # -- what is recorded

    def workspace(self, name: str, description: str | None, labels: Sequence[Mapping[str, str]] | None) -> Handle:
        """Makes a workspace, or finds that of its name."""
        handle = self._handle({"$workspace": name})
        made = _given({"name": name, "description": description, "labels": labels})
        self._do({"op": "workspace", "input": made, "gives": handle.key})
        return handle

    def known(self, node_id: str, mlmd_id: int | None) -> Handle:
        """A handle for what was read."""
        handle = self._handle({"$id": node_id}, node_id)
        handle.mlmd_id = mlmd_id
        return handle

    def run(
        self, workspace: str, name: str, description: str | None, labels: Sequence[Mapping[str, str]] | None
    ) -> None:
        """Makes the context of a run, or finds that of its name."""
        made = _given({"name": name, "description": description, "labels": labels})
        self._do({"op": "run", "workspace": workspace, "input": made})

    def execution(self, workspace: str, run: str | None, execution: Mapping[str, Any]) -> Handle:
        """Records an execution; `execution` has the fields of RecordedExecutionInput."""
        made = dict(execution)
        made.setdefault("externalId", new_id())
        handle = self._handle({"$execution": made["externalId"]})
        record = _given({"workspace": workspace, "run": run, "execution": made})
        self._do({"op": "record", "items": [{"input": record, "gives": handle.key, "inputs": [], "outputs": []}]})
        return handle

    def artifact(self, workspace: str, draft: Mapping[str, Any]) -> Handle:
        """A handle for an artifact that is going to be logged; `draft` is an ArtifactInput."""
        sort, made = next(iter(draft.items()))
        if sort == "id":
            return self._handle(made if isinstance(made, Mapping) else {"$id": made}, made)
        if sort == "metrics":
            return self._handle({"$artifact": {"externalId": made["externalId"]}})
        known = {name: made.get(name) for name in ("name", "uri", "version")}
        type_ = made["type"] if sort == "custom" else TYPES[sort]
        return self._handle({"$artifact": {**known, "type": type_, "workspace": workspace}})

    def log(
        self, execution: Handle, direction: str, artifact: Handle, draft: Mapping[str, Any] | None, port: str | None
    ) -> None:
        """Records that an execution read or wrote an artifact; without a draft it is one that was logged before."""
        entry: Entry = {
            "op": "log",
            "execution": execution.name,
            "direction": direction,
            "artifact": draft if draft is not None else {"id": artifact.reference},
            "gives": artifact.key,
        }
        self._do(entry if port is None else {**entry, "port": port})

    def update(self, execution: Handle, change: Mapping[str, Any]) -> None:
        """Changes an execution; `change` has the fields of UpdateExecutionInput."""
        self._do({"op": "update", "execution": execution.name, "input": dict(change)})

    def artifact_type(self, type_: Mapping[str, Any]) -> None:
        """Makes an artifact type, or finds that of its name."""
        self._do({"op": "type", "input": dict(type_)})

    def named(self, id_: int) -> str | Mapping[str, Any]:
        """What entries hold for an artifact of this id, which MLMD or a handle gave.

        Raises:
            InvalidArgument: no handle of this recorder has this key.
        """
        if id_ >= 0:
            node_id = self._sender.node_ids.get(id_)
            return {"$mlmd": id_} if node_id is None else node_id
        handle = self._handles.get(id_)
        if handle is None:
            raise InvalidArgument(f"{id_} stands for nothing that this client recorded", argument="id")
        return handle.reference

    # -- batches and the spool

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Records as one what is recorded in it; see `Client.batch`. One in another is part of it."""
        if self.batching:
            yield
            return
        batch = Batch()
        self._batch.set(batch)
        try:
            yield
        except BaseException as error:
            try:
                self._do_all(batch)
            except LineageQLError as trouble:
                # What went wrong in the batch matters more than that it could not be recorded.
                note(error, f"(what came before it could not be recorded: {trouble})")
            raise
        self._do_all(batch)

    def _do_all(self, batch: Batch) -> None:
        self._batch.set(None)
        if batch.open:
            batch.ended = True
            for entry in batch.entries():
                self._do(entry)

    @property
    def batching(self) -> bool:
        """Whether what is recorded now waits for the end of a batch."""
        batch = self._batch.get()
        return batch is not None and batch.open

    def flush(self) -> int:
        """Sends what is in this client's part of the spool; answers how much is left."""
        with self._lock:
            if self._journal is None:
                return 0
            self._away_until = 0.0
            self._drain()
            return len(self._journal)

    def close(self) -> None:
        """Sends what it can, and lets go of the spool."""
        with self._lock:
            if self._journal is not None:
                if len(self._journal):
                    self._drain()
                self._journal.close()

    def _handle(self, name: Mapping[str, Any], node_id: Any = None) -> Handle:
        handle = Handle(next(self._keys), name, node_id if isinstance(node_id, str) else None)
        self._handles[handle.key] = handle
        return handle

    def _do(self, entry: Entry) -> None:
        batch = self._batch.get()
        if batch is not None and batch.open and batch.add(entry):
            return
        with self._lock:
            if self._journal is None:
                self._settle(entry, self._sender.send(entry, None))
                return
            if len(self._journal):
                self._drain()  # what came before goes before
            if len(self._journal) or time.monotonic() < self._away_until:
                self._put_away(entry, None)
                return
            try:
                self._settle(entry, self._sender.send(entry, SPOOL_PATIENCE))
            except (ServiceError, Unauthenticated) as error:
                self._away_until = time.monotonic() + AWAY_FOR
                self._put_away(entry, error)

    def _put_away(self, entry: Entry, error: LineageQLError | None) -> None:
        assert self._journal is not None
        self._journal.append(entry)
        if error is not None and not self._warned:
            self._warned = True
            words = f"{error}; what is recorded goes to {self._journal.folder} until it is back"
            warnings.warn(words, SpooledWarning, stacklevel=6)

    def _drain(self) -> None:
        """Sends the spool's entries, in order, as far as the service is there."""
        assert self._journal is not None
        if time.monotonic() < self._away_until:
            return
        for entry in self._journal.entries():
            try:
                self._settle(entry, self._sender.send(entry, 0))
            except WAITING:
                self._away_until = time.monotonic() + AWAY_FOR
                return
            except LineageQLError as error:
                self._journal.refuse(entry, error)
                warnings.warn(f"a recording in the spool was refused: {error}", SpooledWarning, stacklevel=6)
            self._journal.advance()
        self._warned = False

    def _settle(self, entry: Entry, found: Mapping[int, tuple[str, int]]) -> None:
        """Gives the handles of an entry their ids."""
        for key, (node_id, mlmd_id) in found.items():
            handle = self._handles.get(key)
            if handle is not None:
                handle.node_id, handle.mlmd_id = node_id, mlmd_id


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
