"""What the service answers is what graphql-core's own executor answers, errors and their places among it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from lineageql.api.schema import SCHEMA
from tests.demo import demo_store
from tests.service import serving

OPERATIONS = {
    "aliases, fragments and directives": """
        query ($yes: Boolean = true, $no: Boolean = false) {
          artifacts(first: 3) {
            totalCount
            pageInfo { hasNextPage endCursor }
            edges { cursor node { ...Some again: name @skip(if: $yes) name @include(if: $yes) } }
            nodes {
              __typename ...Some uri @include(if: $no)
              ... on Model { hyperparameters metrics(first: 1) { nodes { id } } }
            }
          }
        }
        fragment Some on Artifact { id mlmdId kind type { id name properties } labels { key value } label(key: "team") }
    """,
    "five levels": """
        { workspaces(first: 5) { nodes { name runs(first: 5) { totalCount nodes { id name state
            executions(first: 5) { nodes { name parent { name } run { id }
              inputs(first: 5) { edges { port path eventType eventTime node { id
                producers(first: 5) { totalCount nodes { name workspace { name } } } } } } } } } } } } }
    """,
    "lineage": """
        { artifacts(where: {kind: [MODEL]}, first: 4) { nodes {
            id producer: producers(first: 1) { nodes { id } }
            upstream(first: 5) { totalCount complete edges { hops node { __typename id } } } } } }
    """,
    "graphs of ids": """
        query ($roots: [ID!]! = ["QXJ0aWZhY3Q6MQ"]) {
          ids: lineage(roots: $roots, direction: DOWNSTREAM) {
            nodes { hops node { id mlmdId } } edges { artifact { id } execution { mlmdId } eventType }
          }
          others: lineage(roots: $roots, direction: DOWNSTREAM) {
            nodes { node { id ... on Model { mlmdId } } }
            edges { artifact { id ... on Model { mlmdId } ... on DataSet { name } } execution { id } port }
          }
          shared: lineage(roots: $roots, direction: DOWNSTREAM) {
            edges { artifact { id } execution { id } } nodes { node { __typename id name } }
          }
        }
    """,
    "interfaces with resolvers": """
        { artifacts(first: 9) { nodes { id consumers(first: 2) { nodes { name } } ...Written } } }
        fragment Written on Artifact { producers(first: 1) { totalCount } ... on Metrics { model { name } } }
    """,
    "an error in the middle": "{ executions(first: 3) { nodes { id outputs(first: -1) { nodes { id } } } } }",
    "errors beside answers": """
        { artifacts(first: 2) { nodes {
            name good: consumers(first: 1) { totalCount } bad: consumers(after: "no") { totalCount } } } }
    """,
    "nothing of some types": "{ artifacts(first: 9) { nodes { ... on Model { modelType } } } }",
    "introspection": """
        { __schema { types { name fields { name type { name ofType { name } } } } } __type(name: "Run") { name } }
    """,
    "nothing": '{ node(id: "QXJ0aWZhY3Q6OTk5OTk5") { id ... on Artifact { producers { totalCount } } } }',
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_as_graphql_core_does(operation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo(tmp_path) as service:
        ours = await service.ask(OPERATIONS[operation])
        monkeypatch.setattr(SCHEMA, "execution_context_class", StrawberryGraphQLCoreExecutionContext)
        theirs = await service.ask(OPERATIONS[operation])
    assert by_place(ours) == by_place(theirs)
    assert ("errors" in ours) is ("error" in operation)


async def test_values_of_other_types_are_not_taken_for_each_other(tmp_path: Path) -> None:
    """To Python 1, 1.0 and True are equal; filters that hold them stand side by side in one operation."""
    record = """
        mutation { recordExecution(input: {workspace: "w", execution: {name: "e"}, outputs: [
          {artifact: {model: {name: "whole", uri: "u", version: "1", customProperties: {p: 1}}}},
          {artifact: {model: {name: "true", uri: "u", version: "1", customProperties: {p: true}}}}
        ]}) { execution { id } } }
    """
    query = """
        query ($number: JSON, $truth: JSON) { executions { nodes {
          number: outputs(where: {properties: [{name: "p", eq: $number}]}) { nodes { name } }
          truth: outputs(where: {properties: [{name: "p", eq: $truth}]}) { nodes { name } } } } }
    """
    async with serving(tmp_path / "lineage.db", create=True) as service:
        await service.data(record)
        found = (await service.data(query, {"number": 1, "truth": True}))["executions"]["nodes"][0]
    assert found == {"number": {"nodes": [{"name": "whole"}]}, "truth": {"nodes": [{"name": "true"}]}}


def demo(folder: Path) -> Any:
    path = folder / "demo.db"
    path.write_bytes(demo_store())
    return serving(path, read_only=True)


def by_place(body: dict[str, Any]) -> tuple[Any, list[str]]:
    """The data with the errors in an order that does not depend on which resolver was first."""
    return body.get("data"), sorted(map(repr, body.get("errors", ())))


MERGED = {
    "on a type": """
        { artifacts(where: {kind: [MODEL]}, first: 9) { nodes {
            id consumers(first: 2) { nodes { id } }
            ... on Model { consumers(first: 2) { nodes { name createTime } } } } } }
    """,
    "in one of two places": """
        { first: artifacts(where: {kind: [MODEL]}, first: 1) { nodes { ...Readers } }
          artifacts(where: {kind: [MODEL]}, first: 9) {
            nodes { ...Readers id consumers(first: 2) { nodes { name createTime } } } } }
        fragment Readers on Artifact { consumers(first: 2) { nodes { id } } }
    """,
}


@pytest.mark.parametrize("operation", MERGED)
async def test_a_field_that_is_merged_shows_what_it_shows_alone(operation: str, tmp_path: Path) -> None:
    readers = "consumers(first: 2) { nodes { id name createTime } }"
    alone = f"{{ artifacts(where: {{kind: [MODEL]}}, first: 9) {{ nodes {{ id {readers} }} }} }}"
    async with demo(tmp_path) as service:
        merged = await service.data(MERGED[operation])
        assert merged["artifacts"] == (await service.data(alone))["artifacts"]
