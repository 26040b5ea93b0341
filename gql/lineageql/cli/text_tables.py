"""Answers as tables: which part of an answer is its rows, which columns they have, and how to ask for all of them.

The rows are the nodes or edges of the one connection of the operation that is in
no other, or the items of its one list of objects. A column is a scalar or a list
under a row, named by the keys that lead to it: `workspace.name`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    print_ast,
    visit,
)

from lineageql.errors import UsageError

_CURSOR, _PAGE = "pageCursor", "pageOfRows"
"""What a document gets to go from page to page: the names of a variable and of a field."""


@dataclass(frozen=True)
class Table:
    """Where the rows of an answer stand."""

    path: tuple[str, ...]
    """The keys that lead from the answer's data to the list of rows."""
    columns: tuple[tuple[str, ...], ...]
    """For each column the keys that lead to it from a row."""
    connection: FieldNode | None
    """The field of the connection whose rows they are, None for a plain list."""

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [".".join(column) for column in self.columns]

    def rows(self, data: Any) -> list[Any]:
        """The rows of an answer."""
        found = _at(data, self.path)
        return found if isinstance(found, list) else []

    def page(self, data: Any) -> Mapping[str, Any]:
        """What the answer says of the page, where the document was made to ask for it."""
        found = _at(data, (*self.path[:-1], _PAGE))
        return found if isinstance(found, dict) else {}

    def cells(self, row: Any) -> list[Any]:
        """The values of a row, by column."""
        return [_at(row, column) for column in self.columns]


def _at(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


class Tabling:
    """Finds the table of an operation.

    Args:
        document: a document that is valid.
        operation: the operation of it that is run.
        schema: the schema.
    """

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode, schema: GraphQLSchema) -> None:
        self.document = document
        self.operation = operation
        self.schema = schema
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }

    def table(self) -> Table:
        """The one table.

        Raises:
            UsageError: there is none, or several.
        """
        root: Any = self.schema.get_root_type(self.operation.operation)
        found = list(self._tables(self.operation.selection_set, root, ()))
        if len(found) != 1:
            names = " and ".join(".".join(table.path) for table in found)
            what = f"several lists of rows, {names}" if found else "no list of rows"
            raise UsageError(f"rows are printed of an operation with one list of them, and this has {what}")
        return found[0]

    def paged(self, table: Table) -> tuple[str, str]:
        """The document, changed to ask for one page after another, and the variable that takes the cursor.

        Raises:
            UsageError: the operation pages from the end, or names the page itself.
        """
        node = table.connection
        assert node is not None
        arguments = {argument.name.value: argument for argument in node.arguments or ()}
        if backwards := {"last", "before"} & arguments.keys():
            raise UsageError(f"--all goes from the first page to the last, and this asks for {min(backwards)}")
        after = arguments.get("after")
        named = after is not None and isinstance(after.value, VariableNode)
        variable = after.value.name.value if named else _CURSOR  # type: ignore[union-attr]
        return print_ast(visit(self.document, _Paging(self.operation, node, None if named else variable))), variable

    def _tables(self, selections: SelectionSetNode, type_: Any, path: tuple[str, ...]) -> Iterator[Table]:
        for key, field, inner in self._fields(selections, type_):
            named, here = get_named_type(inner), (*path, key)
            if field.selection_set is None or not is_composite_type(named):
                continue
            listed = is_list_type(get_nullable_type(inner))
            if listed:
                yield Table(here, tuple(self._columns(field.selection_set, named)), None)
            elif getattr(named, "fields", {}).keys() >= {"edges", "pageInfo"}:
                yield from self._connection(field, named, here)
            else:
                yield from self._tables(field.selection_set, named, here)

    def _connection(self, node: FieldNode, type_: Any, path: tuple[str, ...]) -> Iterator[Table]:
        assert node.selection_set is not None
        for wanted in ("nodes", "edges"):
            for key, field, inner in self._fields(node.selection_set, type_):
                if field.name.value == wanted and field.selection_set is not None:
                    columns = tuple(self._columns(field.selection_set, get_named_type(inner)))
                    yield Table((*path, key), columns, node)
                    return

    def _columns(self, selections: SelectionSetNode, type_: Any) -> Iterator[tuple[str, ...]]:
        """The columns of a row, each once, in the order of the document."""
        seen = set()
        for key, field, inner in self._fields(selections, type_):
            if field.selection_set is None or is_list_type(get_nullable_type(inner)):
                columns: list[tuple[str, ...]] = [(key,)]
            else:
                columns = [(key, *rest) for rest in self._columns(field.selection_set, get_named_type(inner))]
            for column in columns:
                if column not in seen:
                    seen.add(column)
                    yield column

    def _fields(self, selections: SelectionSetNode, type_: Any) -> Iterator[tuple[str, FieldNode, Any]]:
        """The fields of a selection with their keys and types, those of fragments among them."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                name = node.name.value
                field = getattr(type_, "fields", {}).get(name)
                inner = self.schema.get_type("String") if field is None else field.type  # __typename
                yield (node.alias.value if node.alias is not None else name), node, inner
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                narrowed = type_ if condition is None else self.schema.get_type(condition.name.value)
                yield from self._fields(node.selection_set, narrowed)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                narrowed = self.schema.get_type(fragment.type_condition.name.value)
                yield from self._fields(fragment.selection_set, narrowed)


class _Paging(Visitor):
    """Makes a connection ask for its page, and take its cursor from a new variable where one is named."""

    def __init__(self, operation: OperationDefinitionNode, connection: FieldNode, variable: str | None) -> None:
        super().__init__()
        self.operation = operation
        self.connection = connection
        self.variable = variable

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode | None:
        if node is not self.operation or self.variable is None:
            return None
        name = VariableNode(name=NameNode(value=self.variable))
        definition = VariableDefinitionNode(variable=name, type=NamedTypeNode(name=NameNode(value="String")))
        return replace(node, variable_definitions=(*(node.variable_definitions or ()), definition))

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if node is not self.connection or node.selection_set is None:
            return None
        inner = tuple(FieldNode(name=NameNode(value=name)) for name in ("hasNextPage", "endCursor"))
        name, alias = NameNode(value="pageInfo"), NameNode(value=_PAGE)
        page = FieldNode(alias=alias, name=name, selection_set=SelectionSetNode(selections=inner))
        arguments = node.arguments or ()
        if self.variable is not None:
            cursor = ArgumentNode(name=NameNode(value="after"), value=VariableNode(name=NameNode(value=self.variable)))
            arguments = (*(one for one in arguments if one.name.value != "after"), cursor)
        selections = replace(node.selection_set, selections=(*node.selection_set.selections, page))
        return replace(node, arguments=arguments, selection_set=selections)


def separated(cells: Sequence[Any], form: str) -> str:
    """A line of `csv` or `tsv`, its end included.

    Fields of CSV are quoted where they must be. In those of TSV a tab is `\\t`, a
    line's end `\\n` or `\\r`, and a backslash `\\\\`. Null is empty; what is no
    scalar is JSON.
    """
    texts = [_text(cell) for cell in cells]
    if form == "csv":
        line = io.StringIO()
        # Of what ends a line, older Pythons quote only the writer's own end: with both, a lone \r is quoted too.
        csv.writer(line, lineterminator="\r\n").writerow(texts)
        return f"{line.getvalue()[:-2]}\n"
    return "\t".join(text.translate(_ESCAPES) for text in texts) + "\n"


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
