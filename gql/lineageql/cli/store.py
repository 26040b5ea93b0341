"""The commands that maintain stores: `lineageql store check`, `index` and `upgrade`."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lineageql.cli.flags import settings_flags
from lineageql.cli.output import check_output
from lineageql.settings import Settings

if TYPE_CHECKING:
    from lineageql.model.identity import EntityKind
    from lineageql.store.sql.checkup import Checkup, SearchIndex

T = TypeVar("T")
_SHOWN = 20


@click.group(invoke_without_command=True)
@click.pass_context
def store(context: click.Context) -> None:
    """Check a store, add the indexes it lacks, upgrade a copy of an old one."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@store.command()
@click.argument("store")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@settings_flags("types")
def check(store: str, as_json: bool, **flags: Any) -> None:
    """Tell what is in STORE and what is wrong with it; nothing is changed.

    With --types it tells too which types of STORE the file maps.

    The exit code is 0 where nothing is found to be done, 1 where something is,
    and 2 where STORE cannot be read.
    """
    from lineageql.store.addresses import FileAddress, address_of
    from lineageql.store.maintenance import check_store
    from lineageql.web.loop import run

    check_output()
    address = address_of(store)
    found = run(check_store(address, Settings.load(flags)))
    name = store if isinstance(address, FileAddress) else str(address)  # without the password
    if as_json:
        click.echo(json.dumps(_as_json(name, found), indent=2, ensure_ascii=False))
    else:
        _print(name, found)
    if found.findings:
        sys.exit(1)


@store.command()
@click.argument("store")
@click.option("--search", is_flag=True, help="Make the search index too, or bring it up to date.")
@click.option("--drop-search", is_flag=True, help="Take the search index away, and do nothing else.")
@settings_flags("types")
def index(store: str, search: bool, drop_search: bool, **flags: Any) -> None:
    """Add to STORE the indexes that MLMD lacks, where they are missing.

    With --search it gets a search index too, of all texts and names: it makes `search`
    and lists in the order of names quick. The index is in STORE, in tables and triggers
    whose names begin with "lineageql_". A service that records keeps it up to date.
    Give --types as the service has it.
    """
    from lineageql.store.addresses import address_of
    from lineageql.store.maintenance import check_searchable, drop_search_index, index_store, make_search_index
    from lineageql.web.loop import run

    if search and drop_search:
        raise click.UsageError("--search and --drop-search exclude each other")
    address, settings = address_of(store), Settings.load(flags)
    if drop_search:
        there = run(drop_search_index(address, settings))
        click.echo("Took the search index away" if there else "There is no search index")
        return
    if search:
        check_searchable(address)
    done = run(index_store(address, settings))
    for added in done.added:
        click.echo(f"Added {added}")
    for present in done.present:
        click.echo(f"There already: {present}")
    if search:
        made = run(make_search_index(address, settings, _tell_progress()))
        click.echo(str(made))


def _tell_progress() -> Callable[[EntityKind, int], None]:
    """Tells a terminal now and then how far the work is."""
    told = time.monotonic()

    def tell(kind: EntityKind, number: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told >= 1:
            told = time.monotonic()
            click.echo(f"\r{number:,} {kind.value.lower()}s ...", err=True, nl=False)

    return tell


@store.command()
@click.argument("source")
@click.argument("copy")
def upgrade(source: str, copy: str) -> None:
    """Copy SOURCE, a store of an older schema version, to COPY and upgrade the copy.

    The upgrade is ml-metadata's own. SOURCE is only read, and COPY must not be there.
    """
    from lineageql.store.maintenance import upgrade_copy
    from lineageql.web.loop import run

    done = run(_stoppable(upgrade_copy(_path(source), _path(copy), Settings.load())))
    click.echo(f"{copy} is {source} upgraded from schema version {done.before} to {done.after}")


async def _stoppable(work: Coroutine[Any, Any, T]) -> T:
    """What some work returns. A signal that ends a process cancels it first, so that it can tidy up."""
    import asyncio

    task, stopped = asyncio.ensure_future(work), []

    def stop(number: int) -> None:
        stopped.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if stopped:
            sys.exit(128 + stopped[0])
        raise


def _path(url: str) -> Path:
    from lineageql.errors import UsageError
    from lineageql.store.addresses import FileAddress, address_of

    address = address_of(url)
    if not isinstance(address, FileAddress):
        raise UsageError(f"{address} is no SQLite file; MLMD's own server upgrades the others")
    return address.path


def _print(store: str, found: Checkup) -> None:
    version = f"schema version {found.schema_version}" + ("" if found.served else ", not served")
    click.echo(f"{store}: {found.backend}, {version}")
    width = max([14, *(len(row.convention) for row in found.types)])
    for row in found.types:
        click.echo(f"{row.nodes:>10}  {row.kind:<9}  {row.convention:<{width}}  {row.type}")
    click.echo(f"{found.events:>10}  events")
    if found.search_index is not None:
        click.echo(found.search_index)
    for table in found.mapped:
        number = f"{len(table.types)} type{'' if len(table.types) == 1 else 's'} of {table.nodes:,} nodes"
        shown = f": {', '.join(table.types)}" if table.types else ""
        click.echo(f"{table.table} maps {number}{shown}")
        if table.missing:
            click.echo(f"{table.table} names what is no type here: {', '.join(table.missing)}")
        for key, names in table.unseen.items():
            click.echo(f"{table.table}.{key} names what none of these nodes has: {', '.join(names)}")
    findings = found.findings
    for text in findings[:_SHOWN]:
        click.echo(f"Found: {text}")
    if len(findings) > _SHOWN:
        click.echo(f"Found: {len(findings) - _SHOWN} more; --json shows all")
    if not findings:
        click.echo("Nothing to be done.")


def _search_index(found: SearchIndex) -> dict[str, Any]:
    return {"whole": found.whole, "ofTheseTypes": found.of_these_types, "changesWaiting": found.waiting}


def _as_json(store: str, found: Checkup) -> dict[str, Any]:
    by_kind: dict[str, int] = {}
    for row in found.types:
        by_kind[f"{row.kind}s"] = by_kind.get(f"{row.kind}s", 0) + row.nodes
    return {
        "store": store,
        "backend": found.backend,
        "schemaVersion": found.schema_version,
        "served": found.served,
        "counts": {**by_kind, "events": found.events},
        "types": [asdict(row) for row in found.types],
        "missingIndexes": [asdict(row) for row in found.missing_indexes],
        "unreadable": [asdict(row) for row in found.unreadable],
        "doubles": [asdict(row) for row in found.doubles],
        "searchIndex": None if found.search_index is None else _search_index(found.search_index),
        "mapped": [asdict(row) for row in found.mapped],
        "findings": found.findings,
    }
