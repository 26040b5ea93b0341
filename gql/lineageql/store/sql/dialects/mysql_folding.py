"""Case as Python folds it, in MySQL's words: its `LOWER`, and replacements around that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from lineageql.store.sql.dialects.foldings import Folding
from lineageql.store.sql.dialects.mysql_compiler import Condition, Said
from lineageql.store.sql.dialects.mysql_json import characters, words

Expression = ColumnElement[Any]


@dataclass(frozen=True)
class Lowering:
    """How a server folds case: the collation whose `LOWER` is used, and what is replaced around it."""

    collation: str
    folding: Folding

    def folded(self, text: Expression) -> Folded:
        """A text, as octets, with its case folded."""
        special = "".join(first if first == last else f"{first}-{last}" for first, last in self.folding.ranges)
        is_special = Condition(f"({{0}} REGEXP {words(f'[{special}]')})", characters(text))
        return Folded(self, text, is_special, self.by(self.folding, text), self.by(self.folding.none, text))

    def by(self, folding: Folding, text: Expression) -> Expression:
        """A text with its case folded as a part of the folding does."""
        lower = f"CAST(LOWER({{0}} COLLATE {self.collation}) AS BINARY)"
        return replaced(Said(lower, characters(replaced(text, folding.before))), folding.after)


class Folded(Said):
    """A text with its case folded; the text itself is kept."""

    inherit_cache = False

    def __init__(
        self, lowering: Lowering, text: Expression, is_special: Expression, whole: Expression, lower: Expression
    ) -> None:
        super().__init__("CASE WHEN {0} THEN {1} ELSE {2} END", is_special, whole, lower)
        self.lowering, self.text = lowering, text


def looked_into(text: Expression, *parts: Any) -> Expression:
    """A text in which one of the parts is looked for: a folded one only as far as that can be told by."""
    if not isinstance(text, Folded):
        return text
    signs = frozenset("".join(part for part in parts if isinstance(part, str)))
    return text.lowering.by(text.lowering.folding.of(signs), text.text)


def replaced(octets: Expression, pairs: Sequence[tuple[str, str]]) -> Expression:
    """Octets in which each pair's first text is replaced by its second, pair by pair."""
    words_ = "{0}"
    for old, new in pairs:
        words_ = f"REPLACE({words_}, X'{old.encode().hex()}', X'{new.encode().hex()}')"
    return Said(words_, octets)
