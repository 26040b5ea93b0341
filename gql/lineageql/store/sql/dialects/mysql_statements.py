"""Statements of MySQL: texts with places for the literals of their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineageql.store.sql.dialects.dialect import Statement
from lineageql.store.sql.dialects.mysql_literals import Literals


@dataclass(frozen=True, slots=True)
class MySQLStatement(Statement):
    """A statement whose parameters the driver writes into its text.

    Attributes:
        texts: the places of the columns that are texts and come as octets.
        under: whether it is one of `Dialect.under`, to be repeated for each owner.
        head: what stands before all of it, once.
        shared: the WITH clause of a statement that is repeated, which stands once too.
    """

    texts: tuple[int, ...] = ()
    under: bool = False
    head: str = ""
    shared: str = ""

    def among_tables(self, tables: Sequence[tuple[str, str]]) -> MySQLStatement:
        head = ", ".join(f"{name} AS ({select})" for name, select in tables)
        if self.text.startswith("WITH RECURSIVE "):
            return replace(self, text=f"WITH {head} SELECT * FROM ({self.text}) AS narrowed")
        if self.text.startswith("WITH "):
            return replace(self, text=f"WITH {head}, {self.text.removeprefix('WITH ')}")
        return replace(self, head=f"WITH {head} ")

    def words(self, wire: str) -> str:
        """The text that is sent."""
        literals = Literals(self.parameters, wire)
        if not self.under:
            return self.head + self.text % literals
        head = self.head
        if self.shared:
            shared = self.shared % literals
            head = f"{head.rstrip()}, {shared.removeprefix('WITH ')}" if head else shared
        return head + " UNION ALL ".join(
            self.text % Literals({**self.parameters, "place": place, **_owner(key)}, wire)
            for place, key in enumerate(self.parameters["owners"])
        )


def split(text: str) -> tuple[str, str]:
    """A statement's WITH clause, which may be empty, and its select."""
    if not text.startswith("WITH "):
        return "", text
    depth, quote = 0, ""
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'`":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif not depth and text.startswith("SELECT ", place):
            return text[:place], text[place:]
    raise AssertionError(text)


def _owner(key: Any) -> dict[str, Any]:
    return {"owner_0": key[0], "owner_1": key[1]} if isinstance(key, (list, tuple)) else {"owner": key}
