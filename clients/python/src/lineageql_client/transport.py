"""GraphQL over HTTP: the only place that knows httpx.

httpx and not httpx2, its maintained successor: httpx2 needs Python 3.11, and this package serves 3.10. It is imported
when the first request is sent and not with the package, because that takes longer than all else of the import;
README.md has the figures of both, and of the others.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from lineageql_client.errors import (
    BadRequest,
    DeadlineExceeded,
    Forbidden,
    Internal,
    LineageQLError,
    NotGraphQL,
    ServiceWarning,
    TooExpensive,
    Unauthenticated,
    Unavailable,
    error_of,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    import httpx

VERSION = "0.1.0"
_IGNORED = re.compile(r"#[^\n]*|\"\"\".*?\"\"\"|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
_TOKEN = re.compile(r"[!-~]*")
# A selection that has a field of this name after a brace is taken for one too, and is then only not sent again.
_MUTATION = re.compile(r"(?:^|})[\s,]*mutation\b")
# This package, and what leaves its context managers.
_OURS = (__name__.partition(".")[0], "contextlib")
_DECLARED = re.compile(r"\$[\s,]*([_A-Za-z]\w*)[\s,]*:")


@dataclass(frozen=True)
class Request:
    """One GraphQL operation."""

    document: str
    variables: Mapping[str, Any]
    repeatable: bool = True
    """Whether it may be sent again where it is not known if it was carried out."""
    patience: float | None = None
    """Seconds to go on trying; those of the client if None."""

    def body(self) -> bytes:
        return json.dumps({"query": self.document, "variables": self.variables}, allow_nan=False).encode()


def is_mutation(document: str) -> bool:
    """Whether a document of a user's own may change something."""
    return _MUTATION.search(_IGNORED.sub(" ", document)) is not None


def declared_variables(document: str) -> list[str]:
    """The variables that a document declares, in its order: only there a colon follows one."""
    return list(dict.fromkeys(_DECLARED.findall(_IGNORED.sub(" ", document))))


@dataclass(frozen=True)
class Settings:
    """Where the service is, and how it is asked. Times are in seconds."""

    url: str
    token: str | Callable[[], str] | None
    headers: Mapping[str, str]
    timeout: float
    retry_for: float
    verify: Any

    def request_headers(self) -> dict[str, str]:
        token = self.token() if callable(self.token) else self.token
        if token is not None and _TOKEN.fullmatch(token) is None:
            # It is not shown, and not tried again: HTTP cannot carry it.
            raise Unauthenticated("the token holds a space, a line's end or what is not ASCII: .strip() may mend it")
        authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        return {
            "Accept": "application/graphql-response+json, application/json;q=0.9",
            "Content-Type": "application/json",
            "User-Agent": f"lineageql-client/{VERSION}",
            **authorization,
            **self.headers,
        }


def endpoint(url: str) -> str:
    """The address of GraphQL, from that of the service.

    Raises:
        ValueError: it is no http:// or https:// URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{url!r} is no address of a LineageQL service; one looks like http://127.0.0.1:8000")
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith("/graphql") else f"{path}/graphql"))


class Patience:
    """How long to go on, and how long to wait between one try and the next: a tenth of a second, doubled up to 5."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._pause = 0.1

    def pause(self) -> float | None:
        """Seconds to wait before the next try; None where there is to be none."""
        import random

        left = self._end - time.monotonic()
        if left <= 0:
            return None
        wait = min(self._pause * random.uniform(0.5, 1.5), left)
        self._pause = min(self._pause * 2, 5)
        return wait


def answer(status: int, content: bytes, retry_after: str | None = None) -> Mapping[str, Any]:
    """The body of an answer; its `data` may stand beside `errors`.

    Raises:
        LineageQLError: there is no body, or none of GraphQL.
    """
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if isinstance(body, dict) and ("data" in body or isinstance(body.get("errors"), list)):
        first = (body.get("errors") or [{}])[0]
        code = (first.get("extensions") or {}).get("code")
        if status in _STATUS and not body.get("data") and code in (None, "BAD_REQUEST"):
            raise _STATUS[status](f"the service answered {status}: {first.get('message')}")
        return body
    kind = _STATUS.get(status, Unavailable if status >= 500 else NotGraphQL)
    shown = content[:200].decode("utf-8", "replace").strip()
    raise kind(f"the service answered {status} and not GraphQL: {shown or 'nothing'}")


_STATUS: Mapping[int, type[LineageQLError]] = {
    401: Unauthenticated,
    403: Forbidden,
    413: TooExpensive,
    429: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def data_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of an answer.

    Raises:
        LineageQLError: it holds errors; what else was answered is in the error's `data`.
    """
    for warning in (body.get("extensions") or {}).get("warnings") or ():
        warnings.warn(str(warning.get("message")), ServiceWarning, stacklevel=_frames_of_ours())
    errors = body.get("errors")
    data = body.get("data")
    if errors:
        raise error_of(errors, data)
    if data is None:
        raise Internal("the service answered neither data nor errors")
    found: Mapping[str, Any] = data
    return found


def _frames_of_ours() -> int:
    """The `stacklevel` of a warning in the caller that shows it in the code that called this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        level, frame = level + 1, frame.f_back
    return level


def worth_another(error: LineageQLError, request: Request) -> bool:
    """Whether the same request may succeed in a moment."""
    if not isinstance(error, (Unavailable, DeadlineExceeded)):
        return False
    if isinstance(error, DeadlineExceeded):
        # A query that took too long takes too long again. What was to be recorded may only have waited.
        return request.repeatable and is_mutation(request.document)
    return request.repeatable or bool(getattr(error, "unsent", False))


class _Errors:
    """Turns httpx's exceptions into ours."""

    def __init__(self, url: str) -> None:
        self._url = url

    def of(self, error: Exception) -> LineageQLError | None:
        import httpx

        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
            made = Unavailable(f"no service answers at {self._url}: {error}")
            made.unsent = True  # type: ignore[attr-defined]
            return made
        if isinstance(error, httpx.TimeoutException):
            return Unavailable(f"{self._url} did not answer in time")
        if isinstance(error, (httpx.TransportError, httpx.StreamError)):
            return Unavailable(f"the connection to {self._url} was lost: {str(error) or type(error).__name__}")
        if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
            return BadRequest(f"{self._url} is no address: {error}")
        return None


class Transport:
    """Sends requests, and waits for each answer."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._errors = _Errors(settings.url)
        self._client: httpx.Client | None = None
        self._process = os.getpid()

    def send(self, request: Request) -> Mapping[str, Any]:
        """The data of the answer.

        Raises:
            LineageQLError: of the answer, or of the connection when it was tried for long enough.
        """
        patience = Patience(self.settings.retry_for if request.patience is None else request.patience)
        while True:
            try:
                return data_of(self._once(request))
            except LineageQLError as error:
                pause = patience.pause() if worth_another(error, request) else None
                if pause is None:
                    raise
            time.sleep(pause)

    def _once(self, request: Request) -> Mapping[str, Any]:
        client = self._open()
        try:
            response = client.post(self.settings.url, content=request.body(), headers=self.settings.request_headers())
        except Exception as error:
            ours = self._errors.of(error)
            if ours is None:
                raise
            raise ours from error
        return answer(response.status_code, response.content)

    def _open(self) -> httpx.Client:
        import httpx

        # A connection that a fork shares with its parent would mix up both their answers.
        if self._client is None or self._process != os.getpid():
            self._process = os.getpid()
            self._client = httpx.Client(timeout=self.settings.timeout, verify=self.settings.verify)
        return self._client

    def close(self) -> None:
        if self._client is not None and self._process == os.getpid():
            self._client.close()
        self._client = None


class AsyncTransport:
    """Sends requests, without holding up the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._errors = _Errors(settings.url)
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: Request) -> Mapping[str, Any]:
        """As `Transport.send`."""
        import asyncio  # not with the package: it takes longer than all of that

        patience = Patience(self.settings.retry_for if request.patience is None else request.patience)
        while True:
            try:
                return data_of(await self._once(request))
            except LineageQLError as error:
                pause = patience.pause() if worth_another(error, request) else None
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    async def _once(self, request: Request) -> Mapping[str, Any]:
        import asyncio

        import httpx

        # Connections belong to the event loop that made them, and each asyncio.run has another.
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = httpx.AsyncClient(timeout=self.settings.timeout, verify=self.settings.verify)
        try:
            headers = self.settings.request_headers()
            response = await self._client.post(self.settings.url, content=request.body(), headers=headers)
        except Exception as error:
            ours = self._errors.of(error)
            if ours is None:
                raise
            raise ours from error
        return answer(response.status_code, response.content)

    async def close(self) -> None:
        import asyncio

        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.aclose()
        self._client = None
