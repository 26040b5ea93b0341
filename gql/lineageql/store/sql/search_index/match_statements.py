"""The statements that find entries by the words of a text, rank by rank, each rank in the order of ids.

Each text of entries has a table of words of its own, which lists the ids of each three
characters in order. So a statement of a rank ends as soon as it has its rows, however
many more there are, and a word that is in every uri does not slow the look for names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from lineageql.model.identity import EntityKind
from lineageql.store.ports import APART
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import ENTRIES, texts_of
from lineageql.store.sql.search_index.sqlite_search_schema import words_of

SHORTEST = 3
"""Characters of the shortest text that a table of words finds."""


@dataclass(frozen=True)
class Excluded:
    """Entries that are passed over, as what they are of was changed: by ids, and of runs by pairs of names."""

    ids: Sequence[int] = ()
    pairs: Sequence[tuple[str, str]] = ()


class Matches:
    """The statements for one text among the entries of a kind.

    Args:
        kind: of the entries.
        text: what is looked for.
        excluded: the entries that are passed over.
    """

    def __init__(self, kind: EntityKind, text: str, excluded: Excluded) -> None:
        self.kind = kind
        self.words = list(dict.fromkeys(text.casefold().split()))
        self.text = " ".join(text.casefold().split())
        self._excluded = excluded
        self._entries = f"{ENTRIES[kind].name} AS entry"

    @property
    def ranks(self) -> list[int]:
        """The ranks that there can be, the best first: one word stands nowhere apart, and only artifacts have uris."""
        texts = ("", *texts_of(self.kind))
        ranks = [rank for rank in _RANKS if _TEXT_OF_RANK.get(rank, "") in texts]
        return ranks if len(self.words) > 1 else ranks[:-1]

    @property
    def indexed_words(self) -> list[str]:
        """The words that the tables of words find."""
        return [word for word in self.words if _is_indexed(word)]

    def page(self, rank: int, after: int, limit: int) -> Statement:
        """Ids, and pairs of names, of the entries of a rank that have a context or are no runs, after an id."""
        # The sum keeps the planner from walking over all ids where the index of names is to serve.
        clauses = ["entry.id + 0 > :after", f"entry.id + 0 < {NO_CONTEXT}"]
        given = {"after": after, "limit": limit}
        from_, order = self._from(rank, clauses, given)
        return self._page(rank, from_, clauses, order, given)

    def page_of_names(self, rank: int, after: tuple[str, str], limit: int) -> Statement:
        """The same of runs that are only names, after a pair of names and in the order of these."""
        clauses = [f"entry.id >= {NO_CONTEXT}", "(entry.workspace, entry.run) > (:workspace, :run)"]
        given = {"workspace": after[0], "run": after[1], "limit": limit}
        from_, _ = self._from(rank, clauses, given)
        return self._page(rank, from_, clauses, "entry.workspace, entry.run", given)

    def page_of_ids(self, rank: int, ids: Sequence[int]) -> Statement:
        """Those of some ids that are of a rank, in order: ids, and pairs of names."""
        given: dict[str, Any] = {"among": orjson.dumps(ids).decode(), "limit": len(ids)}
        clauses = ["entry.id IN (SELECT value FROM json_each(:among))"]
        return self._page(rank, self._entries, clauses, "entry.id", given)

    def ids(self, word: str, after: int, limit: int) -> Statement:
        """The ids of entries in whose texts an indexed word is, in order: as many after an id."""
        given = {"sought": _quoted(word), "after": after, "limit": limit}
        text = f"{self._holding(word, ' AND rowid > :after')} ORDER BY 1 LIMIT :limit"
        return Statement(text, given, purpose="entries that hold a word")

    def count(self, rarest: str | None) -> Statement:
        """How many entries have all words; `rarest` is the indexed word that the fewest may have."""
        given: dict[str, Any] = {}
        clauses = [*self._somewhere(given, but=rarest), *self._passing(given)]
        if rarest is not None:
            given["sought"] = _quoted(rarest)
            clauses.insert(0, f"entry.id IN ({self._holding(rarest)})")
        text = f"SELECT count(*) FROM {self._entries} WHERE {' AND '.join(clauses)}"
        return Statement(text, given, purpose="count of the entries that hold a text")

    def _page(self, rank: int, from_: str, clauses: list[str], order: str, given: dict[str, Any]) -> Statement:
        clauses = [*clauses, *_RANKS[rank]]
        given["text"] = self.text
        if rank == APART:
            clauses += self._somewhere(given)
        clauses += self._passing(given)
        text = f"SELECT entry.id, entry.workspace, entry.run FROM {from_} WHERE {' AND '.join(clauses)}"
        text += f" ORDER BY {order} LIMIT :limit"
        return Statement(text, given, purpose=f"entries that hold a text, rank {rank}")

    def _from(self, rank: int, clauses: list[str], given: dict[str, Any]) -> tuple[str, str]:
        """Where the entries of a rank are found, and the column of their ids."""
        text = _TEXT_OF_RANK.get(rank)
        if text is None or not _is_indexed(self.text):
            return self._entries, "entry.id"
        words = words_of(self.kind, text)
        given["sought"] = ("^ " if rank == _BEGINNING else "") + _quoted(self.text)
        clauses += [f"{words} MATCH :sought", f"entry.id = {words}.rowid"]
        if "after" in given:
            clauses.append(f"{words}.rowid > :after")
        # The words come first: their ids are in order.
        return f"{words} CROSS JOIN {self._entries}", f"{words}.rowid"

    def _holding(self, word: str, beyond: str = "") -> str:
        """The ids of entries that hold a word, from the tables of words."""
        tables = [words_of(self.kind, text) for text in texts_of(self.kind)]
        return " UNION ".join(
            f"SELECT rowid AS id FROM {words} WHERE {words} MATCH :sought{beyond}" for words in tables
        )

    def _somewhere(self, given: dict[str, Any], but: str | None = None) -> list[str]:
        """That each word is in one of the texts."""
        clauses = []
        for place, word in enumerate(self.words):
            if word != but:
                given[f"word{place}"] = word
                texts = (f"instr(entry.{text}, :word{place}) > 0" for text in texts_of(self.kind))
                clauses.append(f"({' OR '.join(texts)})")
        return clauses

    def _passing(self, given: dict[str, Any]) -> list[str]:
        """That an entry is in the index, and not passed over."""
        clauses = ["entry.unindexed = 0"]
        if self._excluded.ids:
            given["ids"] = orjson.dumps(list(self._excluded.ids)).decode()
            clauses.append("entry.id NOT IN (SELECT value FROM json_each(:ids))")
        if self._excluded.pairs:
            given["pairs"] = orjson.dumps(list(self._excluded.pairs)).decode()
            members = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:pairs)"
            clauses.append(f"(entry.workspace, entry.run) NOT IN ({members})")
        return clauses


def _is_indexed(text: str) -> bool:
    return len(text) >= SHORTEST and "\0" not in text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


_BEGINNING = 2
_TEXT_OF_RANK = {_BEGINNING: "folded", 3: "folded", 4: "labels", 5: "labels", 6: "uri", 7: "description"}
"""In which text what a rank has is found. The best rank has an index of its own, and the last words apart."""
_NAMED = "instr(entry.folded, :text) > 0"
_BEGINS = "substr(entry.folded, 1, length(:text)) = :text"
_LABELLED = "instr(entry.labels, :text) > 0"
_LABEL = "instr(entry.labels, char(31) || :text || char(31)) > 0"
_AT = "instr(entry.uri, :text) > 0"
_DESCRIBED = "instr(entry.description, :text) > 0"
_RANKS = {
    1: ["entry.folded = :text"],
    2: [_BEGINS, "entry.folded <> :text"],
    3: [_NAMED, f"NOT {_BEGINS}"],
    4: [_LABEL, f"NOT {_NAMED}"],
    5: [_LABELLED, f"NOT {_LABEL}", f"NOT {_NAMED}"],
    6: [_AT, f"NOT {_LABELLED}", f"NOT {_NAMED}"],
    7: [_DESCRIBED, f"NOT {_AT}", f"NOT {_LABELLED}", f"NOT {_NAMED}"],
    APART: [f"NOT {_DESCRIBED}", f"NOT {_AT}", f"NOT {_LABELLED}", f"NOT {_NAMED}"],
}
"""What is true of the entries of each rank, 1 the best: each is of one rank alone."""
