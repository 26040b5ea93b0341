"""Callers whom a proxy before the service has found out, and names in a header."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from lineageql.errors import Unauthenticated, UsageError
from lineageql.model.callers import Caller
from lineageql.settings import Settings
from lineageql.web.authentication.names import caller

_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_TAKEN = ("authorization", "host", "origin", "cookie", "content-type", "content-length", "accept")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """Who a proxy says a request is from. Whoever else sends such a header is refused.

    Args:
        settings: the headers, and the addresses of the proxies.

    Raises:
        UsageError: a header's name is none, or an address is none, or there are no addresses.
    """

    def __init__(self, settings: Settings) -> None:
        self._user = _header(settings.auth_user_header, "--auth-user-header")
        self._groups = (
            _header(settings.auth_groups_header, "--auth-groups-header") if settings.auth_groups_header else None
        )
        self._networks = [_network(text) for text in settings.auth_trusted_proxies.replace(",", " ").split()]
        if not self._networks:
            raise UsageError(
                "--auth-user-header needs --auth-trusted-proxies, the addresses that the header is taken from: "
                "else anybody could be anybody"
            )

    def caller(self, address: str, headers: Sequence[tuple[bytes, bytes]]) -> Caller | None:
        """Who sent a request by the words of its proxy; None where they say nobody.

        Args:
            address: the IP address that the request came from.
            headers: its headers, their names in lower case.

        Raises:
            Unauthenticated: another than the proxies sent such a header, or it names nobody or several.
        """
        users = [value for name, value in headers if name == self._user]
        groups = [value for name, value in headers if name == self._groups]
        if not users and not groups:
            return None
        if not self._trusts(address):
            raise Unauthenticated(f"a header that only the proxies of --auth-trusted-proxies may send, not {address}")
        if len(users) > 1 or len(groups) > 1:
            raise Unauthenticated("a header of a proxy's, twice")
        try:
            name = users[0].decode("utf-8").strip() if users else ""
            listed = groups[0].decode("utf-8").split(",") if groups else []
        except UnicodeError:
            raise Unauthenticated("a header of a proxy's that is not UTF-8") from None
        if not name:
            return None
        found = caller(name, filter(None, map(str.strip, listed)))
        if found is None:
            raise Unauthenticated("a header of a proxy's with a name that nobody may have, such as anonymous")
        return found

    def _trusts(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._networks)


def _header(name: str, flag: str) -> bytes:
    lower = name.lower()
    if not _HEADER.fullmatch(lower) or lower in _TAKEN:
        raise UsageError(f"{flag} is {name!r}; it takes the name of a header that means nothing else")
    return lower.encode("ascii")


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise UsageError(
            f"--auth-trusted-proxies has {text!r}, which is neither an address nor a network such as 10.1.0.0/16: "
            f"{error}"
        ) from None
