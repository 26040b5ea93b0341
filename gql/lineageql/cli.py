"""The command line.

Every error is one line on standard error. Exit codes: 0 for success, 1 where an
answer holds errors, 2 where the command could not be carried out.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

import lineageql
from lineageql.errors import LineageQLError, UsageError
from lineageql.flags import settings_flags
from lineageql.mlmd_command import mlmd_server
from lineageql.settings import Settings, secret
from lineageql.store_commands import store_commands

_SERVING = tuple(row.name for row in fields(Settings) if row.name != "store" and not secret(row))
DEMO_STORE = "sqlite:///lineage-demo.db"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(lineageql.__version__, "-V", "--version", prog_name="lineageql")
def commands() -> None:
    """A GraphQL lineage query service over ML Metadata (MLMD).

    \b
    lineageql demo                       make a demonstration store and serve it
    lineageql serve lineage.db           serve a store
    lineageql mlmd-server lineage.db     serve a store by MLMD's own gRPC service
    lineageql query FILE --store STORE   run a query without a server
    lineageql store check STORE          tell what is in a store and what is wrong with it
    """


@commands.command()
@click.argument("store", required=False)
@settings_flags(*_SERVING)
def serve(store: str | None, **flags: Any) -> None:
    """Serve STORE at /graphql, to browsers with GraphiQL.

    STORE is a URL such as sqlite:///lineage.db, or the path of an SQLite file.
    Without --create it must be there. Every setting is a flag or an environment
    variable; the flag wins.
    """
    _serve(Settings.load({**flags, "store": store}))


def _serve(settings: Settings, before: Callable[[Any], Any] | None = None) -> None:
    from lineageql.store.open import listen_as_mlmd, open_store, start_as_mlmd
    from lineageql.web.loop import run
    from lineageql.web.server import listen
    from lineageql.web.server import serve as serve_store

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)

    front: Any = None

    def started(address: str) -> None:
        click.echo(f"GraphiQL and GraphQL  {address}/graphql")
        click.echo(f"Health                {address}/healthz  {address}/readyz")
        if front is not None:
            click.echo(f"MLMD (gRPC)           {front.address}")
        click.echo("Stop with Ctrl-C")

    async def main() -> None:
        nonlocal front
        listener = listen(settings)
        try:
            if settings.mlmd_port is not None:
                front = await listen_as_mlmd(settings.host, settings.mlmd_port)
            store = await open_store(settings.store, settings)
            mode = "reading and recording" if store.info.writable else "reading"
            click.echo(f"LineageQL {lineageql.__version__} on {store.info.url}, {mode}")
            if before is not None:
                await before(store)
            if front is not None:
                await start_as_mlmd(front, store, settings)
            await serve_store(store, settings, listener, started, front)
        finally:
            listener.close()
            if front is not None:
                await front.stop(0)

    run(main())


@commands.command()
@click.argument("store", required=False)
@click.option("--serve/--no-serve", "serving", default=True, help="Serve the store once it is made. [default serve]")
@settings_flags("host", "port", "graphiql", "log_level")
def demo(store: str | None, serving: bool, **flags: Any) -> None:
    """Make a demonstration store and serve it.

    STORE is lineage-demo.db in this folder unless given. A store that is there
    already is kept; what the demonstration needs and it lacks is added.
    """
    from lineageql.catalog.demonstration import record_demonstration
    from lineageql.catalog.recording import Recording
    from lineageql.store.open import open_store
    from lineageql.web.loop import run

    settings = Settings.load({**flags, "store": store or DEMO_STORE, "create": True, "read_only": False})

    async def record(opened: Any) -> None:
        if opened.recorder is None or not opened.info.writable:
            raise UsageError("the demonstration store cannot be made: it needs ml-metadata, which is missing here")
        click.echo("Recording the demonstration …", err=True)
        await record_demonstration(Recording(opened, settings))

    async def make() -> None:
        opened = await open_store(settings.store, settings)
        try:
            await record(opened)
            click.echo(f"The demonstration store is {opened.info.url}")
        finally:
            await opened.close()

    if serving:
        _serve(settings, record)
    else:
        run(make())


@commands.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from lineageql.api.schema import SCHEMA

    click.echo(SCHEMA.as_str())


@commands.command()
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


commands.add_command(mlmd_server)
commands.add_command(store_commands)


def main() -> None:
    """Runs the command that the arguments name."""
    try:
        commands.main(standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "lineageql"
        _fail(f"{error.format_message()} See {command} --help.")
    except click.ClickException as error:
        _fail(error.format_message())
    except LineageQLError as error:
        _fail(str(error))
    except BrokenPipeError:
        sys.exit(1)


def _fail(message: str) -> None:
    click.echo("lineageql: " + " ".join(message.split()), err=True)
    sys.exit(2)
