"""What there is to know of a server: whether it is a MariaDB, and how it folds case."""

from __future__ import annotations

from typing import Any

from lineageql.store.sql.dialects.foldings import cased, folding, uncased
from lineageql.store.sql.dialects.mysql import Server
from lineageql.store.sql.dialects.mysql_folding import Lowering

_COLLATIONS = ("uca1400_as_cs", "0900_as_cs", "unicode_520_ci", "bin")
"""The collations of utf8mb4 whose LOWER is used where they are there: MariaDB's newest, MySQL's, those of both."""
_CHUNK = 32_768
"""How many signs are asked about at a time: a statement with them fits into 1 MB, all that older servers take."""

_known: dict[str, Server] = {}


async def server_of(connection: Any) -> Server:
    """What there is to know of the server of a connection; each version is asked once."""
    version = str((await _values(connection, "VERSION()"))[0])
    if version not in _known:
        _known[version] = Server("mariadb" in version.lower(), await _lowering(connection))
    return _known[version]


async def _values(connection: Any, *expressions: str) -> tuple[Any, ...]:
    await connection.query(f"SELECT {', '.join(expressions)}".encode())
    row: tuple[Any, ...] = connection._result.rows[0]
    return row


async def _lowering(connection: Any) -> Lowering:
    await connection.query(b"SELECT collation_name FROM information_schema.collations")
    # MariaDB lists its newest without their charset.
    there = {str(row[0]).removeprefix("utf8mb4_") for row in connection._result.rows}
    collation, small = "", list[str]()
    for name in (name for name in _COLLATIONS if name in there):
        collation = f"utf8mb4_{name}"
        small = await _lowered(connection, collation, cased())
        # MySQL 9 cuts a text at a sign whose small form is longer, by some of its collations.
        if len(small) == len(cased()):
            break
    lowered = dict(zip(cased(), small, strict=True))
    others = uncased().replace("\n", "")
    for start in range(0, len(others), _CHUNK):
        signs = others[start : start + _CHUNK]
        text = _text(signs)
        same = f"CAST(LOWER({text} COLLATE {collation}) AS BINARY) = CAST({text} AS BINARY)"
        if not (await _values(connection, same))[0]:
            changed = zip(signs, await _lowered(connection, collation, signs), strict=True)
            lowered.update((sign, lower) for sign, lower in changed if sign != lower)
    return Lowering(collation, folding(lowered))


async def _lowered(connection: Any, collation: str, signs: str) -> list[str]:
    lower = f"CAST(LOWER({_text(chr(10).join(signs))} COLLATE {collation}) AS BINARY)"
    octets: bytes = (await _values(connection, lower))[0]
    return octets.decode().split("\n")


def _text(signs: str) -> str:
    return f"CONVERT(X'{signs.encode().hex()}' USING utf8mb4)"
