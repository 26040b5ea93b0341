from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, build_schema, parse, visit

from lineageql.errors import UsageError
from lineageql.web.operations import Operation, load_operations, operations_folder

DOCUMENT = """\
# Runs of a workspace
#
# Newest first, with their labels.

# This comment is no longer about the whole.
query Runs($first: Int) {
  runs(first: $first) { name }
}
"""


def write(folder: Path, **files: str) -> Path:
    """The folder with files in it; `runs__variables_json` stands for `runs.variables.json`."""
    for name, text in files.items():
        stem, _, ending = name.partition("__")
        (folder / f"{stem}.{ending.replace('_', '.')}").write_text(text, encoding="utf-8")
    return folder


def test_an_operation_is_its_document_its_comment_and_its_variables(tmp_path: Path) -> None:
    write(tmp_path, runs__graphql=DOCUMENT, runs__variables_json='{"first": 9007199254740993, "käse": null}')
    assert load_operations(tmp_path) == [
        Operation(
            name="runs",
            title="Runs of a workspace",
            description="Runs of a workspace\n\nNewest first, with their labels.",
            document=DOCUMENT,
            variables={"first": 9007199254740993, "käse": None},
        )
    ]


EXAMPLES = """\
{
  id: artifacts(first: 1) { nodes { id } }
  ids: runs(first: 2) { nodes { id } }
  input_name: workspaces { nodes { name } }
}
"""
HELD = {"id": "held", "ids": ["held"], "input": {"name": "held", "n": 5}}


@pytest.mark.parametrize(
    ("data", "filled"),
    [
        (
            {
                "id": {"nodes": [{"id": "a"}, {"id": "b"}]},
                "ids": {"nodes": [{"id": "c"}, {"id": "d"}]},
                "input_name": {"nodes": [{"name": "e"}]},
            },
            {"id": "a", "ids": ["c", "d"], "input": {"name": "e", "n": 5}},
        ),
        (
            {"id": {"nodes": []}, "ids": {"nodes": []}, "input_name": None},
            {"id": None, "ids": [], "input": {"name": "held", "n": 5}},
        ),
        (None, {"id": None, "ids": [], "input": {"name": "held", "n": 5}}),
    ],
)
def test_variables_are_filled_with_examples(tmp_path: Path, data: Any, filled: Any) -> None:
    write(tmp_path, a__graphql="#A\n{a}", a__variables_json=json.dumps(HELD), a__examples_graphql=EXAMPLES)
    (operation,) = load_operations(tmp_path)
    assert operation.examples is not None
    assert operation.examples.fill(operation.variables, data) == filled
    assert operation.variables == HELD


def test_operations_are_sorted_by_name_and_other_files_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, b__graphql="{b}", a__graphql="#A\n{a}", README__md="no operation")
    (tmp_path / ".hidden.graphql").write_text("not read")
    assert [(operation.name, operation.title) for operation in load_operations(tmp_path)] == [("a", "A"), ("b", "b")]


def test_fragments_may_accompany_the_one_operation(tmp_path: Path) -> None:
    write(tmp_path, runs__graphql="#Runs\nquery Runs { runs { ...Name } } fragment Name on Run { name }")
    assert load_operations(tmp_path)[0].title == "Runs"


def test_a_byte_order_mark_is_no_part_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "runs.graphql").write_bytes(b"\xef\xbb\xbf# Runs\n{runs}")
    assert load_operations(tmp_path)[0].title == "Runs"


@pytest.mark.parametrize(
    ("files", "file", "complaint"),
    [
        ({"a__graphql": "{a}", "a__variables_json": "{"}, "a.variables.json", "is not JSON"),
        ({"a__graphql": "{a}", "a__variables_json": '{"x": NaN}'}, "a.variables.json", "no NaN"),
        ({"a__graphql": "{a}", "a__variables_json": "[" * 100_000}, "a.variables.json", "is not JSON"),
        ({"a__graphql": "{a}", "a__variables_json": "[1]"}, "a.variables.json", "JSON object"),
        ({"a__graphql": "{a}", "b__variables_json": "{}"}, "b.variables.json", "no b.graphql"),
        ({"a__graphql": "# What\nquery {"}, "a.graphql", "line 2"),
        ({"a__graphql": "# nothing but words"}, "a.graphql", "Syntax Error"),
        ({"a__graphql": "query A {a} query B {b}"}, "a.graphql", "2 operations"),
        ({"a__graphql": "fragment A on Run {a}"}, "a.graphql", "0 operations"),
        ({"a__graphql": "{a" * 20_000}, "a.graphql", "nested"),
        ({"a__graphql": "{a}", "b__examples_graphql": "{b}"}, "b.examples.graphql", "no b.graphql"),
        ({"a__graphql": "{a}", "a__examples_graphql": "{b"}, "a.examples.graphql", "Syntax Error"),
        ({"a__graphql": "{a}", "a__examples_graphql": "{b}"}, "a.examples.graphql", "b finds a value"),
        (
            {"a__graphql": "{a}", "a__examples_graphql": "{b_c: b}", "a__variables_json": '{"b": 5}'},
            "a.examples.graphql",
            "b_c finds a value",
        ),
    ],
)
def test_what_does_not_parse_is_named(tmp_path: Path, files: dict[str, str], file: str, complaint: str) -> None:
    write(tmp_path, **files)
    with pytest.raises(UsageError) as caught:
        load_operations(tmp_path)
    assert str(tmp_path / file) in str(caught.value)
    assert complaint in str(caught.value)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_bytes(b"# \xff\n{a}")
    with pytest.raises(UsageError, match=r"a\.graphql is not UTF-8"):
        load_operations(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        load_operations(tmp_path / "nowhere")


def test_the_folder_is_in_the_package_of_a_wheel_and_else_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gql" / "lineageql"
    package.mkdir(parents=True)
    monkeypatch.setattr("importlib.resources.files", lambda name: package)

    (tmp_path / "queries").mkdir()
    with pytest.raises(UsageError, match="ready-made operations"):
        operations_folder()  # A stranger's folder: there is no project around it.

    (tmp_path / "pyproject.toml").touch()
    assert operations_folder() == tmp_path / "queries"

    (package / "queries").mkdir()
    assert operations_folder() == package / "queries"


def test_the_operations_that_come_along_load() -> None:
    load_operations(operations_folder())


ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8").partition("```graphql\n")[2].partition("```")[0]
SHOWN = {operation.name: operation.document for operation in load_operations(operations_folder())} | {"README": README}


class Claims(Visitor):
    """The selections of a document that say that a walk was complete, and what else they select, path by path."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.found: list[set[str]] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        type_ = self.types.get_type()
        while hasattr(type_, "of_type"):
            type_ = type_.of_type
        if "complete" in getattr(type_, "fields", {}) and "pageInfo" in type_.fields and node.selection_set:
            names = {one.name.value for one in node.selection_set.selections if isinstance(one, FieldNode)}
            self.found += [names] if "complete" in names else []


def claims(document: str, schema: GraphQLSchema) -> list[set[str]]:
    types = TypeInfo(schema)
    visitor = Claims(types)
    visit(parse(document), TypeInfoVisitor(types, visitor))
    return visitor.found


def test_what_says_complete_says_too_whether_the_page_is_all() -> None:
    """A page of a complete walk need not be the whole answer: how many there are in all stands beside it."""
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    found = {name: claims(document, schema) for name, document in SHOWN.items()}
    said = {name: selections for name, selections in found.items() if selections}
    assert said.keys() >= {"README", "production-models-of-a-data-set", "record-5-serving"}
    for name, selections in said.items():
        for selection in selections:
            assert selection >= {"complete", "totalCount", "pageInfo"}, name
        words = SHOWN[name].partition("{")[0] if name != "README" else (ROOT / "README.md").read_text(encoding="utf-8")
        assert all(f"`{word}`" in words for word in ("complete", "totalCount", "hasNextPage")), name
