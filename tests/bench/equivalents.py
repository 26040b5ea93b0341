"""The questions of `peers`: for each LineageQL's operation, and PostGraphile's that gives the same.

PostGraphile shows MLMD's bare tables: a producer is an event of the type 4, OUTPUT, with its execution, and an input
one of the type 3, INPUT. What writes in Kubeflow's form leaves MLMD's column `name` empty and puts the name among the
properties, and so does the bench's store. LineageQL answers with that name. PostGraphile answers with the empty
column, which is less work, unless it is asked for the property too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lineageql.model.identity import EntityKind, global_id

Data = Mapping[str, Any]
_NAME = 'properties(condition: {name: "name", isCustomProperty: false}) { nodes { stringValue } }'


@dataclass(frozen=True)
class Question:
    """A question to both.

    Attributes:
        name: how the command line calls it.
        title: what it is.
        ours: LineageQL's operation.
        theirs: PostGraphile's operation, in which `NAME` stands for the fields of a name.
        our_variables: what LineageQL is asked with for a model of this id.
        their_variables: the same for PostGraphile.
        our_facts: what LineageQL's answer says, in a form that both answers are compared in.
        their_facts: the same of PostGraphile's.
    """

    name: str
    title: str
    ours: str
    theirs: str
    our_variables: Callable[[int], Data]
    their_variables: Callable[[int], Data]
    our_facts: Callable[[Data], Any]
    their_facts: Callable[[Data], Any]

    def their_operation(self, *, names: bool) -> str:
        """PostGraphile's operation, with the names that the writers gave where they are wanted."""
        return self.theirs.replace("NAME", _NAME if names else "name")


_OUR_LIST = "query ($first: Int!) { artifacts(first: $first) { nodes { mlmdId name uri createTime } } }"
_THEIR_LIST = "query ($first: Int!) { allArtifacts(first: $first) { nodes { rowId NAME uri createTimeSinceEpoch } } }"


def _our_list(data: Data) -> Any:
    return [
        (node["mlmdId"], node["uri"], _milliseconds(node["createTime"]), node["name"])
        for node in data["artifacts"]["nodes"]
    ]


def _their_list(data: Data) -> Any:
    return [
        (node["rowId"], node["uri"], int(node["createTimeSinceEpoch"]), _name(node))
        for node in data["allArtifacts"]["nodes"]
    ]


_OUR_PRODUCERS = """
query ($first: Int!) {
  artifacts(first: $first) {
    nodes {
      mlmdId name
      producers(first: 1000) { nodes { mlmdId name inputs(first: 1000) { nodes { mlmdId name } } } }
    }
  }
}
"""
_THEIR_PRODUCERS = """
query ($first: Int!) {
  allArtifacts(first: $first) {
    nodes {
      rowId NAME
      events(condition: {type: 4}) {
        nodes {
          execution { rowId NAME events(condition: {type: 3}) { nodes { artifact { rowId NAME } } } }
        }
      }
    }
  }
}
"""


def _our_producers(data: Data) -> Any:
    return [
        (
            node["mlmdId"],
            node["name"],
            sorted(
                (by["mlmdId"], by["name"], sorted((read["mlmdId"], read["name"]) for read in by["inputs"]["nodes"]))
                for by in node["producers"]["nodes"]
            ),
        )
        for node in data["artifacts"]["nodes"]
    ]


def _their_producers(data: Data) -> Any:
    return [
        (node["rowId"], _name(node), sorted(map(_their_execution, _ends(node, "execution"))))
        for node in data["allArtifacts"]["nodes"]
    ]


def _their_execution(node: Data) -> Any:
    return (node["rowId"], _name(node), sorted((read["rowId"], _name(read)) for read in _ends(node, "artifact")))


_OUR_HOPS = """
query ($root: ID!) {
  lineage(roots: [$root], direction: UPSTREAM, maxHops: 4) { nodes { node { __typename mlmdId name } } }
}
"""
_THEIR_HOPS = """
query ($root: Int!) {
  artifactByRowId(rowId: $root) { ...Up1 }
}
fragment Up1 on Artifact {
  rowId NAME events(condition: {type: 4}) { nodes { execution { ...Up2 } } }
}
fragment Up2 on Execution {
  rowId NAME events(condition: {type: 3}) { nodes { artifact { ...Up3 } } }
}
fragment Up3 on Artifact {
  rowId NAME events(condition: {type: 4}) { nodes { execution { ...Up4 } } }
}
fragment Up4 on Execution {
  rowId NAME events(condition: {type: 3}) { nodes { artifact { rowId NAME } } }
}
"""


def _our_hops(data: Data) -> Any:
    nodes = [step["node"] for step in data["lineage"]["nodes"]]
    return sorted({(node["__typename"] == "Execution", node["mlmdId"], node["name"]) for node in nodes})


def _their_hops(data: Data) -> Any:
    return sorted(set(_reached(data["artifactByRowId"], execution=False)))


def _reached(node: Data, *, execution: bool) -> Any:
    """A node and all above it; PostGraphile's answer holds a node once for each way to it."""
    yield execution, node["rowId"], _name(node)
    for above in _ends(node, "artifact" if execution else "execution"):
        yield from _reached(above, execution=not execution)


def _ends(node: Data, end: str) -> list[Data]:
    """What the events of a node lead to."""
    return [event[end] for event in node.get("events", {"nodes": []})["nodes"]]


def _name(node: Data) -> str | None:
    if "properties" not in node:
        name: str | None = node["name"]
        return name
    return next((found["stringValue"] for found in node["properties"]["nodes"]), None)


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def _first(count: int) -> Callable[[int], Data]:
    return lambda _: {"first": count}


QUESTIONS = (
    Question(
        "list-100", "a list of 100 artifacts", _OUR_LIST, _THEIR_LIST, _first(100), _first(100), _our_list, _their_list
    ),
    Question(
        "list-1000",
        "a list of 1,000 artifacts",
        _OUR_LIST,
        _THEIR_LIST,
        _first(1_000),
        _first(1_000),
        _our_list,
        _their_list,
    ),
    Question(
        "producers",
        "100 artifacts, their producers, the producers' inputs",
        _OUR_PRODUCERS,
        _THEIR_PRODUCERS,
        _first(100),
        _first(100),
        _our_producers,
        _their_producers,
    ),
    Question(
        "hops",
        "one model, four hops up",
        _OUR_HOPS,
        _THEIR_HOPS,
        lambda model: {"root": global_id(EntityKind.ARTIFACT, model)},
        lambda model: {"root": model},
        _our_hops,
        _their_hops,
    ),
)
TYPENAME = "{ __typename }"
"""What each server answers without its store."""


def without_names(data: Any) -> Any:
    """An answer whose names are empty, to compare what only one of the two tells the names of."""
    if isinstance(data, dict):
        return {key: None if key == "name" else without_names(value) for key, value in data.items()}
    return [without_names(part) for part in data] if isinstance(data, list) else data
