"""`lineageql serve`: GraphQL over a store."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click

import lineageql
from lineageql.cli.flags import settings_flags
from lineageql.settings import Settings, secret

_SERVING = tuple(row.name for row in fields(Settings) if row.name != "store" and not secret(row))


@click.command()
@click.argument("store", required=False)
@settings_flags(*_SERVING)
def serve(store: str | None, **flags: Any) -> None:
    """Serve STORE at /graphql, to browsers with GraphiQL.

    STORE is a URL such as sqlite:///lineage.db, or the path of an SQLite file.
    Without --create it must be there; with --create and --mlmd-port the types that
    the Kubeflow Metadata SDK expects are registered too. Every setting is a flag or
    an environment variable; the flag wins.
    """
    from lineageql.store.addresses import ServerAddress, address_of

    for given in (store, flags.get("read_store")):
        address = address_of(given) if given else None
        if isinstance(address, ServerAddress) and address.password is not None:
            advice = "put it into a file and name that with --store-password-file, or into LINEAGEQL_STORE_PASSWORD"
            click.echo(f"WARNING: every user of this machine sees the password of {address}: {advice}", err=True)
    serve_store(Settings.load({**flags, "store": store}))


def serve_store(
    settings: Settings, before: Callable[[Any], Any] | None = None, clear: Callable[[], None] | None = None
) -> None:
    """Serves a store until it is told to stop.

    Args:
        settings: the settings of the service.
        before: is given the open store, before it is served.
        clear: makes room for a new store, once it is sure that its port can be had.
    """
    from lineageql.web.gathering import FOLDER

    gathering = contextlib.ExitStack()
    if settings.workers > 1:
        # Before anything is imported that counts.
        folder = gathering.enter_context(tempfile.TemporaryDirectory(prefix="lineageql-", ignore_cleanup_errors=True))
        os.environ[FOLDER] = folder

    from lineageql.catalog.policy_file import policy_file
    from lineageql.catalog.recording import Recording
    from lineageql.store.open import open_store
    from lineageql.web import logs, server, workers
    from lineageql.web.audit import AuditLog
    from lineageql.web.authentication.authentication import Authentication
    from lineageql.web.authentication.exposure import check_exposure, check_knowable, check_mlmd_exposure
    from lineageql.web.loop import run
    from lineageql.web.mlmd import MLMDService

    logs.configure(settings)

    authentication = Authentication(settings)
    check_exposure(settings, authentication)
    if settings.mlmd_port is not None:
        check_mlmd_exposure(settings, authentication)
    mlmd: MLMDService | None = None

    def say(text: str) -> None:
        # Where standard output is the audit log, it holds that and nothing else.
        click.echo(text, err=settings.audit_log == "-")

    def started(address: str) -> None:
        if settings.serves_explorer:
            say(f"Explorer              {address}/")
        named = "GraphiQL and GraphQL" if settings.serves_graphiql else "GraphQL             "
        say(f"{named}  {address}/graphql")
        say(f"Health                {address}/healthz  {address}/readyz")
        if mlmd is not None:
            say(f"MLMD (gRPC)           {mlmd.address}")
        say("Stop with Ctrl-C")

    # A wrong one is refused before anything is opened.
    policy = authentication.policy = policy_file(settings)
    check_knowable(settings, policy, known=authentication.is_on)
    audit = AuditLog(settings.audit_log) if settings.audit_log else None

    async def main() -> None:
        nonlocal mlmd
        listener = server.listen(settings)
        try:
            if settings.mlmd_port is not None:
                listening = MLMDService(settings, authentication, policy, audit)
                await listening.listen(settings.mlmd_port)
                mlmd = listening
            if clear is not None:
                clear()
            store = await open_store(settings.store, settings)
            mode = "reading and recording" if store.info.writable else "reading"
            say(f"LineageQL {lineageql.__version__} on {store.info.url}, {mode}")
            if before is not None:
                await before(store)
            if settings.create and store.info.writable:
                # The SDK of Kubeflow, which MLMD's service is for, looks its types up and does not make them.
                await Recording(store, settings).register_types(in_any=mlmd is not None)
            if mlmd is not None:
                await mlmd.start(store)
            if settings.workers > 1:
                await workers.serve(store, settings, listener, started, mlmd, audit)
            else:
                await server.serve(store, settings, listener, started, mlmd, authentication, audit)
        finally:
            listener.close()
            if mlmd is not None:
                await mlmd.stop(0)

    with gathering:
        run(main())
