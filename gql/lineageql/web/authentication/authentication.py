"""All ways to know who asks, put together."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lineageql.errors import Unauthenticated, Unavailable, UsageError
from lineageql.model.callers import ANONYMOUS, Caller
from lineageql.model.rights import Policy
from lineageql.settings import Settings
from lineageql.watched_file import WatchedFile
from lineageql.web.authentication.proxies import Proxies
from lineageql.web.authentication.tokens import Tokens, parse_tokens

if TYPE_CHECKING:
    from lineageql.web.authentication.issuer import Issuer

log = logging.getLogger("lineageql.web")

_QUIET = 1.0
"""Seconds between two lines in the log about credentials that were refused."""
_DOTS = 2
"""In a token of an issuer, between its three parts; a token of `lineageql token` has none."""
_NEEDED = {
    "auth_audience": ("auth_issuer", "--auth-issuer"),
    "auth_jwks": ("auth_issuer", "--auth-issuer"),
    "auth_groups_header": ("auth_user_header", "--auth-user-header"),
    "auth_trusted_proxies": ("auth_user_header", "--auth-user-header"),
}
"""Settings that say more of another: which, and its flag."""


class Authentication:
    """Who asks, by what a request shows: what a trusted proxy says of it, else a bearer token.

    Args:
        settings: which ways there are.

    Raises:
        UsageError: a file of the settings cannot be read or says what cannot be, or settings miss each other.
    """

    def __init__(self, settings: Settings) -> None:
        for name, (needed, present) in _NEEDED.items():
            if getattr(settings, name) and not getattr(settings, needed):
                raise UsageError(f"--{name.replace('_', '-')} has no use without {present}")
        self._tokens: WatchedFile[Tokens] | None = None
        if settings.auth_tokens:
            path = Path(settings.auth_tokens)
            self._tokens = WatchedFile(path, partial(parse_tokens, file=str(path)))
        self._issuer = _issuer(settings) if settings.auth_issuer else None
        self._proxies = Proxies(settings) if settings.auth_user_header else None
        self.policy: WatchedFile[Policy] | None = None
        """What may let in callers that are not known."""
        self._told_at = 0.0
        self._untold = 0

    @property
    def takes_bearer(self) -> bool:
        """Whether there is a way that bearer tokens are for."""
        return self._tokens is not None or self._issuer is not None

    @property
    def is_on(self) -> bool:
        """Whether there is a way at all; without one everybody is admitted, and nobody is known."""
        return self.takes_bearer or self._proxies is not None

    @property
    def call_gate(self) -> Callable[[Sequence[tuple[bytes, bytes]]], Awaitable[Caller]] | None:
        """What tells who sends a call of gRPC; None where everybody may."""
        return self.caller_of_call if self.takes_bearer else None

    async def admits_anonymous(self) -> bool:
        """Whether one who shows nothing is served. The one place that decides it."""
        return not self.is_on or (self.policy is not None and (await self.policy.current()).knows_strangers)

    async def start(self) -> None:
        """Has what takes time ready before the first request, where it can be had now; the log says what cannot."""
        if self._issuer is not None:
            with suppress(Unavailable):
                await self._issuer.keys.current()

    async def caller(self, address: str, headers: Sequence[tuple[bytes, bytes]]) -> Caller:
        """Who sent a request.

        Args:
            address: the IP address that it came from.
            headers: its headers, their names in lower case.

        Raises:
            Unauthenticated: what it shows is not taken, or it shows nothing and has to.
            Unavailable: what it shows cannot be checked now.
        """
        try:
            found = self._proxies.caller(address, headers) if self._proxies is not None else None
            if found is None:
                found = await self._bearer(headers)
        except Unauthenticated as error:
            self._tell(address or "an unknown address", error)
            raise
        return await self._admitted(found)

    async def caller_of_call(self, metadata: Sequence[tuple[bytes, bytes]]) -> Caller:
        """Who sent a call of gRPC, by the bearer token of its metadata; raises as `caller` does."""
        try:
            return await self._admitted(await self._bearer(metadata))
        except Unauthenticated as error:
            if error.reason:
                self._tell("a client of MLMD's gRPC service", error)
            raise

    async def _admitted(self, found: Caller | None) -> Caller:
        if found is None and not await self.admits_anonymous():
            raise Unauthenticated
        return found or ANONYMOUS

    async def _bearer(self, headers: Sequence[tuple[bytes, bytes]]) -> Caller | None:
        """Who holds the bearer token among some headers; None where there is none, or none is looked for."""
        given = [value for name, value in headers if name == b"authorization"]
        if not given or not self.takes_bearer:
            return None
        if len(given) > 1:
            raise Unauthenticated("two headers Authorization")
        scheme, _, secret = given[0].decode("latin-1").strip().partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("a header Authorization that is not Bearer's")
        secret = secret.strip()
        if self._issuer is not None and (self._tokens is None or secret.count(".") == _DOTS):
            return await self._issuer.caller(secret)
        assert self._tokens is not None
        return (await self._tokens.current()).caller(secret, datetime.now(timezone.utc))

    def _tell(self, sender: str, error: Unauthenticated) -> None:
        """Says in the log what the client is not told; however many there are, a line a second."""
        now = time.monotonic()
        if now - self._told_at < _QUIET:
            self._untold += 1
            return
        more = f" (and {self._untold} more since the last such line)" if self._untold else ""
        log.warning("refused a request from %s: %s%s", sender, error.reason, more)
        self._told_at, self._untold = now, 0


def _issuer(settings: Settings) -> Issuer:
    # Here, as what it is made with is an extra, and takes a fifth of a second to be imported.
    try:
        from lineageql.web.authentication.issuer import Issuer
    except ImportError as error:
        raise UsageError(
            f"tokens of an issuer need {error.name or 'PyJWT and cryptography'}: pip install 'lineageql[oidc]'"
        ) from None
    return Issuer(settings)
