"""Finds entries in an SQLite file, by FTS5.

Each text of entries has a table of words of its own, which lists the ids of each three
characters in order. So a statement of a rank ends as soon as it has its rows, however
many more there are, and a word that is in every uri does not slow the look for names.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from lineageql.store.ports import APART
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import texts_of
from lineageql.store.sql.search_index.matches import BEGINNING, TEXT_OF_RANK, Given, Matches, is_indexed
from lineageql.store.sql.search_index.sqlite_search_schema import words_of

_FEW, _MOST_AT_ONCE = 256, 4_096
"""How many ids of a word are gone through at first, and at most at once."""


class FTS5Matches(Matches):
    """See `Matches`."""

    position = "instr"
    character = "char"

    def page(self, rank: int, after: int, limit: int) -> Script[Rows]:
        if rank == APART:
            rarest, ids = yield from self._rarest(after)
            if rarest is not None:
                return (yield from self._apart(rarest, ids, limit))
        # The sum keeps the planner from walking over all ids where the index of names is to serve.
        clauses = ["entry.id + 0 > :after", f"entry.id + 0 < {NO_CONTEXT}"]
        given: Given = {"after": after, "limit": limit}
        text = TEXT_OF_RANK.get(rank)
        if text is None or not is_indexed(self.text):
            return (yield [self.statement(rank, self.entries, clauses, "entry.id", given)])[0]
        words = words_of(self.kind, text)
        given["sought"] = ("^ " if rank == BEGINNING else "") + _quoted(self.text)
        clauses += [f"{words} MATCH :sought", f"entry.id = {words}.rowid", f"{words}.rowid > :after"]
        # The words come first: their ids are in order.
        from_ = f"{words} CROSS JOIN {self.entries}"
        return (yield [self.statement(rank, from_, clauses, f"{words}.rowid", given)])[0]

    def found_by(self, rank: int, given: Given) -> list[str]:
        text = TEXT_OF_RANK.get(rank)
        if text is None or not is_indexed(self.text):
            return []
        words = words_of(self.kind, text)
        given["sought"] = ("^ " if rank == BEGINNING else "") + _quoted(self.text)
        return [f"entry.id IN (SELECT rowid FROM {words} WHERE {words} MATCH :sought)"]

    def count(self) -> Script[int]:
        rarest, _ = yield from self._rarest(0)
        if rarest is not None and len(self.words) == 1:
            return (yield from self._count_of_word(rarest))
        given: Given = {}
        clauses = [*self.somewhere(given, but=rarest), *self.passing(given)]
        if rarest is not None:
            given["sought"] = _quoted(rarest)
            clauses.insert(0, f"entry.id IN ({self._holding()})")
        text = f"SELECT count(*) FROM {self.entries} WHERE {' AND '.join(clauses)}"
        return int((yield from fetch(self.made(text, given, "count of the entries that hold a text")))[0][0])

    def _count_of_word(self, word: str) -> Script[int]:
        """How many entries have a word: those of the tables of words, but those that are passed over; none is read."""
        given: Given = {"sought": _quoted(word)}
        text = f"SELECT count(*) FROM ({self._holding()})"
        number = int((yield from fetch(self.made(text, given, "count of the entries that hold a word")))[0][0])
        kept = self.passing(given)[1:]  # what is not indexed is in no table of words
        if kept:
            clauses = f"entry.id IN ({self._holding()}) AND NOT ({' AND '.join(kept)})"
            text = f"SELECT count(*) FROM {self.entries} WHERE {clauses}"
            number -= int((yield from fetch(self.made(text, given, "count of those that were changed")))[0][0])
        return number

    def made(self, text: str, given: Given, purpose: str) -> Statement:
        return Statement(text, given, purpose=purpose)

    def passing(self, given: Given) -> list[str]:
        clauses = ["entry.unindexed = 0"]
        if self.excluded.ids:
            given["ids"] = orjson.dumps(list(self.excluded.ids)).decode()
            clauses.append("entry.id NOT IN (SELECT value FROM json_each(:ids))")
        if self.excluded.pairs:
            given["pairs"] = orjson.dumps(list(self.excluded.pairs)).decode()
            members = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:pairs)"
            clauses.append(f"(entry.workspace, entry.run) NOT IN ({members})")
        return clauses

    # -- words that stand apart

    def _apart(self, rarest: str, ids: Sequence[int], limit: int) -> Script[Rows]:
        """The entries in which words stand apart: the ids of the rarest word are gone through; some are known."""
        found: list[tuple[int, str, str]] = []
        step = _FEW
        while ids:
            given: Given = {"among": orjson.dumps(list(ids)).decode(), "limit": limit - len(found)}
            clauses = ["entry.id IN (SELECT value FROM json_each(:among))", f"entry.id < {NO_CONTEXT}"]
            found += (yield [self.statement(APART, self.entries, clauses, "entry.id", given)])[0]
            if len(found) >= limit or len(ids) < step or ids[-1] >= NO_CONTEXT:
                break
            step = min(4 * step, _MOST_AT_ONCE)
            ids = yield from self._ids(rarest, ids[-1], step)
        return found

    def _rarest(self, after: int) -> Script[tuple[str | None, list[int]]]:
        """The indexed word that the fewest entries hold after an id, as far as a few tell, and its first ids."""
        found: tuple[str | None, list[int]] = None, []
        for word in filter(is_indexed, self.words):
            ids = yield from self._ids(word, after, _FEW)
            if found[0] is None or len(ids) < len(found[1]):
                found = word, ids
        return found

    def _ids(self, word: str, after: int, limit: int) -> Script[list[int]]:
        """The first ids after one of the entries that hold an indexed word, in order."""
        given: Given = {"sought": _quoted(word), "after": after, "limit": limit}
        text = f"{self._holding(' AND rowid > :after')} ORDER BY 1 LIMIT :limit"
        return [row[0] for row in (yield from fetch(self.made(text, given, "entries that hold a word")))]

    def _holding(self, beyond: str = "") -> str:
        """The ids of the entries that hold what is sought, from the tables of words."""
        tables = (words_of(self.kind, text) for text in texts_of(self.kind))
        return " UNION ".join(f"SELECT rowid AS id FROM {one} WHERE {one} MATCH :sought{beyond}" for one in tables)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
