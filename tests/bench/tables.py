"""Records as rows of MLMD's tables, in the form in which LineageQL records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from lineageql.model.values import stored_text, survives, wrap
from tests.bench.pipelines import EPOCH, TEAMS, WORKSPACES, Artifact, Execution, Record, workspace_name

_COMPLETE, _INPUT, _OUTPUT = 3, 3, 4
_PROPERTY = "(?, ?, ?, ?, ?, ?, NULL, NULL, NULL)"

TABLES = {
    "Context": "INSERT INTO Context VALUES (?, ?, ?, NULL, ?, ?)",
    "ContextProperty": f"INSERT INTO ContextProperty VALUES {_PROPERTY}",
    "ParentContext": "INSERT INTO ParentContext VALUES (?, ?)",
    "Artifact": "INSERT INTO Artifact VALUES (?, ?, ?, NULL, NULL, NULL, ?, ?)",
    "ArtifactProperty": f"INSERT INTO ArtifactProperty VALUES {_PROPERTY}",
    "Attribution": "INSERT INTO Attribution (context_id, artifact_id) VALUES (?, ?)",
    "Execution": "INSERT INTO Execution VALUES (?, ?, ?, NULL, NULL, ?, ?)",
    "ExecutionProperty": f"INSERT INTO ExecutionProperty VALUES {_PROPERTY}",
    "Association": "INSERT INTO Association (context_id, execution_id) VALUES (?, ?)",
    "Event": "INSERT INTO Event VALUES (?, ?, ?, ?, ?)",
    "EventPath": "INSERT INTO EventPath VALUES (?, 0, NULL, ?)",
}
"""The statement that inserts into each table."""

Value = int | float | str
_THERE = stored_text(wrap({})) or ""
"""What stands for a list, which the document holds."""


class Rows:
    """The rows of some records, table by table; contexts and events get their ids here."""

    def __init__(self, types: Mapping[str, int]) -> None:
        self.types = types
        self.of: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        self.pending = 0
        self.artifacts = 0
        self._contexts = 0
        self._events = 0

    def clear(self) -> None:
        """Forgets the rows, not where the ids stand."""
        for rows in self.of.values():
            rows.clear()
        self.pending = 0

    def add_workspaces(self) -> None:
        """The workspaces, which come first: the id of one is its place and 1."""
        for place in range(WORKSPACES):
            labels = {"team": TEAMS[place % len(TEAMS)]}
            declared = {"description": f"The workspace of team {labels['team']}.", "labels": _json(labels)}
            self._context("workspace", workspace_name(place), EPOCH, declared, {})

    def add(self, record: Record) -> None:
        """The rows of a record."""
        workspace = workspace_name(record.workspace)
        contexts = [record.workspace + 1]
        names = {"__kf_workspace__": workspace}
        if record.run is not None:
            names["__kf_run__"] = record.run.name
            self._context("run", f"{workspace}/{record.run.name}", record.time, {}, names)
            self.of["ParentContext"].append((self._contexts, record.workspace + 1))
            contexts.append(self._contexts)
        for execution in record.executions:
            self._execution(execution, record.time, names)
            self.of["Association"].extend((context, execution.id) for context in contexts)
        for artifact in record.artifacts:
            self._artifact(artifact, record, names)
            self.of["Attribution"].extend((context, artifact.id) for context in contexts)
        for event in record.events:
            self._events += 1
            type_ = _OUTPUT if event.output else _INPUT
            self.of["Event"].append((self._events, event.artifact, event.execution, type_, record.time))
            self.of["EventPath"].append((self._events, event.port))

    def _context(
        self, kind: str, name: str, time: int, declared: Mapping[str, Value], custom: Mapping[str, Value]
    ) -> None:
        self._contexts += 1
        type_ = self.types[f"kubeflow.org/alpha/{kind}"]
        self.of["Context"].append((self._contexts, type_, name, time, time))
        self.of["ContextProperty"].extend(_properties(self._contexts, declared, custom))

    def _execution(self, execution: Execution, time: int, names: Mapping[str, str]) -> None:
        type_ = self.types["kubeflow.org/alpha/execution"]
        self.of["Execution"].append((execution.id, type_, _COMPLETE, time, time))
        declared = {"name": execution.name, "create_time": moment(time), "description": execution.description}
        custom = {**names, **_labels(execution.labels), **execution.custom}
        self.of["ExecutionProperty"].extend(_properties(execution.id, declared, custom))
        self.pending += 1

    def _artifact(self, artifact: Artifact, record: Record, names: Mapping[str, str]) -> None:
        type_ = self.types[f"kubeflow.org/alpha/{artifact.type}"]
        self.of["Artifact"].append((artifact.id, type_, artifact.uri, record.time, record.time))
        declared, custom = properties_of(artifact, record)
        custom = {**names, **custom}
        self.of["ArtifactProperty"].extend(_properties(artifact.id, declared, custom))
        self.pending += 1
        self.artifacts += 1


def properties_of(artifact: Artifact, record: Record) -> tuple[dict[str, Value], dict[str, Value]]:
    """An artifact's declared and custom properties, those that name its workspace and run left out."""
    facts = {
        "name": artifact.name,
        "description": artifact.description,
        "owner": f"{record.team}@example.org",
        "version": artifact.version,
    }
    time = moment(record.time)
    document = {
        "labels": dict(artifact.labels) or None,
        "workspace": None,
        "name": artifact.name,
        "description": artifact.description,
        "owner": facts["owner"],
        "uri": artifact.uri,
        "version": artifact.version,
        **artifact.document,
        "id": None,
        "create_time": time,
        "kwargs": artifact.custom,
    }
    # The space says that the document's values and hyperparameters stand in properties too.
    whole = _json(document).replace(":", ": ", 1)
    declared: dict[str, Value] = {**facts, **artifact.facts, "create_time": time, "__ALL_META__": whole}
    return declared, {**_labels(artifact.labels), **artifact.custom, **_items(artifact.document)}


def _items(document: Mapping[str, Any]) -> dict[str, Value]:
    """The numbers and texts of a document as LineageQL writes them for its index."""
    found: dict[str, Value] = {}
    for prefix, member in (("value:", "values"), ("parameter:", "hyperparameters")):
        for name, value in (document.get(member) or {}).items():
            found[prefix + name] = _THERE if isinstance(value, list) else value
            if not isinstance(value, list) and not survives(value):
                found[f"exact:{prefix}{name}"] = _json(value)
    return found


def _properties(
    owner: int, declared: Mapping[str, Value], custom: Mapping[str, Value]
) -> Iterable[tuple[int, str, int, int | None, float | None, str | None]]:
    for is_custom, values in ((0, declared), (1, custom)):
        for name, value in values.items():
            integer = value if isinstance(value, int) else None
            double = value if isinstance(value, float) else None
            yield owner, name, is_custom, integer, double, value if isinstance(value, str) else None


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {f"label:{key}": value for key, value in labels.items()}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def moment(time: int) -> str:
    """A time as the Kubeflow Metadata SDK writes it."""
    return datetime.fromtimestamp(time / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
