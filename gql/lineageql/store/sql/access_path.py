"""Access paths: selects of ids, each from one index, that hold every match, and what it costs to start at one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, func, literal_column, select, union, union_all

from lineageql.store.sql.dialects import Dialect

Ids = Select[Any]
"""A select of one column, `id`."""
_MOST_PARTS = 250
"""Selects of one union: SQLite takes 500."""
RowBudget = BindParameter[int]
"""How many rows may be visited: a parameter, so that a statement is compiled once for all of its values."""


@dataclass(frozen=True)
class AccessPath:
    """Selects of ids, which together hold every match.

    Attributes:
        parts: the selects.
        broad: whether it most likely holds much of the store, such as all nodes of a type.
        served: those of the parts that an index serves, where others look at more rows than they hold.
        name: what it starts at, as a plan shows it, such as `label 'team'`.
    """

    parts: tuple[Ids, ...]
    broad: bool = False
    served: tuple[Ids, ...] | None = field(default=None, kw_only=True)
    name: str = field(default="", kw_only=True)

    def ids(self, dialect: Dialect) -> Ids:
        """The ids, each once."""
        if len(self.parts) == 1:
            return self.parts[0]
        found = self.united()
        # Parts within parts, each a select in a FROM clause, are deeper than SQLite's parser goes.
        return select((found.cte() if dialect.parses_shallow else found.subquery()).c.id)

    def united(self) -> Any:
        """The same as one select or a union."""
        return self.parts[0] if len(self.parts) == 1 else _united(union, self.parts)

    def lower_bound(self, budget: RowBudget) -> ColumnElement[int]:
        """How many rows are visited at least where a statement starts here, counted up to the budget."""
        parts = self.parts if self.served is None else self.served
        return _count(_some(_without_ids(parts), budget)) if parts else literal_column("0", Integer())

    def scans(self, budget: RowBudget) -> list[Any]:
        """Tables of the rows that are visited, each up to the budget."""
        return [_some(self.parts, budget)]

    @property
    def exact(self) -> bool:
        """Whether the lower bound is the cost."""
        return self.served is None


@dataclass(frozen=True)
class JoinPath(AccessPath):
    """The ids of what is joined to what another path holds.

    Attributes:
        start: the path at the other end.
        steps: from ids at one end to selects of ids at the next, by nothing but the tables of links.
    """

    start: AccessPath = AccessPath(())
    steps: tuple[Callable[[Ids], tuple[Ids, ...]], ...] = ()

    def lower_bound(self, budget: RowBudget) -> ColumnElement[int]:
        return self.start.lower_bound(budget)

    def scans(self, budget: RowBudget) -> list[Any]:
        scans = self.start.scans(budget)
        for step in self.steps:
            scans.append(_some(step(select(scans[-1].c.id)), budget))
        return scans

    @property
    def exact(self) -> bool:
        return False


@dataclass(frozen=True)
class UnionPath(AccessPath):
    """The ids that some of several paths hold."""

    members: tuple[AccessPath, ...] = ()

    def lower_bound(self, budget: RowBudget) -> ColumnElement[int]:
        return reduce(add, (member.lower_bound(budget) for member in self.members))

    def scans(self, budget: RowBudget) -> list[Any]:
        scans = [member.scans(budget) for member in self.members]
        ends = tuple(select(scan[-1].c.id) for scan in scans)
        return [table for scan in scans for table in scan] + [_some(ends, budget)]

    @property
    def exact(self) -> bool:
        return all(member.exact for member in self.members)


@dataclass(frozen=True)
class RunPath(UnionPath):
    """The runs of the executions that some paths hold, those that are contexts, and those that artifacts name.

    Its ids are of all of these; the rows of runs are made by `store.sql.run_scan.Tied`.

    Attributes:
        executions: the paths to executions.
        contexts: the paths to contexts.
        artifacts: the paths to artifacts that name runs whose outputs they are.
    """

    executions: tuple[AccessPath, ...] = ()
    contexts: tuple[AccessPath, ...] = ()
    artifacts: tuple[AccessPath, ...] = ()


def run_path(
    executions: Sequence[AccessPath],
    contexts: Sequence[AccessPath],
    name: str = "",
    *,
    artifacts: Sequence[AccessPath] = (),
) -> RunPath:
    """A path to runs."""
    members = (*executions, *contexts, *artifacts)
    parts = tuple(part for path in members for part in path.parts)
    broad = any(path.broad for path in members)
    return RunPath(
        parts,
        broad,
        members=members,
        name=name,
        executions=tuple(executions),
        contexts=tuple(contexts),
        artifacts=tuple(artifacts),
    )


def union_of(paths: Sequence[AccessPath]) -> AccessPath:
    """A path to what several hold together."""
    if len(paths) == 1:
        return paths[0]
    name = " or ".join(dict.fromkeys(path.name for path in paths))
    runs = [path for path in paths if isinstance(path, RunPath)]
    if runs:
        executions = [path for run in runs for path in run.executions]
        artifacts = [path for run in runs for path in run.artifacts]
        return run_path(executions, [path for run in runs for path in run.contexts], name, artifacts=artifacts)
    parts = tuple(part for path in paths for part in path.parts)
    return UnionPath(parts, any(path.broad for path in paths), members=tuple(paths), name=name)


def cost(path: AccessPath, budget: RowBudget) -> ColumnElement[int]:
    """How many rows are visited where a statement starts at a path; beyond the budget, any number beyond it."""
    return reduce(add, map(_count, path.scans(budget)))


def _some(parts: tuple[Ids, ...], budget: RowBudget) -> Any:
    # A table of a WITH clause: SQLite's parser bears a hundred levels of everything.
    return _together(parts).limit(budget).cte()


def _without_ids(parts: tuple[Ids, ...]) -> tuple[Ids, ...]:
    """The same rows, so that an index is enough to count them."""
    one: Any = literal_column("1").label("id")
    return tuple(part.with_only_columns(one, maintain_column_froms=True) for part in parts)


def _count(rows: Any) -> ColumnElement[int]:
    return select(func.count()).select_from(rows).scalar_subquery()


def _together(parts: tuple[Ids, ...]) -> Any:
    return parts[0] if len(parts) == 1 else _united(union_all, parts)


def _united(unite: Callable[..., Any], parts: Sequence[Any]) -> Any:
    """Selects united, in unions of unions where they are very many."""
    while len(parts) > _MOST_PARTS:
        some = [parts[start : start + _MOST_PARTS] for start in range(0, len(parts), _MOST_PARTS)]
        parts = [select(unite(*each).subquery().c.id) for each in some]
    return unite(*parts)
