"""All ways to know who asks, put together."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from lineageql.errors import Unauthenticated
from lineageql.model.callers import ANONYMOUS, Caller
from lineageql.settings import Settings
from lineageql.watched_file import WatchedFile
from lineageql.web.authentication.tokens import Tokens, parse_tokens

log = logging.getLogger("lineageql.web")

_QUIET = 1.0
"""Seconds between two lines in the log about credentials that were refused."""


class Authentication:
    """Who asks, by what a request shows.

    Args:
        settings: which ways there are.

    Raises:
        UsageError: a file of the settings cannot be read, or says what cannot be.
    """

    def __init__(self, settings: Settings) -> None:
        self._tokens: WatchedFile[Tokens] | None = None
        if settings.auth_tokens:
            path = Path(settings.auth_tokens)
            self._tokens = WatchedFile(path, partial(parse_tokens, file=str(path)))
        self._told_at = 0.0
        self._untold = 0

    @property
    def takes_bearer(self) -> bool:
        """Whether there is a way that bearer tokens are for."""
        return self._tokens is not None

    @property
    def is_on(self) -> bool:
        """Whether there is a way at all; without one everybody is admitted, and nobody is known."""
        return self.takes_bearer

    @property
    def call_gate(self) -> Callable[[Sequence[tuple[bytes, bytes]]], Awaitable[Caller]] | None:
        """Who sends a call of gRPC with this metadata, as `caller` tells it; None where everybody may."""
        return self.caller_of_call if self.takes_bearer else None

    @property
    def admits_anonymous(self) -> bool:
        """Whether one who shows nothing is served. The one place that decides it."""
        return not self.is_on

    async def caller(self, address: str, headers: Sequence[tuple[bytes, bytes]]) -> Caller:
        """Who sent a request.

        Args:
            address: the IP address that it came from.
            headers: its headers, their names in lower case.

        Raises:
            Unauthenticated: what it shows is not taken, or it shows nothing and has to.
        """
        try:
            found = await self._shown(headers)
        except Unauthenticated as error:
            self._tell(address, error)
            raise
        if found is None:
            if not self.admits_anonymous:
                raise Unauthenticated
            return ANONYMOUS
        return found

    async def caller_of_call(self, metadata: Sequence[tuple[bytes, bytes]]) -> Caller:
        """Who sends a call of gRPC: as `caller`, by the same credentials."""
        return await self.caller("a client of MLMD's gRPC service", metadata)

    async def _shown(self, headers: Sequence[tuple[bytes, bytes]]) -> Caller | None:
        """Who sent a request as its headers show; None where they show nothing."""
        if not self.takes_bearer:
            return None
        given = [value for name, value in headers if name == b"authorization"]
        if not given:
            return None
        if len(given) > 1:
            raise Unauthenticated("two headers Authorization")
        scheme, _, secret = given[0].decode("latin-1").strip().partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("a header Authorization that is not Bearer's")
        return await self._bearer(secret.strip())

    async def _bearer(self, secret: str) -> Caller:
        assert self._tokens is not None
        return (await self._tokens.current()).caller(secret, datetime.now(timezone.utc))

    def _tell(self, address: str, error: Unauthenticated) -> None:
        """Says in the log what the client is not told; however many there are, a line a second."""
        now = time.monotonic()
        if now - self._told_at < _QUIET:
            self._untold += 1
            return
        more = f" (and {self._untold} more since the last such line)" if self._untold else ""
        log.warning("refused a request from %s: %s%s", address or "an unknown address", error.reason, more)
        self._told_at, self._untold = now, 0
