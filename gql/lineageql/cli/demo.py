"""`lineageql demo`: a demonstration store, made and served."""

from __future__ import annotations

from typing import Any

import click

from lineageql.cli.flags import settings_flags
from lineageql.cli.serve import serve_store
from lineageql.errors import UsageError
from lineageql.settings import Settings

DEMO_STORE = "sqlite:///lineage-demo.db"


@click.command()
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
        serve_store(settings, record)
    else:
        run(make())
