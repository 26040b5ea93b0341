"""What finds entries by the words of a text, rank by rank, each rank in the order of ids.

A database's own says by what the entries of a rank are found; what is true of them is
said once, here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lineageql.model.identity import EntityKind
from lineageql.store.ports import APART
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import ENTRIES, texts_of

SHORTEST = 3
"""Characters of the shortest text that an index of three characters each finds."""
BEGINNING = 2
TEXT_OF_RANK = {BEGINNING: "folded", 3: "folded", 4: "labels", 5: "labels", 6: "uri", 7: "description"}
"""In which text what a rank has is found. The best rank has an index of its own, and the last words apart."""

Given = dict[str, Any]
"""The parameters of a statement, in the order in which it has them."""


@dataclass(frozen=True)
class Excluded:
    """Entries that are passed over, as what they are of was changed: by ids, and of runs by pairs of names."""

    ids: Sequence[int] = ()
    pairs: Sequence[tuple[str, str]] = ()


class Matches(ABC):
    """Finds one text among the entries of a kind. Its scripts give ids, and pairs of names of runs.

    Args:
        kind: of the entries.
        text: what is looked for.
        excluded: the entries that are passed over.
    """

    position: ClassVar[str]
    """The database's function that tells where a text first holds another, counted from 1; 0 where it does not."""
    character: ClassVar[str]
    """Its function that gives the character of a number."""

    def __init__(self, kind: EntityKind, text: str, excluded: Excluded) -> None:
        self.kind = kind
        self.words = list(dict.fromkeys(text.casefold().split()))
        self.text = " ".join(text.casefold().split())
        self.excluded = excluded
        self.entries = f"{ENTRIES[kind].name} AS entry"

    @property
    def ranks(self) -> list[int]:
        """The ranks that there can be, the best first: one word stands nowhere apart, and only artifacts have uris."""
        texts = ("", *texts_of(self.kind))
        ranks = [rank for rank in range(1, APART + 1) if TEXT_OF_RANK.get(rank, "") in texts]
        return ranks if len(self.words) > 1 else ranks[:-1]

    @abstractmethod
    def page(self, rank: int, after: int, limit: int) -> Script[Rows]:
        """The entries of a rank that have a context or are no runs, after an id and in the order of ids."""

    def page_of_names(self, rank: int, after: tuple[str, str], limit: int) -> Script[Rows]:
        """The same of runs that are only names, after a pair of names and in the order of these."""
        given: Given = {"workspace": after[0], "run": after[1], "limit": limit}
        clauses = [f"entry.id >= {NO_CONTEXT}", "(entry.workspace, entry.run) > (:workspace, :run)"]
        clauses += self.found_by(rank, given)
        return (yield [self.statement(rank, self.entries, clauses, "entry.workspace, entry.run", given)])[0]

    @abstractmethod
    def count(self) -> Script[int]:
        """How many entries have all words."""

    def found_by(self, rank: int, given: Given) -> list[str]:
        """Clauses by which an index finds the entries of a rank, beside those that are true of them."""
        return []

    def statement(self, rank: int, from_: str, clauses: list[str], order: str, given: Given) -> Statement:
        """The statement of the entries of a rank of which more is true."""
        clauses = [*clauses, *self.are_of(rank, given), *self.passing(given)]
        text = f"SELECT entry.id, entry.workspace, entry.run FROM {from_} WHERE {' AND '.join(clauses)}"
        return self.made(f"{text} ORDER BY {order} LIMIT :limit", given, f"entries that hold a text, rank {rank}")

    @abstractmethod
    def made(self, text: str, given: Given, purpose: str) -> Statement:
        """A statement of a text, with its parameters as `:name`."""

    @abstractmethod
    def passing(self, given: Given) -> list[str]:
        """That an entry is in the index, and not passed over."""

    def are_of(self, rank: int, given: Given) -> list[str]:
        """What is true of the entries of a rank; each is of one rank alone."""
        given["text"] = self.text
        in_name, in_label, in_uri, in_description = (
            self.holds(text, ":text") for text in ("folded", "labels", "uri", "description")
        )
        begins = "substr(entry.folded, 1, length(:text)) = :text"
        apart = f"{self.character}(31)"
        is_label = self.holds("labels", f"{apart} || :text || {apart}")
        return {
            1: ["entry.folded = :text"],
            BEGINNING: [begins, "entry.folded <> :text"],
            3: [in_name, f"NOT {begins}"],
            4: [is_label, f"NOT {in_name}"],
            5: [in_label, f"NOT {is_label}", f"NOT {in_name}"],
            6: [in_uri, f"NOT {in_label}", f"NOT {in_name}"],
            7: [in_description, f"NOT {in_uri}", f"NOT {in_label}", f"NOT {in_name}"],
            APART: [
                *(f"NOT {clause}" for clause in (in_description, in_uri, in_label, in_name)),
                *self.somewhere(given),
            ],
        }[rank]

    def holds(self, text: str, part: str) -> str:
        """Whether a text of an entry holds another."""
        return f"{self.position}(entry.{text}, {part}) > 0"

    def somewhere(self, given: Given, but: str | None = None) -> list[str]:
        """That each word, but one, is in one of the texts."""
        clauses = []
        for place, word in enumerate(self.words):
            if word != but:
                given[f"word{place}"] = word
                clauses.append(f"({' OR '.join(self.holds(text, f':word{place}') for text in texts_of(self.kind))})")
        return clauses


def is_indexed(text: str) -> bool:
    """Whether an index of three characters each finds a text."""
    return len(text) >= SHORTEST and "\0" not in text
