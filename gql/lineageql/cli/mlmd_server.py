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
    "audit_log",
    "types",
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
    With --policy each caller sees and records what its token may.
    """
    from lineageql.catalog.policy_file import policy_file
    from lineageql.store.open import open_store
    from lineageql.web import logs
    from lineageql.web.audit import AuditLog
    from lineageql.web.authentication.authentication import Authentication
    from lineageql.web.authentication.exposure import check_knowable, check_mlmd_exposure
    from lineageql.web.loop import run
    from lineageql.web.mlmd import MLMDService

    settings = Settings.load({**flags, "store": store, "mlmd_port": port, "read_only": False})
    logs.configure(settings)

    authentication = Authentication(settings)
    check_mlmd_exposure(settings, authentication)
    policy = authentication.policy = policy_file(settings)
    check_knowable(settings, policy, known=authentication.takes_bearer)
    audit = AuditLog(settings.audit_log) if settings.audit_log else None

    def say(text: str) -> None:
        # Where standard output is the audit log, it holds that and nothing else.
        click.echo(text, err=settings.audit_log == "-")

    async def main() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        if audit is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, audit.reopen)
        wanted = DEFAULT_PORT if settings.mlmd_port is None else settings.mlmd_port
        service = MLMDService(settings, authentication, policy, audit)
        await service.listen(wanted)
        try:
            opened = await open_store(settings.store, settings)
            try:
                if kubeflow_types:
                    from lineageql.catalog.recording import Recording

                    await Recording(opened, settings).register_types()
                await service.start(opened)
                say(f"LineageQL {lineageql.__version__} on {opened.info.url}, by MLMD's gRPC service")
                say(f"MLMD (gRPC)           {service.address}")
                say("Stop with Ctrl-C")
                await ended.wait()
                await service.stop(GRACE)
            finally:
                await opened.close()
        finally:
            await service.stop(0)
            if audit is not None:
                audit.close()

    run(main())
