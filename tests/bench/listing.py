"""Pages, batches and counts of artifacts by ml-metadata, and how its values read as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib import import_module
from typing import Any

from ml_metadata import metadata_store

# mypy finds no names in generated protos.
protos: Any = import_module("ml_metadata.proto.metadata_store_pb2")

Store = Any
Proto = Any
JSON = dict[str, Any]
Arguments = Mapping[str, Any]
BY_ID = metadata_store.OrderByField.ID
BY_TIME = metadata_store.OrderByField.CREATE_TIME
TYPES = {
    "kubeflow.org/alpha/model": ("Model", "MODEL"),
    "kubeflow.org/alpha/data_set": ("DataSet", "DATA_SET"),
    "kubeflow.org/alpha/metrics": ("Metrics", "METRICS"),
}
"""The GraphQL type and the kind of the artifacts of a type."""

_ENCODING = ("label:", "exact:", "value:", "parameter:")
_HIDDEN = {"__kf_workspace__", "__kf_run__", "__ALL_META__"}


def page(store: Store, arguments: Arguments) -> list[Proto]:
    """The first artifacts that a filter query finds, by id or latest first."""
    options = metadata_store.ListOptions(
        limit=arguments["limit"],
        order_by=BY_TIME if arguments.get("by_time") else BY_ID,
        is_asc=not arguments.get("by_time"),
        filter_query=arguments.get("filter"),
    )
    return list(store.get_artifacts(options))


def _row(artifact: Proto) -> JSON:
    properties = artifact.properties
    return {
        "mlmdId": artifact.id,
        "name": properties["name"].string_value,
        "version": properties["version"].string_value,
        "uri": artifact.uri,
        "createTime": _moment(artifact.create_time_since_epoch),
        "labels": labels_of(artifact),
    }


def rows(artifacts: list[Proto]) -> JSON:
    """A page of artifacts with the fields of a list."""
    return {"artifacts": {"nodes": [_row(artifact) for artifact in artifacts]}}


def _everything(artifact: Proto) -> JSON:
    properties = _values(artifact.properties)
    return {
        "mlmdId": artifact.id,
        "name": properties["name"],
        "type": {"name": artifact.type},
        "uri": artifact.uri,
        "state": protos.Artifact.State.Name(artifact.state),
        "externalId": artifact.external_id or None,
        "createTime": _moment(artifact.create_time_since_epoch),
        "updateTime": _moment(artifact.last_update_time_since_epoch),
        "labels": labels_of(artifact),
        "properties": properties,
        "customProperties": _values(artifact.custom_properties),
    }


def everything(artifacts: list[Proto]) -> JSON:
    """A page of artifacts with all there is to them."""
    return {"artifacts": {"nodes": [_everything(artifact) for artifact in artifacts]}}


def by_id(store: Store, arguments: Arguments) -> list[Proto]:
    """Artifacts in the order of their ids in the request, which ml-metadata does not keep."""
    found = {artifact.id: artifact for artifact in store.get_artifacts_by_id(arguments["ids"])}
    return [found[id_] for id_ in arguments["ids"]]


def everything_by_id(artifacts: list[Proto]) -> JSON:
    return {"nodes": [_everything(artifact) for artifact in artifacts]}


def page_by_producer(store: Store, arguments: Arguments) -> list[Proto]:
    """The first artifacts of a type that certain executions wrote: a filter query reaches no node beyond an event."""
    executions = store.get_executions(metadata_store.ListOptions(filter_query=arguments["executions"]))
    events = store.get_events_by_execution_ids([execution.id for execution in executions])
    ids = sorted({event.artifact_id for event in events if event.type == protos.Event.OUTPUT})
    found: list[Proto] = []
    for start in range(0, len(ids), 2 * arguments["limit"]):
        some = store.get_artifacts_by_id(ids[start : start + 2 * arguments["limit"]])
        found += sorted((one for one in some if one.type == arguments["type"]), key=lambda one: int(one.id))
        if len(found) >= arguments["limit"]:
            break
    return found[: arguments["limit"]]


def matches(store: Store, arguments: Arguments) -> list[Proto]:
    """All artifacts that a filter query finds: ml-metadata counts nothing itself."""
    return list(store.get_artifacts(metadata_store.ListOptions(filter_query=arguments["filter"])))


def total(artifacts: list[Proto]) -> JSON:
    return {"artifacts": {"totalCount": len(artifacts)}}


def facets(artifacts: list[Proto]) -> JSON:
    counted = Counter(artifact.custom_properties["label:stage"].string_value for artifact in artifacts)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return {"artifactFacets": [{"value": value, "count": count} for value, count in ordered]}


def labels_of(node: Proto) -> list[JSON]:
    """The labels of a node, which LineageQL records as custom properties, by key."""
    found = [(name[6:], value.string_value) for name, value in node.custom_properties.items() if name[:6] == "label:"]
    return [{"key": key, "value": value} for key, value in sorted(found)]


def _values(properties: Any) -> JSON:
    shown: Iterable[tuple[str, Any]] = properties.items()
    return {
        name: getattr(value, value.WhichOneof("value"))
        for name, value in shown
        if name not in _HIDDEN and not name.startswith(_ENCODING)
    }


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"
