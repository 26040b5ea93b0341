"""`lineageql query`: an operation run on a store or sent to an endpoint, and its answer printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from lineageql.errors import UsageError
from lineageql.settings import Settings


@click.command()
@click.argument("file")
@click.option("--store", default=None, metavar="STORE", help="Run it on this store, without a server.")
@click.option("--endpoint", default=None, metavar="URL", help="Send it to this GraphQL endpoint.")
@click.option(
    "--variables",
    default=None,
    metavar="JSON",
    help="Its variables, a JSON object or @ and a file's name. [default FILE's .variables.json, where there is one]",
)
@click.option("--operation", default=None, metavar="NAME", help="Which operation of the file to run.")
def query(file: str, store: str | None, endpoint: str | None, variables: str | None, operation: str | None) -> None:
    """Run the operation in FILE and print the answer as JSON.

    FILE is a path, - for standard input, or the name of a ready-made operation.
    The exit code is 1 where the answer holds errors.
    """
    from lineageql.api.execution import Operation
    from lineageql.web.graphql import dumps
    from lineageql.web.loop import run

    if (store is None) == (endpoint is None):
        raise UsageError("a query needs --store or --endpoint, and not both")
    text, beside = _document(file)
    given = _variables(variables, beside)
    asked = Operation(text, given, operation)
    body = run(_ask_store(asked, store) if store is not None else _ask_endpoint(asked, endpoint or ""))
    click.echo(json.dumps(json.loads(dumps(body)), indent=2, ensure_ascii=False))
    if body.get("errors"):
        sys.exit(1)


def _document(file: str) -> tuple[str, Path | None]:
    """The text of a document, and the path of the variables beside it."""
    from lineageql.web.operations import operations_folder

    if file == "-":
        return sys.stdin.read(), None
    path = Path(file)
    if not path.exists() and path.suffix == "" and path.name == file:
        path = operations_folder() / f"{file}.graphql"
        if not path.exists():
            names = ", ".join(sorted(known.stem for known in operations_folder().glob("*.graphql")))
            raise UsageError(
                f"cannot read the query {file}: there is no such file, and the ready-made ones are {names}"
            )
    try:
        return path.read_text(encoding="utf-8"), path.with_suffix(".variables.json")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"cannot read the query {file}: {reason.lower()}") from None


def _variables(given: str | None, beside: Path | None) -> dict[str, Any]:
    try:
        if given is not None and given.startswith("@"):
            given = Path(given[1:]).read_text(encoding="utf-8")
        elif given is None and beside is not None and beside.exists():
            given = beside.read_text(encoding="utf-8")
        found = json.loads(given or "{}")
    except (OSError, UnicodeError, ValueError) as error:
        raise UsageError(f"cannot read the variables, a JSON object or @ and a file's name: {error}") from None
    if not isinstance(found, dict):
        raise UsageError("the variables must be a JSON object")
    return found


async def _ask_store(asked: Any, url: str | None) -> dict[str, Any]:
    from lineageql.api.execution import Executor
    from lineageql.store.open import open_store

    settings = Settings.load({"store": url, "read_only": not _records(asked.query)})
    store = await open_store(settings.store, settings)
    try:
        return (await Executor(store, settings).execute(asked)).body()
    finally:
        await store.close()


def _records(text: str) -> bool:
    """Whether a document holds a mutation, for which the store is opened for writing."""
    try:
        document = parse(text)
    except GraphQLError:
        return False  # the answer will say what is wrong with it
    return any(
        isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION
        for node in document.definitions
    )


async def _ask_endpoint(asked: Any, endpoint: str) -> dict[str, Any]:
    import httpx

    body = {"query": asked.query, "variables": asked.variables, "operationName": asked.name}
    headers = {"Accept": "application/graphql-response+json, application/json;q=0.9"}
    try:
        async with httpx.AsyncClient(timeout=120) as client:
            response = await client.post(endpoint, json=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UsageError(f"cannot reach {endpoint}: {str(error) or type(error).__name__}") from None
    try:
        answer = response.json()
    except ValueError:
        raise UsageError(f"{endpoint} answered {response.status_code} and no JSON; is it a GraphQL endpoint?") from None
    if not isinstance(answer, dict) or not {"data", "errors"} & answer.keys():
        raise UsageError(f"{endpoint} answered {response.status_code} and nothing of GraphQL's")
    return answer
