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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from lineageql_client.errors import (
    InvalidArgument,
    LineageQLError,
    NotFound,
    ServiceError,
    SpooledWarning,
    Unauthenticated,
    note,
)
from lineageql_client.reading import new_id
from lineageql_client.transport import Request

if TYPE_CHECKING:
    from lineageql_client.client import Client
    from lineageql_client.spool import Journal

Entry = dict[str, Any]
SPOOL_PATIENCE = 2.0
"""Seconds to go on trying where there is a spool to go to."""
AWAY_FOR = 5.0
"""Seconds after which a service that was away is tried again."""
MOST_NODES = 4_000
"""Executions, inputs and outputs that are sent as one."""
_PAGE = 1000
_MOST_ASKED = 200_000
"""Inputs and outputs that one request may ask for; what the service takes is some more."""

_ARTIFACTS = {
    "model": ("Model", "kubeflow.org/alpha/model"),
    "dataSet": ("DataSet", "kubeflow.org/alpha/data_set"),
    "metrics": ("Metrics", "kubeflow.org/alpha/metrics"),
    "custom": ("CustomArtifact", None),
}


@dataclass
class Handle:
    """An execution or an artifact that was recorded, or is going to be."""

    key: int
    """A negative number, which stands for it as long as it has no id."""
    name: Mapping[str, Any]
    """How it is named in entries, as long as it has no id: `{"$execution": …}` or `{"$artifact": …}`."""
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


@dataclass
class Batch:
    """What is recorded as one: executions in their order, and what can only follow them."""

    records: dict[str, Entry] = field(default_factory=dict)
    """Items of `record` entries, by the external ids of their executions."""
    drafts: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """The artifacts of the batch, by key."""
    after: list[Entry] = field(default_factory=list)

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


class Recorder:
    """Records by one client. Threads may share it; each has its own batch."""

    def __init__(self, client: Client, journal: Journal | None) -> None:
        self._client = client
        self._journal = journal
        self._sender = Sender(client)
        self._lock = threading.RLock()
        self._keys = itertools.count(-1, -1)
        self._handles: dict[int, Handle] = {}
        self._waiting: dict[int, Handle] = {}
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
        type_ = made["type"] if sort == "custom" else _ARTIFACTS[sort][1]
        return self._handle({"$artifact": {**known, "type": type_, "workspace": workspace}})

    def log(
        self, execution: Handle, direction: str, artifact: Handle, draft: Mapping[str, Any] | None, port: str | None
    ) -> None:
        """Records that an execution read or wrote an artifact; without a draft it is one that was logged before."""
        entry: Entry = {
            "op": "log",
            "execution": execution.reference,
            "direction": direction,
            "artifact": draft if draft is not None else {"id": artifact.reference},
            "gives": artifact.key,
        }
        self._do(entry if port is None else {**entry, "port": port})

    def update(self, execution: Handle, change: Mapping[str, Any]) -> None:
        """Changes an execution; `change` has the fields of UpdateExecutionInput."""
        self._do({"op": "update", "execution": execution.reference, "input": dict(change)})

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
        if self._batch.get() is not None:
            yield
            return
        batch = Batch()
        token = self._batch.set(batch)
        try:
            yield
        except BaseException as error:
            self._batch.reset(token)
            try:
                self._do_all(batch)
            except LineageQLError as trouble:
                # What went wrong in the batch matters more than that it could not be recorded.
                note(error, f"(what came before it could not be recorded: {trouble})")
            raise
        self._batch.reset(token)
        self._do_all(batch)

    def _do_all(self, batch: Batch) -> None:
        for entry in batch.entries():
            self._do(entry)

    @property
    def batching(self) -> bool:
        """Whether what is recorded now waits for the end of a batch."""
        return self._batch.get() is not None

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
        if batch is not None and batch.add(entry):
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
            except (ServiceError, Unauthenticated):
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


class Sender:
    """Sends entries by a client; answers the ids of what they gave, by key."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.node_ids: dict[int, str] = {}
        """Global ids by MLMD's, of artifacts."""
        self._executions: dict[str, str] = {}
        self._artifacts: dict[str, str] = {}
        self._workspaces: dict[str, str] = {}

    def send(self, entry: Entry, patience: float | None) -> dict[int, tuple[str, int]]:
        """Sends one entry, and goes on trying for so many seconds, the client's own if None.

        Raises:
            ServiceError, Unauthenticated: it may succeed later.
            LineageQLError: it is refused.
        """
        if entry["op"] not in self._WAYS:
            raise InvalidArgument(f"{entry['op']!r} is no entry of this version", argument="op")
        return self._WAYS[entry["op"]](self, entry, patience)

    def _ask(self, document: str, variables: Mapping[str, Any], patience: float | None) -> Mapping[str, Any]:
        return self._client._transport.send(Request(document, variables, patience=patience))

    def _workspace(self, entry: Entry, patience: float | None) -> dict[int, tuple[str, int]]:
        document = (
            "mutation Workspace($input: CreateWorkspaceInput!) "
            "{ createWorkspace(input: $input) { workspace { id mlmdId } } }"
        )
        made = self._ask(document, {"input": entry["input"]}, patience)["createWorkspace"]["workspace"]
        self._workspaces[entry["input"]["name"]] = made["id"]
        return {entry["gives"]: (made["id"], int(made["mlmdId"]))}

    def _run(self, entry: Entry, patience: float | None) -> dict[int, tuple[str, int]]:
        name = entry["workspace"]
        if name not in self._workspaces:
            self._workspace({"input": {"name": name}, "gives": 0}, patience)
        document = "mutation Run($input: CreateRunInput!) { createRun(input: $input) { run { id } } }"
        self._ask(document, {"input": {**entry["input"], "workspaceId": self._workspaces[name]}}, patience)
        return {}

    def _type(self, entry: Entry, patience: float | None) -> dict[int, tuple[str, int]]:
        document = "mutation Type($input: CreateArtifactTypeInput!) { createArtifactType(input: $input) { created } }"
        self._ask(document, {"input": entry["input"]}, patience)
        return {}

    def _update(self, entry: Entry, patience: float | None) -> dict[int, tuple[str, int]]:
        id_ = self._resolved(entry["execution"], patience)
        document = (
            "mutation Update($input: UpdateExecutionInput!) { updateExecution(input: $input) { execution { id } } }"
        )
        self._ask(document, {"input": {**entry["input"], "id": id_}}, patience)
        return {}

    def _log(self, entry: Entry, patience: float | None) -> dict[int, tuple[str, int]]:
        made = {
            "executionId": self._resolved(entry["execution"], patience),
            "artifact": self._resolved(entry["artifact"], patience),
            **({} if entry.get("port") is None else {"port": entry["port"]}),
        }
        name = "logInput" if entry["direction"] == "INPUT" else "logOutput"
        document = f"mutation Log($input: LogArtifactInput!) {{ {name}(input: $input) {{ artifact {{ id mlmdId }} }} }}"
        artifact = self._ask(document, {"input": made}, patience)[name]["artifact"]
        self.node_ids[int(artifact["mlmdId"])] = artifact["id"]
        return {entry["gives"]: (artifact["id"], int(artifact["mlmdId"]))}

    def _record(self, entry: Entry, patience: float | None) -> dict[int, tuple[str, int]]:
        items = entry["items"]
        records = [self._resolved(item["input"], patience) for item in items]
        longest = max(max(len(item["inputs"]), len(item["outputs"])) for item in items)
        artifact = "nodes { __typename id mlmdId name uri version externalId type { name } }"
        sides = f"inputs(first: $first) {{ {artifact} }} outputs(first: $first) {{ {artifact} }}" if longest else ""
        # Of an execution with more artifacts than this the rest is read page by page.
        first = max(1, min(longest, _PAGE, _MOST_ASKED // (2 * len(items))))
        declared = ", $first: Int" if longest else ""
        document = (
            f"mutation Record($input: [RecordExecutionInput!]!{declared}) "
            f"{{ recordLineage(input: $input) {{ executions {{ id mlmdId {sides} }} }} }}"
        )
        variables = {"input": records, **({"first": first} if longest else {})}
        executions = self._ask(document, variables, patience)["recordLineage"]["executions"]
        gives: dict[int, tuple[str, int]] = {}
        for item, record, execution in zip(items, records, executions, strict=True):
            gives[item["gives"]] = (execution["id"], int(execution["mlmdId"]))
            self._executions[record["execution"]["externalId"]] = execution["id"]
            for side in ("inputs", "outputs"):
                if item[side]:
                    gives.update(self._logged(item[side], record[side], execution, side))
        return gives

    def _logged(
        self, keys: Sequence[int], logged: Sequence[Mapping[str, Any]], execution: Mapping[str, Any], side: str
    ) -> dict[int, tuple[str, int]]:
        """The ids of the artifacts of one side of an execution, by key."""
        nodes = list(execution[side]["nodes"])
        if len(nodes) < len(set(keys)):
            from lineageql_client.entities import Ref

            edges = self._client._related(Ref(execution["id"], None, "", "Execution"), side, {}, {}, None, _PAGE)
            nodes = [
                {
                    "id": edge.node.id,
                    "mlmdId": edge.node.mlmd_id,
                    "externalId": edge.node.external_id,
                    "type": {"name": edge.node.type.name},
                    **{name: getattr(edge.node, name) for name in ("name", "uri", "version")},
                }
                for edge in edges
            ]
        by_likeness = {_likeness(node): node for node in nodes}
        by_external_id = {node["externalId"]: node for node in nodes if node["externalId"] is not None}
        by_id = {node["id"]: node for node in nodes}
        found = {}
        for key, item in zip(keys, logged, strict=True):
            sort, made = next(iter(item["artifact"].items()))
            if sort == "id":
                node = by_id.get(made)
            elif made.get("externalId") is not None and made["externalId"] in by_external_id:
                node = by_external_id[made["externalId"]]
            else:
                node = by_likeness.get(_likeness({**made, "type": {"name": made.get("type") or _ARTIFACTS[sort][1]}}))
            if node is not None:
                self.node_ids[int(node["mlmdId"])] = node["id"]
                found[key] = (node["id"], int(node["mlmdId"]))
        return found

    # -- names in entries

    def _resolved(self, value: Any, patience: float | None) -> Any:
        """An entry's value with ids in the place of names."""
        if isinstance(value, Mapping):
            if len(value) == 1:
                name, inner = next(iter(value.items()))
                if name in self._NAMES:
                    return self._NAMES[name](self, inner, patience)
            return {key: self._resolved(one, patience) if _may_name(key) else one for key, one in value.items()}
        if isinstance(value, list):
            return [self._resolved(one, patience) for one in value]
        return value

    def _execution_id(self, external_id: str, patience: float | None) -> str:
        if external_id not in self._executions:
            document = "query Execution($id: String!) { executions(where: {externalId: {eq: $id}}) { nodes { id } } }"
            nodes = self._ask(document, {"id": external_id}, patience)["executions"]["nodes"]
            if not nodes:
                raise NotFound(f"there is no execution with the external id {external_id!r}")
            self._executions[external_id] = nodes[0]["id"]
        return self._executions[external_id]

    def _artifact_id(self, known: Mapping[str, Any], patience: float | None) -> str:
        where: dict[str, Any] = {}
        if known.get("externalId") is not None:
            where["externalId"] = {"eq": known["externalId"]}
        else:
            where = {name: {"eq": known[name]} for name in ("name", "uri", "type")}
            where["version"] = {"isNull": True} if known["version"] is None else {"eq": known["version"]}
            where["workspace"] = {"name": {"eq": known["workspace"]}}
        document = "query Artifact($where: ArtifactFilter!) { artifacts(where: $where, first: 1) { nodes { id } } }"
        nodes = self._ask(document, {"where": where}, patience)["artifacts"]["nodes"]
        if not nodes:
            raise NotFound(f"there is no artifact {known.get('name') or known.get('externalId')!r}")
        found: str = nodes[0]["id"]
        return found

    def _mlmd_id(self, id_: int, patience: float | None) -> str:
        if id_ not in self.node_ids:
            document = "query Artifact($id: BigInt!) { artifact(mlmdId: $id) { id } }"
            found = self._ask(document, {"id": id_}, patience)["artifact"]
            if found is None:
                raise InvalidArgument(f"invalid artifact id {id_}: there is no artifact with this id", argument="id")
            self.node_ids[id_] = found["id"]
        return self.node_ids[id_]

    _NAMES: ClassVar[Mapping[str, Callable[..., str]]] = {
        "$execution": _execution_id,
        "$artifact": _artifact_id,
        "$mlmd": _mlmd_id,
        "$id": lambda self, id_, patience: id_,
    }
    _WAYS: ClassVar[Mapping[str, Callable[..., dict[int, tuple[str, int]]]]] = {
        "workspace": _workspace,
        "run": _run,
        "record": _record,
        "log": _log,
        "update": _update,
        "type": _type,
    }


def _may_name(key: str) -> bool:
    """Whether a member may hold a name; a user's own values are left alone, whatever they look like."""
    return key not in ("customProperties", "properties", "values", "hyperparameters", "trainingFramework")


def _likeness(node: Mapping[str, Any]) -> tuple[Any, ...]:
    return node["type"]["name"], node["uri"], node["name"], node.get("version")


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
