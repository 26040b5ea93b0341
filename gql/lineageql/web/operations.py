"""Ready-made operations: the files of `queries/`, which GraphiQL offers and the command line runs.

An operation is a file `NAME.graphql` that begins with `#` comment lines: what it
answers, the first of them as its title. Its variables, if it has any, are in
`NAME.variables.json` beside it.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from graphql import GraphQLError, OperationDefinitionNode, parse

from lineageql.errors import UsageError

_DOCUMENT = ".graphql"
_VARIABLES = ".variables.json"


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
    documents = {file.name.removesuffix(_DOCUMENT): file for file in files if file.name.endswith(_DOCUMENT)}
    variables = {file.name.removesuffix(_VARIABLES): file for file in files if file.name.endswith(_VARIABLES)}
    for name in sorted(variables.keys() - documents.keys()):
        raise UsageError(f"{variables[name]} belongs to no operation: there is no {name}{_DOCUMENT} beside it")
    return [_load(name, documents[name], variables.get(name)) for name in sorted(documents)]


def _load(name: str, document: Path, variables: Path | None) -> Operation:
    text = _read(document)
    _check(document, text)
    description = _leading_comment(text)
    return Operation(
        name=name,
        title=next((line for line in description.splitlines() if line), name),
        description=description,
        document=text,
        variables={} if variables is None else _parse_variables(variables),
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8: {error.reason} at byte {error.start}") from error


def _check(file: Path, text: str) -> None:
    try:
        definitions = parse(text, no_location=True).definitions
    except GraphQLError as error:
        place = f", line {error.locations[0].line}" if error.locations else ""
        raise UsageError(f"{file}{place}: {error.message}") from error
    except RecursionError as error:
        raise UsageError(f"{file} is nested too deeply") from error
    count = sum(isinstance(definition, OperationDefinitionNode) for definition in definitions)
    if count != 1:
        raise UsageError(f"{file} holds {count} operations; it should hold exactly one")


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
