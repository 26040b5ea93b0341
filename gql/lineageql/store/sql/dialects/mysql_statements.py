"""Statements of MySQL: texts with places for the literals of their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lineageql.store.sql.dialects.dialect import Statement
from lineageql.store.sql.dialects.mysql_literals import Literals


@dataclass(frozen=True, slots=True)
class MySQLStatement(Statement):
    """A statement whose parameters the driver writes into its text.

    Attributes:
        texts: the places of the columns that are texts and come as octets.
        under: whether it is one of `Dialect.under`, to be repeated for each owner.
    """

    texts: tuple[int, ...] = ()
    under: bool = False

    def words(self, wire: str) -> str:
        """The text that is sent."""
        if not self.under:
            return self.text % Literals(self.parameters, wire)
        return " UNION ALL ".join(
            self.text % Literals({**self.parameters, "place": place, **_owner(key)}, wire)
            for place, key in enumerate(self.parameters["owners"])
        )


def _owner(key: Any) -> dict[str, Any]:
    return {"owner_0": key[0], "owner_1": key[1]} if isinstance(key, (list, tuple)) else {"owner": key}
