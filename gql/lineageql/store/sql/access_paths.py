"""The access paths of a predicate: selects of ids from an index that hold every match.

A database walks an order and probes each row, which is quick where matches are
dense and slow where they are rare; or it gathers all that can match by an
index, which is quick where they are rare. Which is right depends on the values,
and MLMD's databases keep no statistics of them. So a search counts what each
access path would visit, up to a budget; see `store.sql.searches`.

The paths of a test are in `index_paths`, those of a test of runs in `run_paths`. What a relation
leads to has access paths too, and each of them is the start of a path in `join_paths`.
"""

from __future__ import annotations

from dataclasses import replace

from lineageql.model.identity import EntityKind
from lineageql.model.orders import has_value
from lineageql.model.predicates import And, Or, Placed, Predicate, Related, Test, name_of
from lineageql.store.sql.access_path import AccessPath, union_of
from lineageql.store.sql.compiler import Compiler
from lineageql.store.sql.index_paths import IndexPaths
from lineageql.store.sql.join_paths import join_paths
from lineageql.store.sql.run_paths import runs_of_test
from lineageql.store.sql.sources import Source, source_of


class AccessPaths:
    """Finds the paths for the rows of one source."""

    def __init__(self, compiler: Compiler, source: Source) -> None:
        self.compiler = compiler
        self.source = source
        self.index = IndexPaths(compiler, source)

    def of(self, predicate: Predicate) -> list[AccessPath]:
        """Paths that each hold every row that can match, the likely small ones first."""
        found = sorted(self._of(predicate), key=lambda path: path.broad)
        return found or ([self.index.all()] if self.source.kind is EntityKind.WORKSPACE else [])

    def _of(self, predicate: Predicate) -> list[AccessPath]:
        match predicate:
            case And(terms):
                return [path for term in terms for path in self._of(term)]
            case Or(terms):
                branches = [self.of(term) for term in terms]
                # Every branch must be found by an index; the first path of each will do.
                firsts = [branch[0] for branch in branches if branch]
                if len(firsts) < len(branches):
                    return []
                return [union_of(firsts) if firsts else self.index.nothing()]
            case Related():
                return join_paths(self.compiler, self.source.kind, predicate, self._elsewhere)
            case Placed(by, family):
                return self._of(has_value(self.source.kind, by, family))
            case Test(operand=()):
                return [self.index.nothing()]
            case Test() if self.source.kind is EntityKind.RUN:
                found = runs_of_test(self.compiler, predicate)
                return [replace(path, name=name_of(predicate.subject)) for path in found]
            case Test():
                return self.index.of(predicate)
        return []

    def _elsewhere(self, kind: EntityKind, predicate: Predicate) -> list[AccessPath]:
        return AccessPaths(self.compiler, source_of(kind, self.compiler.types)).of(predicate)
