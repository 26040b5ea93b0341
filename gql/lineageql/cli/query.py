"""`lineageql query`: an operation run on a store or sent to an endpoint, and its answer printed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from lineageql.cli.credentials import request_headers
from lineageql.cli.flags import settings_flags
from lineageql.cli.output import check_output, write
from lineageql.cli.plans import plan_lines
from lineageql.cli.targets import Place, opened, reached
from lineageql.errors import UsageError

if TYPE_CHECKING:
    from lineageql.cli.text_tables import Table
    from lineageql.web.operations import Examples

_FORMATS = ("json", "jsonl", "tsv", "csv")


@click.command()
@click.argument("file", required=False)
@click.option("--store", default=None, metavar="STORE", help="Run it on this store, without a server.")
@click.option("--endpoint", default=None, metavar="URL", help="Send it to this address; /graphql is tried too.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="TEXT",
    help="A header to send with it, 'Name: value', or @ and the name of a file with one a line. May be repeated.",
)
@click.option(
    "--token-file", default=None, metavar="FILE", help="A file that holds the bearer token that the endpoint wants."
)
@click.option(
    "--variables",
    default=None,
    metavar="JSON",
    help="Its variables, a JSON object or @ and a file's name. [default FILE's .variables.json, where there is one]",
)
@click.option("--operation", default=None, metavar="NAME", help="Which operation of the file to run.")
@click.option("--all", "every", is_flag=True, help="Print all rows, page after page. [default format jsonl]")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default=None,
    help="json is the answer; jsonl, tsv and csv are its rows: one JSON value a line, or a table with a head. "
    "[default json]",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Tell on standard error what was read: each statement, its rows, its round trip's time.",
)
@settings_flags("types")
def query(
    file: str | None,
    store: str | None,
    endpoint: str | None,
    headers: Sequence[str],
    token_file: str | None,
    variables: str | None,
    operation: str | None,
    every: bool,
    form: str | None,
    explain: bool,
    **flags: Any,
) -> None:
    """Run the operation in FILE and print the answer.

    FILE is a path, the name of a ready-made operation, a query itself, or - for
    standard input, which is read too where there is no FILE. Of a ready-made
    operation without --variables, ids and names are looked for in the store.
    The exit code is 1 where the answer holds errors.
    """
    from lineageql.web.loop import run

    if store is None and endpoint is None:
        raise UsageError("a query needs --store STORE, or --endpoint URL of a service")
    if store is not None and endpoint is not None:
        raise UsageError("a query takes --store or --endpoint, and not both")
    if headers and endpoint is None:
        raise UsageError("--header needs --endpoint: a store is asked without HTTP")
    if token_file is not None and endpoint is None:
        raise UsageError("--token-file needs --endpoint: a store asks nobody who they are")
    if flags["types"] is not None and store is None:
        raise UsageError("--types needs --store: a service has its own")
    form = form or ("jsonl" if every else "json")
    if explain and (every or form != "json"):
        raise UsageError("--explain tells what one answer took: leave out --all and --format")
    check_output()
    given = request_headers(headers, token_file)
    source = _source(file)
    place: AbstractAsyncContextManager[Place]
    place = opened(store, _records(source.text), flags) if store is not None else reached(endpoint or "", given)
    asked = _Asked(source, _variables(variables, source), variables is None, operation, explain)
    if run(_answer(place, asked, every, form)):
        sys.exit(1)


@dataclass(frozen=True)
class _Source:
    text: str
    """The document."""
    beside: Path | None = None
    """Where its variables may be."""
    examples: Examples | None = None
    """How those of a ready-made operation are found."""


@dataclass(frozen=True)
class _Asked:
    source: _Source
    variables: Mapping[str, Any]
    defaults: bool
    """Whether these are not the user's, but the file's."""
    operation: str | None
    explain: bool


async def _answer(opening: AbstractAsyncContextManager[Place], asked: _Asked, every: bool, form: str) -> bool:
    """Asks and prints; answers whether there were errors."""
    from lineageql.api.execution import Operation

    async with opening as place:
        variables, examples = asked.variables, asked.source.examples
        if examples is not None and asked.defaults:
            found = await place.ask(Operation(examples.document, {}))
            variables = examples.fill(variables, found.get("data"))
        operation = Operation(asked.source.text, variables, asked.operation, asked.explain)
        if form == "json" and not every:
            body = await place.ask(operation)
            plan = body.get("extensions", {}).pop("explain", None) if asked.explain else None
            if not body.get("extensions", True):
                del body["extensions"]
            await _write(_json(body, indent=2) + "\n")
            _warn(body)
            if plan is not None:
                click.echo("\n".join(plan_lines(plan)), err=True)
            return bool(body.get("errors"))
        return await _print_rows(place, operation, every, form)


async def _print_rows(place: Place, operation: Any, every: bool, form: str) -> bool:
    from lineageql.api.execution import Operation

    if form == "json":
        raise UsageError("--all prints rows: as jsonl, tsv or csv")
    tabling = _tabling(operation)
    if tabling is None:
        # The answer says what is wrong with it, unless the service is newer than this command.
        if _tell((await place.ask(operation)).get("errors")):
            return True
        raise UsageError("this release does not know what the query asks for, and cannot tell its rows: print json")
    table = tabling.table()
    paged, line = table.connection is not None, _line(table, form)
    if every and paged and tabling.operation.operation is OperationType.MUTATION:
        raise UsageError("--all would run this mutation once for each page: leave it out, and read the rows by a query")
    query, cursor = tabling.paged(table) if paged else (operation.query, "")
    variables = dict(operation.variables)
    if form != "jsonl":
        from lineageql.cli.text_tables import separated

        await _write(separated(table.names, form))
    while True:
        body = await place.ask(Operation(query, variables, operation.name))
        await _write("".join(line(row) for row in table.rows(body.get("data"))))
        page = table.page(body.get("data"))
        _warn(body)
        if _tell(body.get("errors")):
            return True
        if not page.get("hasNextPage"):
            return False
        if not every:
            click.echo("lineageql: there are more rows; --all prints them all", err=True)
            return False
        if page["endCursor"] is None:
            raise UsageError("--all goes from page to page, and a page has no rows here: ask for first: 1 or more")
        variables[cursor] = page["endCursor"]


def _tabling(operation: Any) -> Any:
    """What finds the table of an operation; None where there is no such operation."""
    from lineageql.api.documents import Documents
    from lineageql.api.schema import SCHEMA
    from lineageql.cli.text_tables import Tabling
    from lineageql.settings import Settings

    schema = SCHEMA._schema
    document = Documents(schema, Settings().max_tokens).get(operation.query)
    if document.errors or document.node is None:
        return None
    try:
        return Tabling(document.node, document.operation(operation.name), schema)
    except GraphQLError:
        return None


def _line(table: Table, form: str) -> Callable[[Any], str]:
    from lineageql.cli.text_tables import separated

    if form == "jsonl":
        return lambda row: _json(row) + "\n"
    return lambda row: separated(table.cells(row), form)


def _tell(errors: Any) -> bool:
    """Says on standard error what an answer's errors are, each in a line; answers whether there are any."""
    for error in errors or ():
        path = ".".join(map(str, error.get("path") or ()))
        words = f"{path}: {error.get('message')}" if path else str(error.get("message"))
        click.echo(f"lineageql: {' '.join(words.split())}", err=True)
    return bool(errors)


def _warn(body: Mapping[str, Any]) -> None:
    """Says on standard error what an answer warns of, each in a line."""
    warnings = (body.get("extensions") or {}).get("warnings") or ()
    _tell([{**warning, "message": f"warning: {warning.get('message')}"} for warning in warnings])


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)


async def _write(text: str) -> None:
    # A pipe that nobody reads must not hold up what keeps the connection alive.
    await asyncio.to_thread(write, text)


def _source(file: str | None) -> _Source:
    from lineageql.web.operations import load_operations, operations_folder

    if file is None and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError("a query needs FILE: a path, the name of a ready-made operation, or - for standard input")
    if file is None or file == "-":
        try:
            return _Source("" if sys.stdin is None else sys.stdin.read())
        except UnicodeError as error:
            raise UsageError(f"cannot read the query from standard input: {error}") from None
    if "{" in file:
        return _Source(file)
    path = Path(file)
    if not path.exists() and path.suffix == "" and path.name == file:
        operations = {operation.name: operation for operation in load_operations(operations_folder())}
        if file not in operations:
            names = ", ".join(sorted(operations))
            raise UsageError(
                f"cannot read the query {file}: there is no such file, and the ready-made ones are {names}"
            )
        operation = operations[file]
        beside = operations_folder() / f"{file}.variables.json"
        return _Source(operation.document, beside, operation.examples)
    try:
        return _Source(path.read_text(encoding="utf-8"), path.with_suffix(".variables.json"))
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"cannot read the query {file}: {reason.lower()}") from None


def _variables(given: str | None, source: _Source) -> dict[str, Any]:
    try:
        if given is not None and given.startswith("@"):
            given = Path(given[1:]).read_text(encoding="utf-8")
        elif given is None and source.beside is not None and source.beside.exists():
            given = source.beside.read_text(encoding="utf-8")
        found = json.loads(given or "{}")
    except (OSError, UnicodeError, ValueError) as error:
        raise UsageError(f"cannot read the variables, a JSON object or @ and a file's name: {error}") from None
    if not isinstance(found, dict):
        raise UsageError("the variables must be a JSON object")
    return found


def _records(text: str) -> bool:
    """Whether a document holds a mutation, for which the store is opened for writing."""
    try:
        document = parse(text)
    except (GraphQLError, RecursionError):
        return False  # the answer will say what is wrong with it
    return any(
        isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION
        for node in document.definitions
    )
