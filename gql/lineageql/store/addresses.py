"""The addresses of stores: what a URL means.

A row of `SCHEMES` says how the URLs of a scheme are read; `store.open` has what opens them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from lineageql.errors import UsageError
from lineageql.store.endpoint import Endpoint

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
        others: more hosts and ports of the same database, to be tried in their order after the first.
    """

    scheme: str
    host: str
    port: int
    database: str
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    others: tuple[tuple[str, int], ...] = ()

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        """All hosts with their ports."""
        return ((self.host, self.port), *self.others)

    def __str__(self) -> str:
        hosts = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        return f"{self.scheme}://{','.join(hosts)}/{self.database}"


@dataclass(frozen=True)
class ServiceAddress:
    """MLMD's own gRPC service; as a text its URL, which holds no credentials."""

    scheme: str
    endpoint: Endpoint

    def __str__(self) -> str:
        return str(self.endpoint)


Address = FileAddress | ServerAddress | ServiceAddress


def address_of(url: str) -> Address:
    """What a URL means; without a scheme it is the path of an SQLite file.

    Raises:
        UsageError: it means nothing that this release opens.
    """
    found = _SCHEME.fullmatch(url)
    if found is None:
        return _file(url)
    read = SCHEMES.get(found[1].lower())
    if read is None:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise UsageError(f"{shown(url)} cannot be opened: this release opens {known}")
    return read(url)


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


def _server(
    scheme: str, port: int, options: frozenset[str], *, several: bool = False
) -> Callable[[str], ServerAddress]:
    """What reads the URLs of a server's scheme: scheme://user:password@host:port/database?option=value.

    Where several hosts are taken they are written host:port,host:port.
    """

    def parse(url: str) -> ServerAddress:
        first, more = _hosts(url) if several else (url, ())
        # Before the others are looked at: what is no URL may be a part of a password.
        one = parse_one(first)
        others = [parse_one(f"{scheme}://{host}/any") for host in more]
        return replace(one, others=tuple((other.host, other.port) for other in others))

    def parse_one(url: str) -> ServerAddress:
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


def _hosts(url: str) -> tuple[str, tuple[str, ...]]:
    """A URL with the first of its hosts alone, and its other hosts."""
    scheme, _, rest = url.partition("://")
    place = re.match(r"[^/?#]*", rest)
    assert place is not None
    user, at, hosts = place[0].rpartition("@")
    first, *others = hosts.split(",")
    return f"{scheme}://{user}{at}{first}{rest[place.end() :]}", tuple(others)


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


_POSTGRESQL = frozenset(
    {
        "connect_timeout",
        "host",
        "options",
        "pooled",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)
_postgresql = _server("postgresql", 5432, _POSTGRESQL, several=True)
_mysql = _server("mysql", 3306, frozenset({"host", "charset", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"}))

SCHEMES: dict[str, Callable[[str], Address]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "postgres": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
    "grpc": _service,
    "grpcs": _service,
}
"""What reads the URLs of a scheme, by the name of the scheme."""
