"""Bearer tokens of a file, which holds their digests and not the tokens.

    [[token]]
    name = "ci"                          # who its holder is
    sha256 = "…"                         # the token's SHA-256, as 64 hexadecimal digits
    groups = ["fraud-team"]              # optional
    expires = 2027-02-25T00:00:00Z       # optional: from then on it is refused

`lineageql token` makes a token and its row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from lineageql.errors import Unauthenticated, UsageError
from lineageql.model.callers import Caller
from lineageql.web.authentication.names import LONGEST, caller, is_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "lql_"
"""How a token begins: who finds one in a log or a repository sees whose it is."""
_BYTES = 32
_KEYS = ("name", "sha256", "groups", "expires")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_NAME = (
    f"takes up to {LONGEST} printable characters with no space at either end, and neither * nor anonymous nor "
    "what begins with group:"
)


@dataclass(frozen=True)
class Token:
    """A row of the file."""

    caller: Caller
    digest: bytes
    expires: datetime | None = None

    def row(self) -> str:
        """The row as TOML."""
        lines = ["[[token]]", f"name = {_text(self.caller.name or '')}", f'sha256 = "{self.digest.hex()}"']
        if self.caller.groups:
            lines.append(f"groups = [{', '.join(map(_text, sorted(self.caller.groups)))}]")
        if self.expires is not None:
            lines.append(f"expires = {self.expires.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}")
        return "\n".join(lines) + "\n"


def new_token(name: str, groups: Iterable[str] = (), expires: datetime | None = None) -> tuple[str, Token]:
    """A new token that nobody can guess, and its row.

    Raises:
        UsageError: nobody may be called so.
    """
    found = caller(name, groups)
    if found is None:
        raise UsageError(f"the name of a token or of a group {_NAME}")
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    return secret, Token(found, _digest(secret), expires)


class Tokens:
    """The rows of a file.

    Their digests are kept under a key that only this process has. So how long it takes to find one,
    or not to find one, says nothing about what is in the file.
    """

    def __init__(self, rows: Iterable[Token]) -> None:
        self._key = secrets.token_bytes(32)
        self._rows = {self._place(row.digest): row for row in rows}

    def __len__(self) -> int:
        return len(self._rows)

    def caller(self, secret: str, now: datetime) -> Caller:
        """Whose token this is.

        Raises:
            Unauthenticated: it is nobody's, or no longer counts.
        """
        digest = _digest(secret)
        row = self._rows.get(self._place(digest))
        if row is None or not hmac.compare_digest(row.digest, digest):
            raise Unauthenticated("a bearer token that is not in the file of tokens")
        if row.expires is not None and now >= row.expires:
            raise Unauthenticated(f"the bearer token of {row.caller.name} has expired")
        return row.caller

    def _place(self, digest: bytes) -> bytes:
        return hmac.digest(self._key, digest, "sha256")


def parse_tokens(text: str, file: str) -> Tokens:
    """The tokens of a file.

    Args:
        text: the file's text.
        file: its name, for errors.

    Raises:
        UsageError: it is no TOML, or says what cannot be. The message shows no value of a row: a user may have
            written a token where its digest belongs.
    """
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{file} is not TOML: {error}") from None
    others = sorted(found.keys() - {"token"})
    if others:
        raise UsageError(f"{file}: {others[0]!r} is not known; the file is made of tables [[token]]")
    tables = found.get("token", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{file}: token is to be written as tables [[token]], with two brackets")
    rows = [_row(table, f"{file}: token[{place}]") for place, table in enumerate(tables)]
    seen: dict[bytes, int] = {}
    for place, row in enumerate(rows):
        if row.digest in seen:
            raise UsageError(f"{file}: token[{place}].sha256 is that of token[{seen[row.digest]}] as well")
        seen[row.digest] = place
    return Tokens(rows)


def _row(table: dict[str, Any], place: str) -> Token:
    others = sorted(table.keys() - set(_KEYS))
    if others:
        raise UsageError(f"{place}.{others[0]} is not known; a token has {', '.join(_KEYS)}")
    name, digest, groups = table.get("name"), table.get("sha256"), table.get("groups", [])
    if not isinstance(name, str) or not is_name(name):
        raise UsageError(f"{place}.name {_NAME}")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise UsageError(f"{place}.sha256 takes the SHA-256 of the token, which is 64 hexadecimal digits")
    if not isinstance(groups, list) or not all(isinstance(group, str) and is_name(group) for group in groups):
        raise UsageError(f"{place}.groups takes a list of names, each of which {_NAME}")
    return Token(Caller(name, frozenset(groups)), bytes.fromhex(digest), _expires(table.get("expires"), place))


def _expires(given: object, place: str) -> datetime | None:
    if given is None:
        return None
    if isinstance(given, datetime) and given.tzinfo is not None:
        return given
    if isinstance(given, date) and not isinstance(given, datetime):
        return datetime(given.year, given.month, given.day, tzinfo=timezone.utc)
    raise UsageError(f"{place}.expires takes a date, or a time with its zone such as 2027-02-25T00:00:00Z, unquoted")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _text(value: str) -> str:
    """A text as TOML has it: JSON's way to write one, of printable characters, is TOML's too."""
    return json.dumps(value, ensure_ascii=False)
