"""Tests as filters of MLMD's language, where these let through every row that may meet the test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lineageql.model.conventions.convention import Column, Convention, Custom, Declared, Place, TypeAndId
from lineageql.model.nodes import NodeKind
from lineageql.model.predicates import Field, Label, Operator, Predicate, Property, Subject, Test
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.service import filter_query
from lineageql.store.service.client import Knowledge
from lineageql.store.service.index_lookups import SIMPLE_TYPES, texts_of

_TIMES = {Field.CREATE_TIME: "create_time_since_epoch", Field.UPDATE_TIME: "last_update_time_since_epoch"}
_BOUNDS = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<=", Operator.EQ: "="}
_FIELDS = (Field.NAME, Field.VERSION, Field.OWNER, Field.DESCRIPTION)


@dataclass(frozen=True)
class Prefilter:
    """Filters that together let through every row that may meet a test, but for the rows of some ids."""

    filters: tuple[str, ...]
    ids: tuple[int, ...] = ()


class Prefilters:
    """Makes filters for the types of one store."""

    def __init__(self, types: TypeCatalog, knowledge: Knowledge) -> None:
        self.types = types
        self.knowledge = knowledge

    @property
    def can_filter(self) -> bool:
        """Whether the server takes filters, as far as is known."""
        return self.knowledge.filters

    def of(self, kind: NodeKind, test: Test) -> Prefilter | None:
        """The filters of a test of a text; None where they cannot be said."""
        texts = texts_of(test) if self.can_filter else None
        if texts is None:
            return None
        if not texts:
            return Prefilter(())
        places = self._places(kind, test.subject, texts)
        if places is None:
            return None
        said = [self._said(place, texts) for place in places if not isinstance(place, TypeAndId)]
        if not all(said):
            return None
        ids = _ids(texts) if any(isinstance(place, TypeAndId) for place in places) else ()
        # The simple types, which are hidden, have no writer, and names that stand in uris too.
        hides = isinstance(test.subject, Field) and test.subject in _FIELDS and SIMPLE_TYPES[kind]
        hidden = [filter_query.equals("type", SIMPLE_TYPES[kind])] if hides else []
        return Prefilter(tuple(dict.fromkeys((*said, *hidden))), tuple(ids))

    def _places(self, kind: NodeKind, subject: Subject, texts: list[str]) -> set[Place] | None:
        """Where a value may stand in the nodes of a kind; None where no filter reaches all of these places."""
        conventions = [convention for convention, _ in self.types.groups(kind)]
        if not conventions:
            return None
        if isinstance(subject, Label):
            return self._places_of_label(kind, subject.key, conventions)
        if isinstance(subject, Property):
            return self._places_of_property(kind, subject.name, conventions)
        if subject is Field.NAMED_WORKSPACE:
            return set(self.types.naming.get(kind, {}))
        # A number in a property is the text of a field, too, and no text to a filter.
        if subject not in _FIELDS or any(_may_be_number(text) for text in texts):
            return None
        places = {place for convention in conventions for place in convention.places(kind, subject)}
        return places if all(map(_is_reached, places)) else None

    def _places_of_label(self, kind: NodeKind, key: str, conventions: list[Convention]) -> set[Place] | None:
        labels = [convention.labels[kind] for convention in conventions if kind in convention.labels]
        if any(found.document is not None for found in labels):
            return None  # documents are no filter's to read
        return {place for found in labels for place in found.properties(key)}

    def _places_of_property(self, kind: NodeKind, name: str, conventions: list[Convention]) -> set[Place] | None:
        if any(kind in convention.extras for convention in conventions):
            return None
        # Whether a type declares it does not tell: a store may hold declared properties that its types know nothing of.
        return {Custom(name), Declared(name)}

    def _said(self, place: Place, texts: list[str]) -> str:
        match place:
            case Column(name):
                return filter_query.equals(name, texts)
            case Declared(name):
                return filter_query.declared_property(name, texts)
            case Custom(name):
                return filter_query.custom_property(name, texts)
        raise AssertionError(place)

    def together(self, terms: Iterable[Predicate]) -> str:
        """The filter of the terms, all of which must be true, that one filter can say; empty, where none can."""
        if not self.can_filter:
            return ""
        return filter_query.both(*(_bound(term) for term in terms if isinstance(term, Test)))


def _bound(test: Test) -> str:
    """The filter of a test of a time."""
    column = _TIMES.get(test.subject) if isinstance(test.subject, Field) else None
    sign, number = _BOUNDS.get(test.operator), test.operand
    if column is None or sign is None or not isinstance(number, int) or not 0 <= number < 2**62:
        return ""
    return f"{column} {sign} {number}"


def _is_reached(place: Place) -> bool:
    """Whether a filter can ask for a text at a place: not where the text may be followed by a time."""
    match place:
        case Declared(_, stamped) | Custom(_, stamped):
            return not stamped
    return isinstance(place, (Column, TypeAndId))


def _may_be_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("true", "false")
    return True


def _ids(texts: Iterable[str]) -> list[int]:
    """The ids that stand in names that are made of a type's name and an id."""
    ids = []
    for text in texts:
        _, slash, id_ = text.rpartition("/")
        if slash and id_.isascii() and id_.isdigit() and len(id_) < 19:
            ids.append(int(id_))
    return ids
