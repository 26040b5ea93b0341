"""Which names the service answers under, and that pages of other sites do not write to it.

A browser lets any page send requests to any address. Two things tell a page of
another site from the service's own:

- `Host`: a page whose name its owner points at this service (DNS rebinding) is of
  the same origin in the browser's eyes, but the request still names the page's host.
- `Origin`: what a browser sends with every POST, and with a GET across origins.

Pages of further origins are let in where a setting names these (CORS); they get no
cookies and no credentials of the browser's, only what they themselves send.

An IP address as a host needs no check, as no name stands for it: a page that a
browser got from an address can only ask that address under it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineageql.errors import UsageError
from lineageql.settings import Settings
from lineageql.web.answers import error_response

PROBES = ("/healthz", "/readyz")
"""Asked by what watches the service, under any name."""
WATCHERS = (*PROBES, "/metrics")
"""What is answered where nothing else is, as all connections are in use."""

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{0,5}))?")
_PATTERN = re.compile(r"(?P<host>\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?")
_PORTS = {"http": 80, "https": 443}
_UNOWNED = (".internal", ".local", ".svc", ".test", ".home.arpa")
"""Ends of names that the public DNS has not, so that no page of another site has such a name."""


@dataclass(frozen=True)
class Authority:
    """A host, in lower case and without a final dot, and its port where one was named."""

    host: str
    port: int | None = None

    @classmethod
    def of(cls, text: str, default: int | None = None) -> Authority | None:
        """What a Host header names; None where that is no host."""
        found = _AUTHORITY.fullmatch(text)
        if found is None:
            return None
        return cls(found["host"].lower().removesuffix("."), int(found["port"]) if found["port"] else default)

    @property
    def is_address(self) -> bool:
        try:
            ipaddress.ip_address(self.host.strip("[]"))
        except ValueError:
            return False
        return True


class Names:
    """The names that a service answers under.

    Args:
        listens: the address or name that it listens on.
        allowed: further names, as the setting `allowed_hosts` has them.

    Raises:
        UsageError: one of them is no name.
    """

    def __init__(self, listens: str, allowed: str = "") -> None:
        self._patterns = tuple(_pattern(text) for text in allowed.lower().replace(",", " ").split())
        self._loopback = is_loopback(listens)
        self._own = {"localhost", listens.lower().removesuffix(".")}
        if not self._loopback:
            self._own.add(socket.gethostname().lower())

    def answers(self, named: Authority) -> bool:
        """Whether the service answers under this name."""
        host = named.host
        if named.is_address or host in self._own or host.endswith(".localhost") or self.lists(named):
            return True
        return not self._loopback and ("." not in host or host.endswith(_UNOWNED))

    def lists(self, named: Authority) -> bool:
        """Whether the setting has this name."""
        return any(_fits(pattern, named.host) and port in (None, named.port) for pattern, port in self._patterns)

    def lists_page(self, page: Authority, default: int) -> bool:
        """Whether the setting names this host of a page; that any name is answered makes no page the service's own."""
        return any(
            pattern != "*" and _fits(pattern, page.host) and (port or default) == page.port
            for pattern, port in self._patterns
        )


def _pattern(text: str) -> tuple[str, int | None]:
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise UsageError(
            f"--allowed-hosts has {text!r}, which is no host: it takes names such as lineage.example.org, "
            "lineage.example.org:8443, *.example.org for all under it, or * for any"
        )
    return found["host"], int(found["port"]) if found["port"] else None


def _fits(pattern: str, host: str) -> bool:
    return pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def is_loopback(host: str) -> bool:
    """Whether an address to listen on, or a name, is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?P<port>\d{1,5}))?"
)
_METHODS = "GET, HEAD, POST"
_TAKEN_HEADERS = (
    "accept, apollo-require-preflight, apollographql-client-name, apollographql-client-version, authorization, "
    "content-type, graphql-cost, graphql-require-preflight, if-none-match, traceparent, tracestate, x-request-id, "
    "x-requested-with"
)
"""What a page of another origin may send: none of them says who somebody is in a proxy's stead."""
_SHOWN_HEADERS = b"etag, retry-after, www-authenticate, x-request-id"
_PREFLIGHT_AGE = "7200"
"""Seconds for which a browser need not ask again; Chromium takes no more."""
_PREFLIGHT = {
    "access-control-allow-methods": _METHODS,
    "access-control-allow-headers": _TAKEN_HEADERS,
    "access-control-max-age": _PREFLIGHT_AGE,
}
_ADMITTED = "lineageql.admitted-origin"


class Origins:
    """The origins whose pages may ask.

    Args:
        listed: them, as the setting `cors_origins` has them.

    Raises:
        UsageError: one of them is none.
    """

    def __init__(self, listed: str = "") -> None:
        texts = listed.lower().replace(",", " ").split()
        self.any = "*" in texts
        self._origins = frozenset(_origin(text) for text in texts if text != "*")

    def __bool__(self) -> bool:
        return self.any or bool(self._origins)

    def admits(self, origin: str) -> bool:
        """Whether pages of this origin may ask; it is written as browsers write it."""
        return origin in self._origins or (self.any and _ORIGIN.fullmatch(origin) is not None)


def admitted_origins(settings: Settings) -> Origins:
    """The origins whose pages may ask.

    Raises:
        UsageError: one of them is none, or they are any and may ask whatever they like, and nobody said that this is
            meant.
    """
    origins = Origins(settings.cors_origins)
    if origins.any and not settings.insecure and settings.persisted_documents != "require":
        raise UsageError(
            "--cors-origins * lets any page that somebody opens ask this service from their browser: name the origins, "
            "or bound what can be asked by --persisted-documents require, or say --insecure where that is meant"
        )
    return origins


def _origin(text: str) -> str:
    """An origin as browsers write it: without the port that its scheme has anyway."""
    found = _ORIGIN.fullmatch(text)
    if found is None:
        raise UsageError(
            f"--cors-origins has {text!r}, which is no origin: it takes such as https://dash.example.org, with a port "
            "where there is one and without a path, or * for all"
        )
    port = found["port"]
    shown = f":{int(port)}" if port and int(port) != _PORTS[found["scheme"]] else ""
    return f"{found['scheme']}://{found['host']}{shown}"


def is_admitted_page(scope: Scope) -> bool:
    """Whether a request is one of a page of another origin that may ask."""
    return bool(scope.get(_ADMITTED))


class OwnSite:
    """Middleware that refuses what is sent under another name, or by a page of another site that may not ask.

    The one place that decides who may ask from a browser.
    """

    def __init__(self, app: ASGIApp, names: Names, origins: Origins) -> None:
        self.app = app
        self.names = names
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.origins:
            refusal = self._refusal(scope) if scope["type"] == "http" else None
            await (self.app if refusal is None else refusal)(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        admitted = self.origins.admits(origin)
        shared = _shared(b"*" if self.origins.any else origin.encode("latin-1")) if admitted else ()

        async def send_shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                # An answer to a page of one origin is not one to a page of another.
                message = {**message, "headers": [*_with_vary(message["headers"], b"Origin"), *shared]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None and admitted:
            if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
                refusal = Response(status_code=204, headers=_PREFLIGHT)
            scope = {**scope, _ADMITTED: True}
        await (self.app if refusal is None else refusal)(scope, receive, send_shared)

    def _refusal(self, scope: Scope) -> Response | None:
        if scope["path"] in PROBES:
            return None
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if not hosts and scope["http_version"] == "1.0":
            return None
        host = hosts[0].decode("latin-1") if hosts else ""
        named = Authority.of(host)
        if named is None or len(hosts) > 1:
            return error_response(400, "a request has one header Host, with the name that the service is asked under")
        if not self.names.answers(named):
            advice = f"start it with --allowed-hosts {named.host} if it is to be"
            return error_response(421, f"this service is not served under the name {named.host}: {advice}")
        for name, value in scope["headers"]:
            if name == b"origin" and not self._may_ask(value.decode("latin-1"), host):
                advice = (
                    "if it is to, start it with --cors-origins and the page's origin; if the page is this service's "
                    "own, behind a proxy, with --allowed-hosts and its name"
                )
                return error_response(403, f"a page of another site may not ask this service; {advice}")
        return None

    def _may_ask(self, origin: str, host: str) -> bool:
        return self.origins.admits(origin) or self._is_own(origin, host)

    def _is_own(self, origin: str, host: str) -> bool:
        """Whether a page of this origin is this service's: a proxy may have given the request another host."""
        scheme, separator, rest = origin.partition("://")
        default = _PORTS.get(scheme.lower()) if separator else None
        page = Authority.of(rest, default) if default is not None else None  # `null` is a sandboxed page's
        if page is None or default is None:
            return False
        return page == Authority.of(host, default) or self.names.lists_page(page, default)


def _shared(origin: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"access-control-allow-origin", origin), (b"access-control-expose-headers", _SHOWN_HEADERS))


def _with_vary(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    """Some headers, of which `Vary` names one more."""
    kept = list(headers)
    varies = [value for key, value in kept if key.lower() == b"vary"]
    return [*((key, value) for key, value in kept if key.lower() != b"vary"), (b"vary", b", ".join((*varies, name)))]
