"""The keys by which an OIDC issuer signs: of a file, or fetched from the issuer, which renews them now and then.

keys = FetchedKeys("https://id.example.org", None)
found = await keys.current()        # fetched once, then again every few minutes, in the background
newer = await keys.newer(found)     # fetched again at once, for a key that is not among them
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lineageql.errors import Unavailable, UsageError
from lineageql.watched_file import WatchedFile
from lineageql.web.sites import is_loopback

FRESH = 300.0
"""Seconds after which keys are fetched again: as long as one that the issuer took away may still count."""
PAUSE = 10.0
"""Seconds between two fetches at least, whatever clients send."""
LONGEST_USE = 86_400.0
"""Seconds for which keys count that could not be fetched again."""
PATIENCE = 10.0
"""Seconds that a fetch may take."""
LARGEST = 1_048_576
"""Bytes of what is fetched."""
MOST_KEYS = 64

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",), "Ed25519": ("EdDSA",)}
_RSA_SIZES = range(2048, 8193)
"""Bits: below that they are weak, above it the check of a signature takes long."""

log = logging.getLogger("lineageql.web")


@dataclass(frozen=True)
class Key:
    """One key, and the algorithms that its type is for. A signature by a shared secret is none of them."""

    id: str | None
    algorithms: tuple[str, ...]
    public: Any


@dataclass(frozen=True)
class Keys:
    """The keys of an issuer."""

    keys: tuple[Key, ...]

    def fitting(self, key_id: str | None, algorithm: str) -> list[Key]:
        """The keys that may have signed a token: the one that it names, or all of its algorithm where it names none."""
        return [key for key in self.keys if algorithm in key.algorithms and key_id in (None, key.id)]


class KeySource(Protocol):
    """Where keys come from."""

    async def current(self) -> Keys:
        """The keys that count now.

        Raises:
            Unavailable: there are none, as they cannot be fetched.
        """

    async def newer(self, known: Keys) -> Keys:
        """The keys that count now, looked for anew unless that was done just before.

        Args:
            known: those among which one is missing.

        Raises:
            Unavailable: as `current`.
        """


def parse_keys(text: str, source: str) -> Keys:
    """The keys of a JSON Web Key Set that are of use here; those of other types are left out.

    Args:
        text: the set.
        source: where it comes from, for errors.

    Raises:
        UsageError: it is none, or none of its keys is of use.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{source} is not JSON") from None
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise UsageError(f"{source} is no JSON Web Key Set: an object with a list `keys` of up to {MOST_KEYS} keys")
    keys = tuple(key for each in listed if isinstance(each, dict) and (key := _key(each)) is not None)
    if not keys:
        raise UsageError(f"{source} has no public key that checks signatures: RSA of 2048 bits or more, EC or Ed25519")
    return Keys(keys)


def _key(given: Mapping[str, Any]) -> Key | None:
    algorithms: tuple[str, ...] = _RSA if given.get("kty") == "RSA" else _CURVES.get(str(given.get("crv")), ())
    if given.get("alg") is not None:
        algorithms = tuple(name for name in algorithms if name == given["alg"])
    # A set with private parts is not what an issuer publishes.
    if not algorithms or given.get("use", "sig") != "sig" or "d" in given:
        return None
    try:
        public = jwt.PyJWK(dict(given), algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size not in _RSA_SIZES:
        return None
    named = given.get("kid")
    return Key(named if isinstance(named, str) else None, algorithms, public)


class FileKeys:
    """Keys of a file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._file = WatchedFile(path, partial(parse_keys, source=str(path)))

    async def current(self) -> Keys:
        return await self._file.current()

    async def newer(self, known: Keys) -> Keys:
        return await self._file.current()


class FetchedKeys:
    """Keys that are fetched over HTTP, one fetch at a time and each after a pause.

    Args:
        issuer: whose keys they are.
        url: where they are; where None the issuer's own document tells it.

    Raises:
        UsageError: that is no address of HTTP.
    """

    def __init__(self, issuer: str, url: str | None) -> None:
        self._issuer = issuer
        self._url = url
        flag, address = ("--auth-issuer", issuer) if url is None else ("--auth-jwks", url)
        _check_url(address, flag)
        if not address.startswith("https:") and not is_loopback(urlsplit(address).hostname or ""):
            log.warning("%s is fetched without TLS: who can change it on its way can be anybody here", address)
        self._keys: Keys | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None
        self._fetch: asyncio.Task[None] | None = None

    async def current(self) -> Keys:
        age = time.monotonic() - self._fetched_at
        if self._keys is None or age >= LONGEST_USE:
            await self._fetched()
        elif age >= FRESH:
            self._start()
        return self._usable()

    async def newer(self, known: Keys) -> Keys:
        if self._keys is known:
            await self._fetched()
        return self._usable()

    def _usable(self) -> Keys:
        if self._keys is None or time.monotonic() - self._fetched_at >= LONGEST_USE:
            raise Unavailable("the keys that tokens are checked by cannot be had from their issuer now; try again")
        return self._keys

    async def _fetched(self) -> None:
        """Waits until what is being fetched has come, or could not be had."""
        self._start()
        if self._fetch is not None:
            # Who hangs up does not end it for the others.
            await asyncio.shield(self._fetch)

    def _start(self) -> None:
        now = time.monotonic()
        if self._fetch is None and (self._tried_at is None or now - self._tried_at >= PAUSE):
            self._tried_at = now
            self._fetch = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        try:
            keys = await asyncio.wait_for(self._download(), PATIENCE)
        except (UsageError, httpx.HTTPError, httpx.InvalidURL, asyncio.TimeoutError, OSError) as error:
            still = "" if self._keys is None else "; those that were fetched before still count"
            reason = str(error) or type(error).__name__
            log.error("cannot fetch the keys of the issuer %s: %s%s", self._issuer, reason, still)
        else:
            self._keys, self._fetched_at = keys, time.monotonic()
        finally:
            self._fetch = None

    async def _download(self) -> Keys:
        # In a thread, as it reads the authorities of TLS.
        client = await asyncio.to_thread(httpx.AsyncClient, timeout=PATIENCE, headers={"Accept-Encoding": "identity"})
        async with client:
            url = self._url or await self._discovered(client)
            return await asyncio.to_thread(parse_keys, await _get(client, url), url)

    async def _discovered(self, client: httpx.AsyncClient) -> str:
        address = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            found = json.loads(await _get(client, address))
        except (ValueError, RecursionError):
            raise UsageError(f"{address} is not JSON") from None
        if not isinstance(found, dict) or found.get("issuer") != self._issuer:
            named = found.get("issuer") if isinstance(found, dict) else None
            raise UsageError(f"{address} names the issuer {named!r}, and --auth-issuer is {self._issuer!r}")
        url = found.get("jwks_uri")
        if not isinstance(url, str):
            raise UsageError(f"{address} names no jwks_uri; name it by --auth-jwks")
        _check_url(url, f"jwks_uri of {address}")
        if self._issuer.startswith("https:") and not url.startswith("https:"):
            raise UsageError(f"jwks_uri of {address} is without TLS, and the issuer is not")
        return url


async def _get(client: httpx.AsyncClient, url: str) -> str:
    """What is at an address, where it answers 200 and is not too large."""
    content = bytearray()
    async with client.stream("GET", url) as response:
        if response.status_code != 200:
            raise UsageError(f"{url} answered {response.status_code}")
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > LARGEST:
                raise UsageError(f"{url} has more than {LARGEST} bytes")
    return content.decode("utf-8", "replace")


def _check_url(url: str, what: str) -> None:
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named or "@" in urlsplit(url).netloc:
        raise UsageError(f"{what} is no address such as https://id.example.org")


def source_of(issuer: str, place: str) -> KeySource:
    """Where the keys of an issuer come from.

    Args:
        issuer: whose they are.
        place: a file of them, or their address; where empty the issuer's own document tells it.

    Raises:
        UsageError: the file cannot be read or has none, or an address is none.
    """
    if place and "://" not in place:
        return FileKeys(Path(place))
    return FetchedKeys(issuer, place or None)
