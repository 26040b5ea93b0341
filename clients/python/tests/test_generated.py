"""What follows from schema.graphql is as the schema is."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from graphql import build_schema

from lineageql_client import AsyncClient, Client
from lineageql_client.generated import shapes

ROOT = Path(__file__).parents[3]
GENERATED = ROOT / "clients/python/src/lineageql_client/generated"
SCHEMA = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "clients/python/scripts/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


def test_the_generated_modules_are_up_to_date(generate: ModuleType, tmp_path: Path) -> None:
    generate.main(tmp_path)
    for path in sorted(tmp_path.glob("*.py")):
        kept = (GENERATED / path.name).read_text(encoding="utf-8")
        assert path.read_text(encoding="utf-8") == kept, f"{path.name} is old: run make schema"
    assert {path.name for path in tmp_path.glob("*.py")} == {path.name for path in GENERATED.glob("*.py")}


def test_every_field_of_the_roots_is_a_method_of_both_clients() -> None:
    for root in (SCHEMA.query_type, SCHEMA.mutation_type):
        assert root is not None
        for name in root.fields:
            own = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
            assert callable(getattr(Client, own))
            assert callable(getattr(AsyncClient, own))


def test_the_clients_are_twins() -> None:
    for name in shapes.ROOTS["Query"] | shapes.ROOTS["Mutation"]:
        own = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
        one, other = (inspect.signature(getattr(kind, own)) for kind in (Client, AsyncClient))
        assert one.parameters == other.parameters
        assert str(other.return_annotation).removeprefix("Async") == one.return_annotation
        paged = str(one.return_annotation).startswith("Pages")
        assert inspect.iscoroutinefunction(getattr(AsyncClient, own)) is not paged
    public = {name for name in vars(Client) if not name.startswith("_")}
    assert public - set(vars(AsyncClient)) == {"batch", "flush", "recorder"}


def test_a_newer_schema_needs_only_the_script(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    text = text.replace("input UpdateExecutionInput {", "input UpdateExecutionInput {\n  startedBy: String\n")
    text = re.sub(r"\ntype Execution [^{]*{", r"\g<0>\n  startedBy: String\n  helpers: [Execution!]!\n", text)
    text = re.sub(r"(lineage\(\s+\"\"\"[^\"]*\"\"\"\s+roots: \[ID!\])!", r"\1 = null", text)
    text += "\nextend type Query { seer(name: String!): Seer }\n"
    text += "type Seer { name: String! talents: [Talent!]! }\nenum Talent { A B }\n"
    (tmp_path / "schema.graphql").write_text(text, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    generate.main(tmp_path / "out")
    names = ("entities", "inputs", "roots", "shapes")
    entities, inputs, roots, shown = ((tmp_path / "out" / f"{name}.py").read_text(encoding="utf-8") for name in names)
    assert "    started_by: str | None\n" in entities
    assert "    helpers: tuple[Ref, ...]\n" in entities
    assert "class Seer:" in entities
    assert "    startedBy: str | None\n" in inputs
    assert 'Talent = Literal["A", "B"]' in inputs
    assert "def seer(self, name: str) -> Seer:" in roots
    # What was needed may become optional: a call that gave it goes on to work.
    assert re.search(r"def lineage\(\s+self,\s+roots: Sequence\[str \| Node\] \| None = None,", roots)
    assert "async def seer(self, name: str) -> Seer:" in roots
    assert '("started_by", "startedBy", "startedBy", "")' in shown


def test_no_selection_asks_for_two_types_by_one_name() -> None:
    """Every document that the tables make is valid, for every root and every connection of an entity."""
    from graphql import parse, validate

    from lineageql_client.pages import PageReader
    from lineageql_client.reading import Field, one_request

    checked = 0
    for root, fields in shapes.ROOTS.items():
        for name, (type_, types) in fields.items():
            field = Field(root.lower(), name, type_, types, dict.fromkeys(types))
            if type_.strip("!").endswith("Connection"):
                few = {key: None for key in types if key not in ("first", "after", "last", "before")}
                document = PageReader(Field("query", name, type_, types, few), None, None).request(1, "x").document
            else:
                document = one_request(field).document
            assert validate(SCHEMA, parse(document)) == [], document
            checked += 1
    for owner, fields in shapes.RELATED.items():
        for name, (type_, types) in fields.items():
            field = Field("query", name, type_, types, {}, ("x", owner))
            for request in (
                PageReader(field, None, None).request(1, None),
                PageReader(field, None, None).request(1, "x", frozenset({"name", "workspace"})),
                PageReader(field, None, None).count_request(),
            ):
                assert validate(SCHEMA, parse(request.document)) == [], request.document
                checked += 1
    assert checked > 100
