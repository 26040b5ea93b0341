"""Seeds: selects of ids, each from one index, that hold every match, and what it costs to start at one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, func, literal_column, select, union, union_all

Ids = Select[Any]
"""A select of one column, `id`."""
Most = BindParameter[int]
"""How many rows are looked at: a parameter, so that a statement is compiled once for all of its values."""


@dataclass(frozen=True)
class Seed:
    """Selects of ids, which together hold every match.

    Attributes:
        parts: the selects.
        broad: whether it most likely holds much of the store, such as all nodes of a type.
        served: those of the parts that an index serves, where others look at more rows than they hold.
    """

    parts: tuple[Ids, ...]
    broad: bool = False
    served: tuple[Ids, ...] | None = field(default=None, kw_only=True)

    def ids(self) -> Ids:
        """The ids, each once."""
        return self.parts[0] if len(self.parts) == 1 else select(union(*self.parts).subquery().c.id)

    def least(self, most: Most) -> ColumnElement[int]:
        """How many rows are visited at least where a statement starts here, counted up to `most`."""
        parts = self.parts if self.served is None else self.served
        return _count(_some(_without_ids(parts), most)) if parts else literal_column("0", Integer())

    def ways(self, most: Most) -> list[Any]:
        """Tables of the rows that are visited, each up to `most` of them."""
        return [_some(self.parts, most)]

    @property
    def sure(self) -> bool:
        """Whether no more rows are visited than at least."""
        return self.served is None


@dataclass(frozen=True)
class TiedSeed(Seed):
    """The ids of what is tied to what another seed holds.

    Attributes:
        start: the seed at the other end.
        steps: from ids at one end to selects of ids at the next, by nothing but the tables of links.
    """

    start: Seed = Seed(())
    steps: tuple[Callable[[Ids], tuple[Ids, ...]], ...] = ()

    def least(self, most: Most) -> ColumnElement[int]:
        return self.start.least(most)

    def ways(self, most: Most) -> list[Any]:
        ways = self.start.ways(most)
        for step in self.steps:
            ways.append(_some(step(select(ways[-1].c.id)), most))
        return ways

    @property
    def sure(self) -> bool:
        return False


@dataclass(frozen=True)
class JoinedSeed(Seed):
    """The ids that some of several seeds hold."""

    members: tuple[Seed, ...] = ()

    def least(self, most: Most) -> ColumnElement[int]:
        return reduce(add, (member.least(most) for member in self.members))

    def ways(self, most: Most) -> list[Any]:
        ways = [member.ways(most) for member in self.members]
        ends = tuple(select(way[-1].c.id) for way in ways)
        return [table for way in ways for table in way] + [_some(ends, most)]

    @property
    def sure(self) -> bool:
        return all(member.sure for member in self.members)


def joined(seeds: Sequence[Seed]) -> Seed:
    """A seed of what several hold together."""
    if len(seeds) == 1:
        return seeds[0]
    parts = tuple(part for seed in seeds for part in seed.parts)
    return JoinedSeed(parts, any(seed.broad for seed in seeds), tuple(seeds))


def visited(seed: Seed, most: Most) -> ColumnElement[int]:
    """How many rows are visited where a statement starts at a seed; of `most` and more, any number that is not less."""
    return reduce(add, map(_count, seed.ways(most)))


def _some(parts: tuple[Ids, ...], most: Most) -> Any:
    # A table of a WITH clause: SQLite's parser bears a hundred levels of everything.
    return _together(parts).limit(most).cte()


def _without_ids(parts: tuple[Ids, ...]) -> tuple[Ids, ...]:
    """The same rows, so that an index is enough to count them."""
    one: Any = literal_column("1").label("id")
    return tuple(part.with_only_columns(one, maintain_column_froms=True) for part in parts)


def _count(rows: Any) -> ColumnElement[int]:
    return select(func.count()).select_from(rows).scalar_subquery()


def _together(parts: tuple[Ids, ...]) -> Any:
    return parts[0] if len(parts) == 1 else union_all(*parts)
