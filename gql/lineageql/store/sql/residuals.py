"""What a predicate asks that no statement says, the *residual*: it is decided here, over the rows that may meet it.

That is items in Structs, and operators for which a dialect has no words. Before a
predicate is compiled it is *grounded*: in the place of such a test stand the ids of
the rows that meet it. What else must be true of the same rows bounds what is read.
"""

from __future__ import annotations

from lineageql.errors import TooExpensive
from lineageql.model.evaluate import comparison
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.items import tested
from lineageql.model.operators import Access
from lineageql.model.predicates import (
    ALWAYS,
    And,
    Field,
    Item,
    Label,
    Not,
    Operator,
    Or,
    Predicate,
    Related,
    Test,
    all_of,
)
from lineageql.model.subjects import meets
from lineageql.store.ports import Search, Window
from lineageql.store.sql.driver import Script
from lineageql.store.sql.operators import has_words
from lineageql.store.sql.searches import Searches
from lineageql.store.sql.struct_items import has_structs, struct_values

MOST_ROWS = 200_000
"""How many rows are looked at for one test."""
_PAGE = 5_000


def is_residual(searches: Searches, kind: EntityKind, predicate: Predicate) -> bool:
    """Whether a predicate of entities of a kind has a test that no statement says."""
    match predicate:
        case And(terms) | Or(terms):
            return any(is_residual(searches, kind, term) for term in terms)
        case Not(term):
            return is_residual(searches, kind, term)
        case Related(relation, inner):
            return is_residual(searches, relation.target, inner)
        case Test(subject=Item(group)) if has_structs(searches.types, kind, group):
            return True
        case Test(operator=how):
            return not has_words(how, searches.dialect)
    return False


def grounded(
    searches: Searches, kind: EntityKind, predicate: Predicate, within: Predicate = ALWAYS
) -> Script[Predicate]:
    """The predicate, true of the same entities, whose residual tests name the ids of those that meet them.

    Args:
        within: what is true of all entities of which it matters.

    Raises:
        TooExpensive: more than `MOST_ROWS` rows had to be looked at for an operator without words.
    """
    if not is_residual(searches, kind, predicate):
        return predicate
    match predicate:
        case And(terms):
            others = [term for term in terms if not is_residual(searches, kind, term)]
            return And((yield from _all_grounded(searches, kind, terms, all_of(within, *others))))
        case Or(terms):
            return Or((yield from _all_grounded(searches, kind, terms, within)))
        case Not(term):
            return Not((yield from grounded(searches, kind, term, within)))
        case Related(relation, inner):
            return Related(relation, (yield from grounded(searches, relation.target, inner)))
        case Test(operator=how) if not has_words(how, searches.dialect):
            return (yield from _decided(searches, kind, predicate, within))
        case Test(subject=Item() as item):
            is_met = comparison(predicate)
            found = yield from struct_values(searches, kind, item, within)
            ids = tuple(id_ for id_, value in found.items() if is_met(tested(value)))
            return Or((predicate, Test(Field.ID, Operator.IN, ids)))
    raise AssertionError(predicate)


def _all_grounded(
    searches: Searches, kind: EntityKind, terms: tuple[Predicate, ...], within: Predicate
) -> Script[tuple[Predicate, ...]]:
    found: tuple[Predicate, ...] = ()
    for term in terms:
        found = (*found, (yield from grounded(searches, kind, term, within)))
    return found


def _decided(searches: Searches, kind: EntityKind, test: Test, within: Predicate) -> Script[Predicate]:
    """A test of the ids of the entities that meet `test` and make `within` true."""
    meaning, is_met = test.operator.meaning, meets(test)
    bounds, subject = [within], test.subject
    in_struct = isinstance(subject, Item) and has_structs(searches.types, kind, subject.group)
    if not isinstance(subject, Field) and not in_struct:
        bounds.append(Test(subject, Operator.EXISTS))  # most rows lack it
    prefix = "" if meaning.access is not Access.PREFIX else meaning.prefix(str(test.operand))
    if prefix and not in_struct:
        bounds.append(Test(subject, Operator.STARTS_WITH, prefix, test.ignore_case))
    search, window = Search(kind, all_of(*bounds)), Window(_PAGE)
    refs: list[Ref] = []
    seen = 0
    while True:
        page = yield from searches.page(search, window, _needed(test))
        seen += len(page.rows)
        refs += (row.entity.ref for row in page.rows if is_met(row.entity))
        if not page.more:
            if kind is EntityKind.RUN:
                return Test(Field.REF, Operator.IN, tuple(refs))
            return Test(Field.ID, Operator.IN, tuple(ref.key for ref in refs if isinstance(ref.key, int)))
        if seen >= MOST_ROWS:
            words = f"{test.operator.value} would have to read more than {MOST_ROWS:,} rows, as no index helps it"
            raise TooExpensive(f"{words}: add another filter, such as one workspace or one label")
        window = Window(_PAGE, after=page.rows[-1].key)


def _needed(test: Test) -> frozenset[Field] | None:
    """The fields that an entity must have been read with to be tested; None of all that it holds."""
    if isinstance(test.subject, Label):
        return frozenset({Field.LABELS})
    return frozenset({test.subject}) if isinstance(test.subject, Field) else None
