"""Recordings of many clients that share artifacts, and all that a store says of them, by names and without ids."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

Data = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""The data of an answer to a document with variables, which must hold no errors."""

WORKSPACES, RUNS, DATA_SETS = 4, 16, 5
"""How many workspaces there are, runs in all of them together, and data sets that the runs of a workspace share."""

RECORD = """
mutation ($input: RecordExecutionInput!) {
  recordExecution(input: $input) { created execution { id } inputs { id name } outputs { id name } }
}
"""


def recording(number: int) -> dict[str, Any]:
    """What a client sends: a step of a run.

    It reads a data set that all runs of its workspace read and the model that the step before
    writes, and writes a model and metrics. Steps come in any order, so a model may be there by its
    reader before its writer has said so.
    """
    run, step = number % RUNS, number // RUNS
    workspace = run % WORKSPACES
    data = {
        "name": f"data {workspace}.{step % DATA_SETS}",
        "uri": f"s3://data/{workspace}/{step % DATA_SETS}",
        "version": "v1",
        "labels": [{"key": "quality", "value": "gold" if step % DATA_SETS == 0 else "raw"}],
    }
    metrics = {"name": f"metrics {number:04}", "uri": f"s3://metrics/{number}", "values": {"loss": number / 7}}
    inputs = [{"port": "data", "artifact": {"dataSet": data}}]
    if step:
        inputs.append({"port": "start", "artifact": {"model": _model(run, step - 1)}})
    return {
        "workspace": f"team {workspace}",
        "run": f"run {run:02}",
        "execution": {
            "name": f"step {number:04}",
            "externalId": f"steps/{number}",
            "customProperties": {"third": number / 3, "list": [number, "é \\ '"]},
            "labels": [{"key": "parity", "value": "odd" if number % 2 else "even"}],
        },
        "inputs": inputs,
        "outputs": [
            {"port": "model", "artifact": {"model": _model(run, step)}},
            {"port": "metrics", "artifact": {"metrics": metrics}},
        ],
    }


def _model(run: int, step: int) -> dict[str, Any]:
    return {
        "name": f"model {run:02}.{step:02}",
        "uri": f"s3://models/{run}/{step}",
        "version": f"{step}",
        "hyperparameters": {"rate": step / 10, "layers": [run, step]},
        "labels": [{"key": "stage", "value": ("dev", "test", "production")[step % 3]}],
    }


_OF_ARTIFACT = """
__typename name uri version labels { key value } customProperties workspace { name }
producers { edges { port node { name } } }
consumers { totalCount edges { port node { name } } }
... on Model { run { name } hyperparameters metrics { nodes { name } } }
... on Metrics { run { name } values }
"""
_EXECUTIONS = """
query ($first: Int, $after: String, $where: ExecutionFilter) {
  page: executions(first: $first, after: $after, where: $where, orderBy: {field: NAME}) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes {
      name externalId state type { name } customProperties labels { key value } workspace { name } run { name }
      inputs { edges { port node { name } } } outputs { edges { port node { name } } }
    }
  }
}
"""
_ARTIFACTS = f"""
query ($first: Int, $after: String, $where: ArtifactFilter) {{
  page: artifacts(first: $first, after: $after, where: $where, orderBy: {{field: NAME}}) {{
    totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {_OF_ARTIFACT} }}
  }}
}}
"""
_BACKWARDS = """
query ($before: String) {
  artifacts(last: 170, before: $before, orderBy: {field: NAME}) {
    pageInfo { hasPreviousPage startCursor } nodes { name }
  }
}
"""
_CONTEXTS = """
{ workspaces(first: 50, orderBy: {field: NAME}) {
    totalCount
    nodes { name runs(first: 50, orderBy: {field: NAME}) { totalCount nodes {
      name executions { totalCount } } } } }
  kinds: artifactFacets(by: KIND) { value count }
  stages: artifactFacets(by: LABEL_VALUE, key: "stage", where: {kind: [MODEL]}) { value count }
  counts: runs { totalCount } }
"""
_FOUND = "query ($where: ArtifactFilter) { artifacts(where: $where, first: 1) { nodes { id } } }"
_LINEAGE = """
query ($roots: [ID!], $direction: LineageDirection!) {
  lineage(roots: $roots, direction: $direction, maxNodes: 4000) {
    complete limits frontier counts { artifacts executions byKind { value count } }
    nodes { hops node { __typename name } }
    edges { eventType port artifact { name } execution { name } }
  }
}
"""
_ARTIFACT_FILTERS: tuple[dict[str, Any], ...] = (
    {"labelSelector": "stage=production"},
    {"labelSelector": "stage in (dev,test),!quality", "kind": ["MODEL"]},
    {"labels": [{"key": "quality", "eq": "gold"}]},
    {"values": [{"name": "loss", "gte": 100, "lt": 110.5}]},
    {"parameters": [{"name": "rate", "eq": 0.3}]},
    {"uri": {"startsWith": "s3://models/1"}, "not": {"labelSelector": "stage=test"}},
    {"producedBy": {"run": {"name": {"eq": "run 03"}}, "labels": [{"key": "parity", "eq": "odd"}]}},
    {"kind": ["MODEL"], "consumedBy": {"workspace": {"name": {"in": ["team 1", "team 2"]}}}},
    {"kind": ["MODEL"], "not": {"consumedBy": {}}},
    {"kind": ["MODEL"], "leadsTo": {"artifacts": {"name": {"eq": "model 05.07"}}}},
)
_EXECUTION_FILTERS: tuple[dict[str, Any], ...] = (
    {"labelSelector": "parity=odd", "run": {"name": {"startsWith": "run 0"}}},
    {"externalId": {"in": ["steps/3", "steps/17", "steps/none"]}},
    {"inputs": {"name": {"eq": "data 2.0"}}, "outputs": {"labelSelector": "stage=dev"}},
    {"properties": [{"name": "third", "gt": 10, "lte": 12.5}]},
    {"inputs": {"kind": ["MODEL"], "parameters": [{"name": "rate", "lt": 0.15}]}},
)


async def answers(data: Data) -> dict[str, Any]:
    """All that a store says: every row and its links, pages both ways, filters, facets, lineage."""
    said: dict[str, Any] = {
        "executions": await _pages(data, _EXECUTIONS, None),
        "artifacts": await _pages(data, _ARTIFACTS, None),
        "backwards": await _backwards(data),
        "contexts": await data(_CONTEXTS, {}),
    }
    for where in _ARTIFACT_FILTERS:
        said[f"artifacts {json.dumps(where)}"] = await _pages(data, _ARTIFACTS, where)
    for where in _EXECUTION_FILTERS:
        said[f"executions {json.dumps(where)}"] = await _pages(data, _EXECUTIONS, where)
    for name, direction in (("model 02.07", "UPSTREAM"), ("data 1.0", "DOWNSTREAM"), ("model 13.03", "BOTH")):
        found = await data(_FOUND, {"where": {"name": {"eq": name}}})
        (root,) = found["artifacts"]["nodes"]
        said[f"lineage {direction} of {name}"] = await data(_LINEAGE, {"roots": [root["id"]], "direction": direction})
    return {what: _unordered(answer) for what, answer in said.items()}


async def _pages(data: Data, query: str, where: dict[str, Any] | None) -> dict[str, Any]:
    """All rows, page by page, and how many the first page said that there are."""
    nodes: list[Any] = []
    counts: list[int] = []
    after, more = None, True
    while more:
        page = (await data(query, {"first": 200, "after": after, "where": where}))["page"]
        nodes += page["nodes"]
        counts.append(page["totalCount"])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    names = [node["name"] for node in nodes]
    assert names == sorted(names)
    return {"counts": counts, "names": names, "nodes": nodes}


async def _backwards(data: Data) -> list[str]:
    names: list[str] = []
    before, more = None, True
    while more:
        page = (await data(_BACKWARDS, {"before": before}))["artifacts"]
        names = [node["name"] for node in page["nodes"]] + names
        before, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]
    assert names == sorted(names)
    return names


def _unordered(answer: Any) -> Any:
    """An answer whose lists are in an order that has nothing to do with ids; names of rows keep theirs."""
    if isinstance(answer, dict):
        return {key: _unordered(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return sorted(map(_unordered, answer), key=lambda item: json.dumps(item, sort_keys=True))
    return answer
