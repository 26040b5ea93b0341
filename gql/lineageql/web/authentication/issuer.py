"""Bearer tokens of an OIDC issuer: JSON Web Tokens, checked by the keys that it publishes."""

from __future__ import annotations

from typing import Any

import jwt

from lineageql.errors import Unauthenticated, UsageError
from lineageql.model.callers import Caller
from lineageql.settings import Settings
from lineageql.web.authentication.keys import Key, source_of
from lineageql.web.authentication.names import caller

SKEW = 60
"""Seconds that the issuer's clock may differ from this machine's."""
_MOST_TRIED = 8
"""Keys by which a token is checked that names none."""


class Issuer:
    """Who holds a token of an issuer.

    Args:
        settings: the issuer and its audience, where its keys are, and which claims name the caller and its groups.

    Raises:
        UsageError: there is no audience, or the keys cannot be had from where they are said to be.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.auth_audience:
            raise UsageError(
                "--auth-issuer needs --auth-audience, the name of this service with its issuer: "
                "else a token that its holder gave to any other service would count here"
            )
        self._issuer = settings.auth_issuer
        self._audience = settings.auth_audience
        self._name_claim = settings.auth_name_claim
        self._groups_claim = settings.auth_groups_claim
        self.keys = source_of(settings.auth_issuer, settings.auth_jwks)

    async def caller(self, token: str) -> Caller:
        """Whose token this is.

        Raises:
            Unauthenticated: it is not the issuer's, not for this service, over, or names nobody.
            Unavailable: the issuer's keys cannot be had now.
        """
        return self._caller_by(self._checked(token, await self._signers(token)))

    async def _signers(self, token: str) -> list[Key]:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unauthenticated("a bearer token that is no JSON Web Token") from None
        key_id, algorithm = header.get("kid"), header.get("alg")
        if not isinstance(algorithm, str) or not (key_id is None or isinstance(key_id, str)):
            raise Unauthenticated("a token whose head is wrong")
        known = await self.keys.current()
        found = known.fitting(key_id, algorithm)
        if not found:
            found = (await self.keys.newer(known)).fitting(key_id, algorithm)
        if not found:
            raise Unauthenticated("a token that no key of the issuer's signed")
        return found[:_MOST_TRIED]

    def _checked(self, token: str, signers: list[Key]) -> dict[str, Any]:
        fault: Exception | None = None
        for key in signers:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key.public,
                    algorithms=key.algorithms,
                    audience=self._audience,
                    issuer=self._issuer,
                    leeway=SKEW,
                    options={"require": ["exp", "iss", "aud"]},
                )
            except jwt.InvalidSignatureError as error:
                fault = error
            except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
                fault = error
                break
            else:
                return claims
        # Its text may hold what the sender wrote.
        raise Unauthenticated(f"a token of the issuer that does not count ({type(fault).__name__})")

    def _caller_by(self, claims: dict[str, Any]) -> Caller:
        name, groups = claims.get(self._name_claim), claims.get(self._groups_claim, [])
        if isinstance(groups, str):
            groups = [groups]
        if self._name_claim == "email" and claims.get("email_verified", True) not in (True, "true"):
            raise Unauthenticated("a token whose email the issuer has not verified")
        if not isinstance(name, str) or not isinstance(groups, list) or not all(isinstance(g, str) for g in groups):
            raise Unauthenticated(
                f"a token without a text as {self._name_claim}, or with no list of texts as {self._groups_claim}"
            )
        found = caller(name, groups)
        if found is None:
            raise Unauthenticated("a token with a name or a group that nobody may have, such as anonymous")
        return found
