"""What relations and access paths ask of the compiler of predicates, `store.sql.clauses`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, true

from lineageql.model.nodes import NodeKind
from lineageql.model.predicates import Predicate, Test
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.access_path import Ids
from lineageql.store.sql.dialects import Dialect
from lineageql.store.sql.run_scan import Tied
from lineageql.store.sql.sources import Source

Clause = ColumnElement[bool]


@dataclass(frozen=True)
class Chain:
    """Relations one behind the other, such as the inputs of what produced the inputs of something.

    Inside an EXISTS a join says the same as another EXISTS, so a chain is one level
    of nesting however long it is: SQLite's parser bears a hundred levels of everything.

    Attributes:
        narrow: adds, for a predicate and the source of its rows, a clause that these meet anyway.
    """

    narrow: Callable[[Predicate, Source], Clause] = lambda predicate, source: true()


class Compiler(Protocol):
    """Compiles predicates for one store's types, in the words of one dialect."""

    types: TypeCatalog
    dialect: Dialect

    def of(self, predicate: Predicate, source: Source, chain: Chain | None = None) -> Clause:
        """The clause that is true of the source's rows that make the predicate true.

        With a chain the clause may join other rows to the source's, those that are
        related by events; see `Chain`.
        """

    def chained(self, predicate: Predicate, source: Source, chain: Chain | None) -> Clause:
        """The clause of what must be true at the other end of a relation, where the chain may go on."""

    def type_ids(self, test: Test, node_kind: NodeKind) -> list[int]:
        """The ids of the types of a kind of nodes that meet a test of a type's name or kind."""

    def few_workspaces(self, predicate: Predicate, source: Source) -> Ids:
        """The ids of the workspaces that can make a predicate true, found by an index."""

    def few_runs(self, predicate: Predicate) -> Tied | None:
        """What the runs that can make a predicate true are tied to, where an index most likely finds few of them."""
