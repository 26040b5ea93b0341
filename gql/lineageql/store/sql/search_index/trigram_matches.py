"""Finds entries in PostgreSQL, by its indexes of trigrams (`pg_trgm`).

Such an index gives all that may match, in no order. So the first entries are looked
at one by one: what is in many is found there, and the index is asked for what is in few.
"""

from __future__ import annotations

import re

from lineageql.store.ports import APART
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import texts_of
from lineageql.store.sql.search_index.matches import BEGINNING, TEXT_OF_RANK, Given, Matches, is_indexed

_WALKED = 2_000
"""How many entries are looked at one by one."""


class TrigramMatches(Matches):
    """See `Matches`."""

    position = "strpos"
    character = "chr"

    def page(self, rank: int, after: int, limit: int) -> Script[Rows]:
        if "\0" in self.text:
            return []  # no text there holds it
        given: Given = {"after": after, "limit": limit}
        place = ["entry.id > :after", f"entry.id < {NO_CONTEXT}"]
        if rank > 1:
            first = f"SELECT * FROM {self.entries} WHERE {' AND '.join(place)} ORDER BY id LIMIT {_WALKED}"
            near = yield from fetch(self.statement(rank, f"({first}) AS entry", [], "entry.id", dict(given)))
            if len(near) >= limit:
                return near
        clauses = [*place, *self.found_by(rank, given)]
        # As a table of its own, of which no order is known: else the planner may walk over all ids.
        held = [*clauses, *self.are_of(rank, given), *self.passing(given)]
        text = f"SELECT id, workspace, run FROM {self.entries} WHERE {' AND '.join(held)}"
        text = f"WITH found AS MATERIALIZED ({text}) SELECT * FROM found ORDER BY id LIMIT :limit"
        return (yield from fetch(self.made(text, given, f"entries that hold a text, rank {rank}")))

    def page_of_names(self, rank: int, after: tuple[str, str], limit: int) -> Script[Rows]:
        if "\0" in "".join((self.text, *after)):
            return []
        return (yield from super().page_of_names(rank, after, limit))

    def found_by(self, rank: int, given: Given) -> list[str]:
        if rank == APART:
            return self._likely(given)
        text = TEXT_OF_RANK.get(rank)
        if text is None or not is_indexed(self.text):
            return []
        given["pattern"] = ("" if rank == BEGINNING else "%") + _escaped(self.text) + "%"
        return [f"entry.{text} LIKE :pattern"]

    def count(self) -> Script[int]:
        if "\0" in self.text:
            return 0
        given: Given = {}
        clauses = [*self._likely(given), *self.somewhere(given), *self.passing(given)]
        text = f"SELECT count(*) FROM {self.entries} WHERE {' AND '.join(clauses)}"
        return int((yield from fetch(self.made(text, given, "count of the entries that hold a text")))[0][0])

    def made(self, text: str, given: Given, purpose: str) -> Statement:
        # Parameters have places: each name is one, where it first stands.
        names = list(dict.fromkeys(re.findall(r"(?<!:):(\w+)", text)))
        text = re.sub(r"(?<!:):(\w+)", lambda found: f"${names.index(found[1]) + 1}", text)
        return Statement(text, {name: given[name] for name in names}, purpose=purpose)

    def passing(self, given: Given) -> list[str]:
        clauses = ["entry.unindexed = 0"]
        if self.excluded.ids:
            given["ids"] = list(self.excluded.ids)
            clauses.append("NOT entry.id = ANY (:ids)")
        if self.excluded.pairs:
            given["spaces"], given["runs"] = ([pair[place] for pair in self.excluded.pairs] for place in range(2))
            pairs = "SELECT * FROM unnest(CAST(:spaces AS TEXT[]), CAST(:runs AS TEXT[]))"
            clauses.append(f"(entry.workspace, entry.run) NOT IN ({pairs})")
        return clauses

    def _likely(self, given: Given) -> list[str]:
        """That each indexed word is in one of the texts, as the indexes know it."""
        clauses = []
        for place, word in enumerate(self.words):
            if is_indexed(word):
                given[f"pattern{place}"] = f"%{_escaped(word)}%"
                likely = (f"entry.{text} LIKE :pattern{place}" for text in texts_of(self.kind))
                clauses.append(f"({' OR '.join(likely)})")
        return clauses


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
