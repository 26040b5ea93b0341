"""Scans of runs: which runs a statement makes rows of, as rows of all of them cost much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, literal, select

from lineageql.model.identity import EntityKind, RunName
from lineageql.model.predicates import ALWAYS, Field
from lineageql.store.ports import Order, Search, Window
from lineageql.store.sql.access_path import AccessPath, Ids, RunPath
from lineageql.store.sql.dialects import Dialect
from lineageql.store.sql.tables import CONTEXT

Column = ColumnElement[Any]
NO_CONTEXT = 2**62
"""Where runs without a context stand in the order of ids: after all others."""


@dataclass(frozen=True)
class Needed:
    """How many runs a page needs of those after a place; where contexts are enough, names are not looked for."""

    rows: int
    after: int


@dataclass(frozen=True)
class ContextRange:
    """Some contexts in the order of their ids: so many that come after an id."""

    after: int
    contexts: int

    @property
    def least(self) -> int:
        """How many runs a workspace must have for this to be quicker than gathering all of them."""
        return max(1, self.contexts // 2)

    def holds(self, id_: Column, worthwhile: ColumnElement[bool]) -> ColumnElement[bool]:
        """Whether an id is one of these contexts'; where it is not worthwhile none is.

        That stands in the end of the range, which is made once, and not in a clause, which is asked of each row.
        """
        context = CONTEXT.alias()
        following = select(context.c.id).where(context.c.id > self.after).order_by(context.c.id)
        last = following.limit(1).offset(self.contexts - 1).scalar_subquery()
        return and_(id_ > self.after, id_ <= case((worthwhile, func.coalesce(last, NO_CONTEXT)), else_=self.after))


@dataclass(frozen=True)
class FirstRuns:
    """The runs that come first in an order after a place; they end where so many contexts or executions do.

    A run that is only a name has a time of one of its executions, so those between the place and the edge name all
    that can be there. A statement has two parameters for this: `run_place`, and `run_skip`, how many they are less one.

    Attributes:
        field: by what runs are ordered: their ids, which only contexts have, or a time.
        descending: whether the greatest come first.
        place: the value to begin at.
        edge: the value to end at, NULL where no more than these are left.
    """

    field: Field
    descending: bool
    place: Column
    edge: Column

    @property
    def column(self) -> str:
        """The column of contexts and of executions that has the value."""
        return _COLUMNS[self.field]

    def hold(self, node: Any) -> ColumnElement[bool]:
        """Whether a context or an execution lies between the place and the edge."""
        value, end = node.c[self.column], literal(furthest(self.descending), BigInteger())
        edge = func.coalesce(self.edge, end)
        return and_(value <= self.place, value >= edge) if self.descending else and_(value >= self.place, value <= edge)


_COLUMNS = {
    Field.ID: "id",
    Field.CREATE_TIME: "create_time_since_epoch",
    Field.UPDATE_TIME: "last_update_time_since_epoch",
}


def furthest(descending: bool) -> int:
    """What lies beyond all ids and times on the side where an order ends."""
    return -NO_CONTEXT if descending else NO_CONTEXT


def come_first(search: Search, window: Window) -> tuple[Field, bool, int] | None:
    """By what a page of runs is ordered, whether the greatest come first, and at which value it begins.

    None where the runs that come first are not read alone.
    """
    field = search.order.field
    if search.kind is not EntityKind.RUN or not isinstance(field, Field) or field not in _COLUMNS:
        return None
    if field is Field.ID and needed(search, window) is None:
        return None
    descending = search.order.descending != window.backward
    edge = window.before if window.backward else window.after
    place = edge[0] if edge else None
    return field, descending, place if isinstance(place, int) else furthest(not descending)


def needed(search: Search, window: Window) -> Needed | None:
    """How many runs are needed for a page in which those with a context come first; None where all may be."""
    by_id = search.order == Order() and search.predicate == ALWAYS
    if search.kind is not EntityKind.RUN or not by_id or window.backward or window.before is not None:
        return None
    place = window.after[0] if window.after else 0
    return Needed(window.limit + 1, place if isinstance(place, int) else 0)


@dataclass(frozen=True)
class Tied:
    """The runs of some executions, those that are some contexts, and those that hold some artifacts by a name.

    Attributes:
        executions: a select of ids, where there are any.
        contexts: the same.
        artifacts: the same.
        names: the pairs of names that the executions and artifacts carry, `workspace` and `run`, as a table.
    """

    executions: Ids | None = None
    contexts: Ids | None = None
    artifacts: Ids | None = None
    names: Any = None

    @classmethod
    def of(cls, path: RunPath) -> Tied:
        """The runs that a path holds."""
        ends = path.executions, path.contexts, path.artifacts
        parts = (tuple(part for one in paths for part in one.parts) for paths in ends)
        # As tables of a WITH clause they are made once, and used wherever runs are looked for.
        return cls(*(select(AccessPath(some).united().cte().c.id) if some else None for some in parts))


@dataclass(frozen=True)
class RunScan:
    """Which runs are read; all of them where nothing is said.

    Attributes:
        workspace: the id and the name of their workspace, as columns.
        ids: from the column of their contexts' ids to whether the run is wanted.
        names: from the columns of both names to whether the run is wanted.
        needed: how many of them are.
        first: those that come first in an order, where not all are.
        among: the contexts among which they are looked for, one by one; runs that are only names are left out.
        unnamed: whether only those are that are no pair of names.
        tied: to what they are tied.
    """

    workspace: tuple[Column, Column] | None = None
    ids: Callable[[Column], ColumnElement[bool]] | None = None
    names: Callable[[Column, Column], ColumnElement[bool]] | None = None
    needed: Needed | None = None
    first: FirstRuns | None = None
    among: ContextRange | None = None
    unnamed: bool = False
    tied: Tied | None = None

    @property
    def of_all(self) -> bool:
        """Whether so many are wanted that the index of types is a good way to them."""
        return self.tied is None and self.first is None


def named_one_of(dialect: Dialect, names: Sequence[RunName]) -> Callable[[Column, Column], ColumnElement[bool]]:
    """From the columns of a workspace's and a run's name to whether they are one of these pairs."""
    pairs = [(pair.workspace, pair.name) for pair in names]
    # The first clause is for the index of property values.
    first = sorted({pair.name for pair in names})
    return lambda workspace, run: and_(dialect.among(run, first), dialect.among_pairs(workspace, run, pairs))
