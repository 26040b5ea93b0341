"""Pages in an order by a name, as searches one after the other: what has a number of it, what has a text, all else.

An index finds the first two parts by the name, and the last is walked over by
id. Items in Structs, which no database reads, are read and sorted here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeVar

from lineageql.errors import InvalidArgument
from lineageql.model.identity import Ref
from lineageql.model.items import tested
from lineageql.model.operators import Family, Operator
from lineageql.model.orders import SortKey, is_by_best, lacking, place_of, sort_key
from lineageql.model.predicates import Field, Item, Not, Placed, Test, all_of
from lineageql.store.ports import Key, Link, Order, Row, Search, Slice, Window
from lineageql.store.sql.driver import Script
from lineageql.store.sql.page_statements import ValueOrder
from lineageql.store.sql.searches import Fields, Searches
from lineageql.store.sql.struct_items import in_structs, struct_values

SORT_KEY = 3
"""How many parts of a key are the sort key; the others break ties."""
_ALL = Window(2**31)
Owner = TypeVar("Owner", bound=Hashable)
Pages = Callable[[Sequence[Owner], Search, Window], Script[Mapping[Owner, Slice]]]
"""The pages of some owners, in an order that one search has."""


def page_in_parts(searches: Searches, search: Search, window: Window, fields: Fields) -> Script[Slice]:
    """A page of the whole store."""

    def pages(_: Sequence[None], part: Search, some: Window) -> Script[Mapping[None, Slice]]:
        return {None: (yield from searches.page(part, some, fields))}

    parts = yield from _parts(searches, search)
    structs = {None: [id_ for part in parts for id_ in part.structs]}
    return (yield from _in_parts(searches, parts, [None], window, pages, structs, fields))[None]


def pages_in_parts(
    searches: Searches, link: Link, owners: Sequence[Ref], search: Search, window: Window, fields: Fields
) -> Script[Mapping[Ref, Slice]]:
    """The same page under each of several owners."""

    def pages(some: Sequence[Ref], part: Search, within: Window) -> Script[Mapping[Ref, Slice]]:
        return (yield from searches.page_under(link, some, part, within, fields))

    members: Mapping[Ref, set[int]] = {}
    if in_structs(searches.types, search):
        everything = Search(search.kind, search.predicate)
        found = yield from searches.page_under(link, owners, everything, _ALL, frozenset())
        members = {owner: {row.entity.node.id for row in all_.rows} for owner, all_ in found.items()}
        # Only what the owners have is read.
        those = Test(Field.ID, Operator.IN, tuple(sorted(set().union(*members.values()))))
        search = replace(search, predicate=all_of(search.predicate, those))
    parts = yield from _parts(searches, search)
    return (yield from _in_parts(searches, parts, owners, window, pages, members, fields))


@dataclass(frozen=True)
class _Part:
    """Rows that stand together in the order: those with a number, those with a text, or those with neither.

    Attributes:
        search: finds them, but for `structs`; its keys are the value and the ties, or the ties alone.
        place: the first part of the keys of its rows, see `model.orders`.
        family: that of the values; None of the last part.
        structs: the sort keys of those whose values stand in Structs.
    """

    search: Search
    place: int
    family: Family | None
    structs: Mapping[int, SortKey]

    def edge(self, key: Key | None) -> Key | None:
        """A key of the whole order as the search has it; None where it is not of this part."""
        if key is None or key[0] != self.place:
            return None
        return key[SORT_KEY:] if self.family is None else (key[2 if self.family is Family.TEXT else 1], *key[SORT_KEY:])

    def outer(self, key: Key) -> Key:
        """The key in the whole order of one of the search's."""
        if self.family is None:
            return (self.place, 0.0, "", *key)
        value, *ties = key
        if self.family is Family.TEXT:
            return (self.place, 0.0, value, *ties)
        # Not every database sends a double as one through JSON.
        return (self.place, float(value or 0), "", *ties)

    def shown(self, ids: Iterable[int], window: Window) -> list[tuple[int, float, str, int]]:
        """The keys of those in Structs that a window of the whole order may show, one more than its limit."""
        descending = self.search.order.descending
        keys = sorted(((*self.structs[id_], id_) for id_ in ids if id_ in self.structs), reverse=descending)
        if window.after is not None:
            keys = [key for key in keys if (key < window.after if descending else key > window.after)]
        if window.before is not None:
            keys = [key for key in keys if (key > window.before if descending else key < window.before)]
        most = window.limit + 1
        return keys[-most:] if window.backward else keys[:most]


def _parts(searches: Searches, search: Search) -> Script[list[_Part]]:
    """The parts, in their order."""
    by, descending, predicate = search.order.field, search.order.descending, search.predicate
    assert not isinstance(by, Field)
    structs: dict[int, SortKey] = {}
    end = lacking(descending=descending)
    if isinstance(by, Item) and in_structs(searches.types, search):
        values = yield from struct_values(searches, search.kind, by, predicate)
        keys = {id_: sort_key(tested(value), descending=descending) for id_, value in values.items()}
        structs = {id_: key for id_, key in keys.items() if key != end}
    found, others = [], [predicate]
    for family in (Family.NUMBER,) if is_by_best(search.kind, by) else (Family.NUMBER, Family.TEXT):
        order = ValueOrder(by, descending, family)
        placed = Placed(by, family)
        place = place_of(family, descending=descending)
        own = {id_: key for id_, key in structs.items() if key[0] == place}
        found.append(_Part(Search(search.kind, all_of(predicate, placed), order), place, family, own))
        others.append(Not(placed))
    if structs:
        others.append(Not(Test(Field.ID, Operator.IN, tuple(structs))))
    last = Search(search.kind, all_of(*others), Order(descending=descending))
    return [*found, _Part(last, end[0], None, {})]


def _windows(parts: Sequence[_Part], window: Window) -> Iterator[tuple[_Part, Window]]:
    """The parts of which a window of the whole order may show something, and what it shows of each, in their order."""
    for name, key in (("after", window.after), ("before", window.before)):
        if key is not None and not (_is_key(key) and key[0] in [part.place for part in parts]):
            raise InvalidArgument("this cursor was altered; take cursors from earlier answers", name)
    begun = window.after is None
    for part in parts:
        begun = begun or (window.after is not None and window.after[0] == part.place)
        if begun:
            yield part, replace(window, after=part.edge(window.after), before=part.edge(window.before))
        if window.before is not None and window.before[0] == part.place:
            return


def _is_key(key: Key) -> bool:
    return len(key) > SORT_KEY and isinstance(key[1], float) and isinstance(key[2], str)


def _in_parts(
    searches: Searches,
    parts: Sequence[_Part],
    owners: Sequence[Owner],
    window: Window,
    pages: Pages[Owner],
    ids: Mapping[Owner, Iterable[int]],
    fields: Fields,
) -> Script[Mapping[Owner, Slice]]:
    """The pages of owners, of as many parts as it takes to fill them.

    Args:
        ids: what each owner has, where something stands in Structs.
    """
    rows: dict[Owner, list[Row]] = {owner: [] for owner in owners}
    going, full = list(owners), set[Owner]()
    shown = list(_windows(parts, window))
    for part, within in reversed(shown) if window.backward else shown:
        limit = window.limit - min((len(rows[owner]) for owner in going), default=0)
        found = yield from pages(going, part.search, replace(within, limit=limit))
        chosen = (
            {owner: part.shown(ids[owner], replace(window, limit=limit)) for owner in going} if part.structs else {}
        )
        wanted = sorted({key[-1] for keys in chosen.values() for key in keys})
        entities = (yield from searches.tables.by_id(part.search.kind, wanted, fields)) if wanted else {}
        for owner in going:
            more = [row._replace(key=part.outer(row.key)) for row in found[owner].rows]
            if chosen:
                more += [Row(key, entities[key[-1]]) for key in chosen[owner] if key[-1] in entities]
                more.sort(key=attrgetter("key"), reverse=part.search.order.descending)
            room = window.limit - len(rows[owner])
            if found[owner].more or len(more) > room:
                full.add(owner)
            more = more[max(0, len(more) - room) :] if window.backward else more[:room]
            rows[owner] = [*more, *rows[owner]] if window.backward else [*rows[owner], *more]
        going = [owner for owner in going if owner not in full]
        if not going:
            break
    return {owner: Slice(rows[owner], owner in full) for owner in owners}
