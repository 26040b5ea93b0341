"""A field at the root that fails leaves the others' answers."""

from __future__ import annotations

from pathlib import Path

from graphql import GraphQLNonNull

from lineageql.api.schema import SCHEMA
from tests.catalog.graphs import empty_store
from tests.service import serving


def test_every_field_at_the_root_may_be_null() -> None:
    schema = SCHEMA._schema
    for root in (schema.query_type, schema.mutation_type):
        assert root is not None
        assert [name for name, field in root.fields.items() if isinstance(field.type, GraphQLNonNull)] == []


async def test_a_query_that_fails_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(empty_store())
    async with serving(path, read_only=True) as service:
        body = await service.ask(
            "{ a: artifacts(first: -1) { totalCount } b: artifacts { totalCount } "
            'c: lineage(roots: ["QXJ0aWZhY3Q6MQ"]) { complete } d: store { backend } }'
        )
    assert body["data"] == {"a": None, "b": {"totalCount": 0}, "c": None, "d": {"backend": "sqlite"}}
    assert [error["path"] for error in body["errors"]] == [["a"], ["c"]]


MUTATION = """
mutation {
  a: createWorkspace(input: {name: "w"}) { created workspace { name } }
  b: logOutput(input: {executionId: "RXhlY3V0aW9uOjk5", artifact: {dataSet: {name: "d", uri: "u"}}}) { created }
  c: createWorkspace(input: {name: "v"}) { created }
}
"""


async def test_a_mutation_that_fails_leaves_what_the_others_made(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(empty_store())
    async with serving(path) as service:
        body = await service.ask(MUTATION)
        workspaces = await service.data("{ workspaces { nodes { name } } }")
    # One after the other, each for itself: what follows one that failed is carried out as well.
    assert body["data"] == {"a": {"created": True, "workspace": {"name": "w"}}, "b": None, "c": {"created": True}}
    (error,) = body["errors"]
    assert (error["path"], error["extensions"]["argument"]) == (["b"], "input.executionId")
    assert "RXhlY3V0aW9uOjk5" in error["message"]
    assert workspaces["workspaces"]["nodes"] == [{"name": "w"}, {"name": "v"}]
