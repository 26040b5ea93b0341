"""The addresses of stores: what a URL means, and how what it means is opened.

A row of `SCHEMES` is all that a scheme needs: how its URLs are read, and what
opens their addresses.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from lineageql.errors import UsageError
from lineageql.settings import Settings
from lineageql.store.mlmd.endpoint import Endpoint
from lineageql.store.ports import Store

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)


@dataclass(frozen=True)
class FileAddress:
    """An SQLite file."""

    scheme: str
    path: Path

    def __str__(self) -> str:
        return f"sqlite:///{self.path}"


@dataclass(frozen=True)
class ServerAddress:
    """A database on a server. As a text it is without credentials, and without the options.

    Attributes:
        scheme: the backend's own, whichever of its names the URL was written with.
        host: a name, an IP address, or the folder of a Unix socket.
        options: what the URL says after its question mark, all of it known to the scheme.
    """

    scheme: str
    host: str
    port: int
    database: str
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class ServiceAddress:
    """MLMD's own gRPC service; as a text its URL, which holds no credentials."""

    scheme: str
    endpoint: Endpoint

    def __str__(self) -> str:
        return str(self.endpoint)


Address = FileAddress | ServerAddress | ServiceAddress


@dataclass(frozen=True)
class Scheme:
    """How the URLs of a scheme are read, and what opens an address of theirs."""

    parse: Callable[[str], Address]
    open: Callable[[Any, Settings], Awaitable[Store]]


def address_of(url: str) -> Address:
    """What a URL means; without a scheme it is the path of an SQLite file.

    Raises:
        UsageError: it means nothing that this release opens.
    """
    found = _SCHEME.fullmatch(url)
    if found is None:
        return _file(url)
    scheme = SCHEMES.get(found[1].lower())
    if scheme is None:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise UsageError(f"{shown(url)} cannot be opened: this release opens {known}")
    return scheme.parse(url)


async def open_address(address: Address, settings: Settings) -> Store:
    """Opens what an address means; see `store.open_store`."""
    return await SCHEMES[address.scheme].open(address, settings)


def shown(url: str) -> str:
    """An address without the credentials that may stand in it."""
    found = _SCHEME.fullmatch(url)
    if found is None:
        return repr(url)
    # A password that was not encoded may hold any sign: all before the last @ goes, and so do the options.
    return repr(f"{found[1]}://{found[2].rpartition('@')[2].partition('?')[0]}")


def _sqlite(url: str) -> FileAddress:
    rest = url.partition("://")[2]
    if not rest.startswith("/"):
        raise UsageError(f"{shown(url)} has a host, and SQLite has none: write sqlite:///{rest}")
    return _file(rest[1:], url)


def _file(path: str, url: str | None = None) -> FileAddress:
    if not path or path == ":memory:":
        raise UsageError(f"{shown(url or path)} names no file: write sqlite:///path")
    if "\0" in path:
        raise UsageError(f"the path {path!r} holds a NUL")
    return FileAddress("sqlite", Path(path))


def _server(scheme: str, port: int, options: frozenset[str]) -> Callable[[str], ServerAddress]:
    """What reads the URLs of a server's scheme: scheme://user:password@host:port/database?option=value."""

    def parse(url: str) -> ServerAddress:
        try:
            parts = urlsplit(url)
            given = parts.port
        except ValueError:
            # What is wrong may be a part of a password, so it is not told.
            advice = "the signs : / ? # @ % in a user or a password are written as %3A %2F %3F %23 %40 %25"
            raise UsageError(f"{shown(url)} is no URL; {advice}") from None
        asked = _options(url, parts, options)
        host = asked.pop("host", "") or unquote(parts.hostname or "")
        database = unquote(parts.path.removeprefix("/"))
        if not host or not database or "/" in database:
            raise UsageError(f"{shown(url)} is incomplete: write {scheme}://user@host:{port}/database")
        user = None if parts.username is None else unquote(parts.username)
        password = None if parts.password is None else unquote(parts.password)
        if any("\0" in (text or "") for text in (host, database, user, password, *asked.values())):
            raise UsageError(f"{shown(url)} holds a NUL")
        return ServerAddress(scheme, host, given or port, database, user, password, asked)

    return parse


def _options(url: str, parts: SplitResult, known: frozenset[str]) -> dict[str, str]:
    if parts.fragment:
        raise UsageError(f"{shown(url)} ends in a #; write %23 where one is meant")
    try:
        asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise UsageError(f"the options of {shown(url)} are not of the form ?name=value&name=value") from None
    for name in asked:
        if name not in known:
            raise UsageError(f"{shown(url)} has the option {name!r}; known are {', '.join(sorted(known))}")
    return asked


def _service(url: str) -> ServiceAddress:
    return ServiceAddress(urlsplit(url).scheme, Endpoint.of(url))


async def _open_file(address: FileAddress, settings: Settings) -> Store:
    from lineageql.store.sqlite_store import open_sqlite

    return await open_sqlite(address.path, settings)


async def _open_server(address: ServerAddress, settings: Settings) -> Store:
    from lineageql.store.server_store import open_server

    return await open_server(address, settings)


async def _open_service(address: ServiceAddress, settings: Settings) -> Store:
    from lineageql.store.mlmd.availability import missing_grpc

    reason = missing_grpc()
    if reason is not None:
        raise UsageError(reason)
    from lineageql.store.mlmd.grpc_channel import GrpcChannel
    from lineageql.store.service.store import open_service

    endpoint = await asyncio.to_thread(Endpoint.by, str(address), settings)
    return await open_service(str(address), GrpcChannel(endpoint, timeout=float(settings.deadline)), settings)


_POSTGRESQL = Scheme(
    _server("postgresql", 5432, frozenset({"host", "sslmode", "sslrootcert", "sslcert", "sslkey"})), _open_server
)

_MYSQL = Scheme(
    _server("mysql", 3306, frozenset({"host", "charset", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"})), _open_server
)

SCHEMES: dict[str, Scheme] = {
    "sqlite": Scheme(_sqlite, _open_file),
    "postgresql": _POSTGRESQL,
    "postgres": _POSTGRESQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "grpc": Scheme(_service, _open_service),
    "grpcs": Scheme(_service, _open_service),
}
"""By the name of the scheme."""
