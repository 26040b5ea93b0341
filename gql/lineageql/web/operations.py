"""Ready-made operations: the files of `queries/`, which GraphiQL offers and the command line runs.

An operation is a file `NAME.graphql` that begins with `#` comment lines: what it
answers, the first of them as its title. Its variables, if it has any, are in
`NAME.variables.json` beside it. Those that name something of a store, such as an
id, are looked for in the store at hand by the query in `NAME.examples.graphql`::

    {
      id: artifacts(where: {kind: [MODEL]}, first: 1) { nodes { id } }
      input_workspaceId: workspace(name: "tutorial") { id }
    }

The key of each root field is the path of a value in the variables, and its value
is the first scalar in the field's answer, or all of them where the variables have
a list. An id that is not found is null, as one of another store could be anything
here; other values stay.
"""

from __future__ import annotations

import copy
import importlib.resources
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode, parse

from lineageql.errors import UsageError

_DOCUMENT = ".graphql"
_EXAMPLES = ".examples.graphql"
_VARIABLES = ".variables.json"


@dataclass(frozen=True)
class Examples:
    """Where the store at hand is asked for an operation's variables."""

    document: str
    """A query whose root fields find the values."""
    paths: Mapping[str, tuple[str, ...]]
    """For the key of each of them the path of its value in the variables."""
    ids: tuple[str, ...] = ()
    """The keys of those that find ids."""

    def fill(self, variables: Mapping[str, object], data: Mapping[str, object] | None) -> dict[str, Any]:
        """The variables, with what the query answered in its places.

        Args:
            variables: those of the operation.
            data: the query's answer; None where there is none.
        """
        filled: dict[str, Any] = copy.deepcopy(dict(variables))
        for key, path in self.paths.items():
            place = filled
            for step in path[:-1]:
                place = place[step]
            found = list(_scalars((data or {}).get(key)))
            if found or key in self.ids:
                listed = isinstance(place.get(path[-1]), list)
                place[path[-1]] = found if listed else found[0] if found else None
        return filled


def _scalars(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif value is not None:
        yield value


@dataclass(frozen=True)
class Operation:
    """One GraphQL operation that is ready to run."""

    name: str
    """The file's name without its ending; unique in its folder."""
    title: str
    """What it answers, in a line; the name where the file does not say."""
    description: str
    """The whole comment at the top of the file, without the `#`."""
    document: str
    """The file as it is, comment included: exactly one operation, and its fragments."""
    variables: Mapping[str, object] = field(default_factory=dict)
    """The values to run it with, as JSON has them."""
    examples: Examples | None = None
    """Where the store at hand is asked for some of them."""


def operations_folder() -> Path:
    """The folder of the operations that come with LineageQL.

    A wheel carries it inside the package; a checkout has it at the top.

    Raises:
        UsageError: there is neither.
    """
    package = Path(str(importlib.resources.files("lineageql")))
    installed = package / "queries"
    if installed.is_dir():
        return installed
    checkout = package.parent.parent
    # Above an installed package lies a folder of Python's, where `queries` would be a stranger's.
    if (checkout / "pyproject.toml").is_file() and (checkout / "queries").is_dir():
        return checkout / "queries"
    raise UsageError(f"this installation has lost its ready-made operations: no folder {installed}")


def load_operations(folder: Path) -> list[Operation]:
    """The operations in a folder, sorted by name.

    Raises:
        UsageError: the folder or a file cannot be read, a document is not one
            GraphQL operation, variables are not a JSON object or belong to no
            document; the message names the file.
    """
    try:
        files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    except OSError as error:
        raise UsageError(f"cannot read the folder of operations {folder}: {error.strerror}") from error
    examples = {file.name.removesuffix(_EXAMPLES): file for file in files if file.name.endswith(_EXAMPLES)}
    documents = {
        file.name.removesuffix(_DOCUMENT): file
        for file in files
        if file.name.endswith(_DOCUMENT) and not file.name.endswith(_EXAMPLES)
    }
    variables = {file.name.removesuffix(_VARIABLES): file for file in files if file.name.endswith(_VARIABLES)}
    for others in (variables, examples):
        for name in sorted(others.keys() - documents.keys()):
            raise UsageError(f"{others[name]} belongs to no operation: there is no {name}{_DOCUMENT} beside it")
    return [_load(name, documents[name], variables.get(name), examples.get(name)) for name in sorted(documents)]


def _load(name: str, document: Path, variables: Path | None, examples: Path | None) -> Operation:
    text = _read(document)
    _parse(document, text)
    values = {} if variables is None else _parse_variables(variables)
    description = _leading_comment(text)
    return Operation(
        name=name,
        title=next((line for line in description.splitlines() if line), name),
        description=description,
        document=text,
        variables=values,
        examples=None if examples is None else _load_examples(examples, values),
    )


def _load_examples(file: Path, variables: Mapping[str, object]) -> Examples:
    text = _read(file)
    (operation,) = (node for node in _parse(file, text).definitions if isinstance(node, OperationDefinitionNode))
    fields = {
        field.alias.value if field.alias is not None else field.name.value: field
        for field in operation.selection_set.selections
        if isinstance(field, FieldNode)
    }
    paths = {key: tuple(key.split("_")) for key in fields}
    for key, path in paths.items():
        place: object = variables
        for step in path:
            if not isinstance(place, Mapping) or step not in place:
                raise UsageError(f"{file}: {key} finds a value for which the variables have no place")
            place = place[step]
    return Examples(text, paths, tuple(key for key, field in fields.items() if _leaf(field) == "id"))


def _leaf(field: FieldNode) -> str:
    """The name of the field at the end of a field's first selections."""
    if field.selection_set is None:
        return field.name.value
    first = field.selection_set.selections[0]
    return _leaf(first) if isinstance(first, FieldNode) else ""


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8: {error.reason} at byte {error.start}") from error


def _parse(file: Path, text: str) -> DocumentNode:
    try:
        document = parse(text, no_location=True)
    except GraphQLError as error:
        place = f", line {error.locations[0].line}" if error.locations else ""
        raise UsageError(f"{file}{place}: {error.message}") from error
    except RecursionError as error:
        raise UsageError(f"{file} is nested too deeply") from error
    count = sum(isinstance(definition, OperationDefinitionNode) for definition in document.definitions)
    if count != 1:
        raise UsageError(f"{file} holds {count} operations; it should hold exactly one")
    return document


def _leading_comment(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return "\n".join(lines).strip()


def _parse_variables(file: Path) -> Mapping[str, object]:
    try:
        variables: object = json.loads(_read(file), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not JSON: {error}") from error
    if not isinstance(variables, dict):
        raise UsageError(f"{file} should hold a JSON object of variables, and holds a {type(variables).__name__}")
    return variables


def _refuse_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity, which JSON does not have and a browser refuses.
    raise ValueError(f"it has no {name}")
