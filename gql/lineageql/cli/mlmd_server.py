"""`lineageql mlmd-server`: MLMD's own gRPC service over a store."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import click

import lineageql
from lineageql.cli.flags import settings_flags
from lineageql.settings import Settings

DEFAULT_PORT = 8080
GRACE = 10.0
"""Seconds that calls under way have when the server is asked to end."""


@click.command("mlmd-server")
@click.argument("store", required=False)
@click.option("--port", default=None, metavar="VALUE", help="TCP port to listen on [LINEAGEQL_MLMD_PORT; default 8080]")
@click.option(
    "--kubeflow-types/--no-kubeflow-types",
    default=False,
    help="Register the types that the Kubeflow Metadata SDK expects to be there. [default no]",
)
@settings_flags(
    "policy",
    "host",
    "create",
    "lock_timeout",
    "mlmd_workers",
    "log_level",
    "log_format",
    "insecure",
    "auth_tokens",
    "auth_issuer",
    "auth_audience",
    "auth_jwks",
    "auth_name_claim",
    "auth_groups_claim",
    "mlmd_tls_cert",
    "mlmd_tls_key",
)
def mlmd_server(store: str | None, port: str | None, kubeflow_types: bool, **flags: Any) -> None:
    """Serve STORE by MLMD's own gRPC service, for the SDKs of Kubeflow, KFP and TFX.

    STORE is a URL such as sqlite:///lineage.db, or the path of an SQLite file.
    Without --create it must be there. On an address of a network it asks for
    bearer tokens, unless --insecure says that others keep strangers away.
    With --policy it starts only where that lets everybody record everywhere.
    """
    from lineageql.catalog.policy_file import policy_file
    from lineageql.store.open import listen_as_mlmd, open_store, start_as_mlmd
    from lineageql.web import logs
    from lineageql.web.authentication.authentication import Authentication
    from lineageql.web.authentication.exposure import check_mlmd_exposure
    from lineageql.web.loop import run

    settings = Settings.load({**flags, "store": store, "mlmd_port": port, "read_only": False})
    logs.configure(settings)

    authentication = Authentication(settings)
    check_mlmd_exposure(settings, authentication)
    policy_file(settings, over_mlmd=True)

    async def main() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        wanted = DEFAULT_PORT if settings.mlmd_port is None else settings.mlmd_port
        grpc_server = await listen_as_mlmd(settings, wanted, authentication.call_gate)
        try:
            opened = await open_store(settings.store, settings)
            try:
                if kubeflow_types:
                    from lineageql.catalog.recording import Recording

                    await Recording(opened, settings).register_types()
                await start_as_mlmd(grpc_server, opened, settings)
                click.echo(f"LineageQL {lineageql.__version__} on {opened.info.url}, by MLMD's gRPC service")
                click.echo(f"MLMD (gRPC)           {grpc_server.address}")
                click.echo("Stop with Ctrl-C")
                await ended.wait()
                await grpc_server.stop(GRACE)
            finally:
                await opened.close()
        finally:
            await grpc_server.stop(0)

    run(main())
