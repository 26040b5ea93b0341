"""`lineageql demo`: a demonstration store, made and served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
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
@click.option("--reset", is_flag=True, help="Delete the store and make it anew.")
@settings_flags("types", "host", "port", "auth_tokens", "insecure", "explorer", "graphiql", "explain", "log_level")
def demo(store: str | None, serving: bool, reset: bool, **flags: Any) -> None:
    """Make a demonstration store and serve it.

    STORE is lineage-demo.db in this folder unless given. A store that is there
    already is kept; what the demonstration needs and it lacks is added. Its times
    are spread over seven months, but on a database server, where they are those of
    the recording.
    """
    from lineageql.catalog.demonstration import TIMES, record_demonstration
    from lineageql.catalog.recording import Recording
    from lineageql.store.addresses import FileAddress, address_of
    from lineageql.store.backdating import backdate
    from lineageql.store.open import open_store
    from lineageql.web.loop import run

    settings = Settings.load({**flags, "store": store or DEMO_STORE, "create": True, "read_only": False})
    address = address_of(settings.store)
    others: list[str] = []
    if reset:
        if not isinstance(address, FileAddress):
            raise UsageError(f"--reset deletes an SQLite file, and {address} is none")
        # A file that is ours by its name is deleted whatever was tried in it.
        others = run(_others(settings)) if store is not None and address.path.exists() else []

    def clear() -> None:
        if reset and isinstance(address, FileAddress) and address.path.exists():
            _delete(address.path, others)

    async def record(opened: Any) -> None:
        if opened.recorder is None or not opened.info.writable:
            raise UsageError("the demonstration store cannot be made: it needs ml-metadata, which is missing here")
        click.echo("Recording the demonstration …", err=True)
        await record_demonstration(Recording(opened, settings))
        if isinstance(address, FileAddress):
            await backdate(address.path, TIMES, settings.lock_timeout)

    async def make() -> None:
        opened = await open_store(settings.store, settings)
        try:
            await record(opened)
            click.echo(f"The demonstration store is {opened.info.url}")
        finally:
            await opened.close()

    if serving:
        serve_store(settings, record, clear)
    else:
        clear()
        run(make())


def _delete(path: Path, others: Sequence[str]) -> None:
    """Deletes a demonstration store, but for one with workspaces of somebody else's, or one that is being served.

    Raises:
        UsageError: it has such workspaces, another process has it open, or it cannot be deleted.
    """
    from lineageql.store.maintenance import is_open

    if others:
        shown = ", ".join(map(repr, others[:5]))
        raise UsageError(f"{path} holds workspaces that are not the demonstration's, {shown}: delete the file yourself")
    if is_open(path):
        raise UsageError(f"another process has {path} open, a service most likely: stop that first")
    for suffix in ("", "-wal", "-shm", "-journal"):
        try:
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"cannot delete {path}{suffix}: {(error.strerror or str(error)).lower()}") from None


async def _others(settings: Settings) -> list[str]:
    """Some of the workspaces of a store that are not the demonstration's."""
    from lineageql.catalog.demonstration import WORKSPACES
    from lineageql.model.identity import EntityKind
    from lineageql.model.rights import WHOLE
    from lineageql.store.open import open_store
    from lineageql.store.ports import Search, Window

    opened = await open_store(settings.store, replace(settings, create=False, read_only=True))
    try:
        found = await opened.reader(WHOLE).search(Search(EntityKind.WORKSPACE), Window(len(WORKSPACES) + 5))
        return [row.entity.name for row in found.rows if row.entity.name not in WORKSPACES]
    finally:
        await opened.close()
