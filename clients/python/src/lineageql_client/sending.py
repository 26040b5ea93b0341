"""Sends entries, and finds the ids of what they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from lineageql_client.batches import Entry
from lineageql_client.entities import Ref
from lineageql_client.errors import InvalidArgument, NotFound
from lineageql_client.transport import Request

if TYPE_CHECKING:
    from lineageql_client.client import Client

_PAGE = 1000
_MOST_ASKED = 200_000
"""Inputs and outputs that one request may ask for; what the service takes is some more."""

TYPES: Mapping[str, str | None] = {
    "model": "kubeflow.org/alpha/model",
    "dataSet": "kubeflow.org/alpha/data_set",
    "metrics": "kubeflow.org/alpha/metrics",
    "custom": None,
}
"""The type of an artifact by the member of its ArtifactInput; None where it says that itself."""


class Sender:
    """Sends entries by a client; answers the ids of what they gave, by key."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.node_ids: dict[int, str] = {}
        """Global ids by MLMD's, of artifacts."""
        self._executions: dict[str, str] = {}
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
                node = by_likeness.get(_likeness({**made, "type": {"name": made.get("type") or TYPES[sort]}}))
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
