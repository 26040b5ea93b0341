"""Values as the words of a MySQL statement.

The drivers for asyncio bind parameters by writing them into the text of the
statement. Here that text is ASCII and holds no quoted value at all: texts and
octets are written as hexadecimal literals, `X'…'`, numbers as digits. So it means
the same under every `sql_mode` and every charset, and no value can end a literal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lineageql.store.sql.dialects.texts import octets_of

_LARGEST = "1.7976931348623157e308"
WIRE, UNICODE = "wire", "unicode"
"""The flavours of a parameter, by what follows its name: see `Literals`."""


class Literals(Mapping[str, str]):
    """The literals of a statement's parameters, for the `%` operator.

    A text is its octets in UTF-8. Under `name!wire` it is a text that is written as ml-metadata's connection
    sends one, which an index of a column serves; under `name!unicode` it is a text of characters.
    """

    def __init__(self, parameters: Mapping[str, Any], wire: str) -> None:
        self.parameters = parameters
        self.charsets = {WIRE: wire, UNICODE: "utf8mb4"}

    def __getitem__(self, key: str) -> str:
        name, _, flavour = key.partition("!")
        return _literal(self.parameters[name], self.charsets.get(flavour, ""))

    def __iter__(self) -> Any:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)


def _literal(value: Any, charset: str) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return _signed(str(int(value)))
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, (str, bytes)):
        return _octets(value, charset)
    if isinstance(value, Sequence):
        return _list(value, charset)
    raise TypeError(f"a {type(value).__name__} cannot be a parameter")


def _octets(value: str | bytes, charset: str) -> str:
    if not charset:
        octets = value if isinstance(value, bytes) else octets_of(value)
        return f"X'{octets.hex()}'"
    # Half of a surrogate pair is no character of UTF-8; what it is replaced by is compared octet by octet as well.
    octets = (
        value.encode("utf-8", "replace" if charset == "utf8mb4" else "surrogatepass")
        if isinstance(value, str)
        else value
    )
    return f"_{charset} X'{octets.hex()}'"


def _double(value: float) -> str:
    if math.isinf(value):
        return _signed(_LARGEST if value > 0 else f"-{_LARGEST}")  # MySQL has no infinity, and no larger number
    if math.isnan(value):
        return "NULL"
    digits = repr(value)
    return _signed(digits if "e" in digits else f"{digits}e0")  # without an exponent it were a DECIMAL


def _signed(digits: str) -> str:
    return f"({digits})" if digits.startswith("-") else digits


def _list(values: Sequence[Any], charset: str) -> str:
    if not values:
        return "NULL"
    words = (
        f"({_list(value, charset)})" if isinstance(value, (list, tuple)) else _literal(value, charset)
        for value in values
    )
    return ",".join(words)
