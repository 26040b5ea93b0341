"""Artifacts as the flat dicts of the Kubeflow Metadata SDK's `Workspace.list`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineageql_client.client import Client

_PAGE = 500
_QUERY = """
query List($type: String!, $workspace: String!, $first: Int!, $after: String) {
  artifacts(
    where: {type: {eq: $type}, workspace: {name: {eq: $workspace}}}, orderBy: {field: ID}, first: $first, after: $after
  ) {
    nodes {
      __typename mlmdId name uri description owner version properties customProperties labels { key value }
      producers(first: 1) { edges { eventTime node { run { name } } } }
      consumers(first: 1) { edges { eventTime node { run { name } } } }
      ... on Model { modelType trainingFramework hyperparameters }
      ... on DataSet { query }
      ... on Metrics { metricsType values model { mlmdId } dataSet { mlmdId } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def rows(client: Client, workspace: str, type_: str) -> list[dict[str, Any]]:
    """The artifacts of a type in a workspace, by id."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = client.query(_QUERY, type=type_, workspace=workspace, first=_PAGE, after=after)["artifacts"]
        found += [_row(node, workspace) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def _row(node: Mapping[str, Any], workspace: str) -> dict[str, Any]:
    row: dict[str, Any] = {"id": int(node["mlmdId"]), "workspace": workspace}
    run = _run(node)
    if run is not None:
        row["run"] = run
    row.update({name: one for name, one in node["properties"].items() if one is not None})
    of_type = _OF_TYPE.get(node["__typename"])
    if of_type is not None:
        common = {
            "name": node["name"],
            "description": node["description"],
            "owner": node["owner"],
            "uri": node["uri"],
            **of_type(node),
            "labels": {label["key"]: label["value"] for label in node["labels"]} or None,
            "kwargs": node["customProperties"],
        }
        row.update({name: one for name, one in common.items() if name not in row})
    return row


def _run(node: Mapping[str, Any]) -> str | None:
    """The run of the execution that logged it first: the SDK keeps its name with the artifact."""
    edges = [*node["producers"]["edges"], *node["consumers"]["edges"]]
    if not edges:
        return None
    first = min(edges, key=lambda edge: edge["eventTime"] or _LATEST)
    run = first["node"]["run"]
    return None if run is None else str(run["name"])


_LATEST = datetime.max.replace(tzinfo=timezone.utc).isoformat()


def _model(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": node["version"],
        "model_type": node["modelType"],
        "training_framework": node["trainingFramework"],
        "hyperparameters": node["hyperparameters"],
    }


def _data_set(node: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": node["version"], "query": node["query"]}


def _metrics(node: Mapping[str, Any]) -> dict[str, Any]:
    ids = {
        name: None if node[key] is None else str(node[key]["mlmdId"])
        for name, key in (("data_set_id", "dataSet"), ("model_id", "model"))
    }
    return {**ids, "metrics_type": node["metricsType"], "values": node["values"]}


_OF_TYPE = {"Model": _model, "DataSet": _data_set, "Metrics": _metrics}
