"""A field that is selected alone is what it is beside all others: no more is read than it needs, and no less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from lineageql.api.schema import SCHEMA
from tests.demo import demo_store
from tests.service import serving

ROOTS = {"workspaces": "Workspace", "runs": "Run", "executions": "Execution", "artifacts": "Artifact"}


def plain_fields(type_: GraphQLObjectType) -> list[str]:
    """The fields of a type that are values and need no argument."""
    return [
        name
        for name, field in type_.fields.items()
        if is_leaf_type(get_named_type(field.type)) and not any(map(is_required_argument, field.args.values()))
    ]


def types_of(name: str) -> list[GraphQLObjectType]:
    found: Any = SCHEMA._schema.get_type(name)
    return [found] if isinstance(found, GraphQLObjectType) else list(SCHEMA._schema.get_possible_types(found))


async def test_each_field_alone_and_beside_all_others(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(demo_store())
    asked = 0
    async with serving(path, read_only=True) as service:
        for root, name in ROOTS.items():
            for type_ in types_of(name):
                fields = plain_fields(type_)

                async def nodes(*selected: str, root: str = root, on: str = type_.name) -> Any:
                    query = f"{{ {root}(first: 100) {{ nodes {{ ... on {on} {{ {' '.join(selected)} }} }} }} }}"
                    return (await service.data(query))[root]["nodes"]

                whole = await nodes(*fields)
                for field in fields:
                    alone = await nodes(field)
                    found = [node[field] for node in alone if node]
                    assert found == [node[field] for node in whole if node], (type_.name, field)
                    asked += len(found)
    assert asked > 1000
