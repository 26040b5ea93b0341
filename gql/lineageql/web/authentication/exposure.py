"""What the service does not do by mistake: let a whole network in."""

from __future__ import annotations

import logging

from lineageql.errors import UsageError
from lineageql.model.rights import Policy
from lineageql.settings import Settings
from lineageql.watched_file import WatchedFile
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.sites import admitted_origins, is_loopback

log = logging.getLogger("lineageql.web")

_OR = "or say --insecure (LINEAGEQL_INSECURE=true) where something else keeps strangers away"


def check_exposure(settings: Settings, authentication: Authentication) -> None:
    """Refuses to serve GraphQL to a network whose hosts are not asked who they are.

    Raises:
        UsageError: there is no way to know who asks, and nobody said that there need be none; or pages of all
            origins may ask, and nobody said that either.
    """
    admitted_origins(settings)
    if settings.insecure and not authentication.is_on and not is_loopback(settings.host):
        log.warning("whoever reaches %s can read this store and write to it, as --insecure says", settings.host)
    if not (authentication.is_on or settings.insecure or is_loopback(settings.host)):
        raise UsageError(
            f"whoever reaches {settings.host} could read this store and write to it: name a way to know who asks, "
            f"by --auth-tokens FILE, --auth-issuer URL or --auth-user-header NAME (see docs/authentication.md), {_OR}"
        )


def check_knowable(settings: Settings, policy: WatchedFile[Policy] | None, *, known: bool) -> None:
    """Refuses a policy by which nobody may do anything, as nobody is known.

    Args:
        settings: where the policy is.
        policy: what it says; None where there is none.
        known: whether there is a way to know who asks.

    Raises:
        UsageError: it has no rule for callers that are not known, and all are.
    """
    if policy is not None and not known and not policy.last.knows_strangers:
        raise UsageError(
            f"{settings.policy} is about callers that are known, and nothing says who asks: give --auth-tokens, "
            '--auth-issuer or --auth-user-header, or write a rule with who = ["anonymous"]'
        )


def check_mlmd_exposure(settings: Settings, authentication: Authentication) -> None:
    """The same for MLMD's gRPC service, whose callers are known by bearer tokens and by nothing else.

    Raises:
        UsageError: there is no way to know who calls, and nobody said that there need be none.
    """
    if not (authentication.takes_bearer or settings.insecure or is_loopback(settings.host)):
        raise UsageError(
            f"whoever reaches MLMD's gRPC service at {settings.host} could read this store and write to it: name the "
            "bearer tokens that it takes, by --auth-tokens FILE or --auth-issuer URL (see docs/authentication.md), "
            f"{_OR}"
        )
