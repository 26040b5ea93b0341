"""Random predicates: every field, label, property and relation with every operator that it has.

Half of the tests are aimed at what some entity of the store holds, so that many
are true of some entities and false of others; the rest is drawn blindly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from lineageql.model.identity import EntityKind, Ref, RunName, WorkspaceName
from lineageql.model.kinds import ArtifactKind
from lineageql.model.predicates import (
    NEVER,
    And,
    Field,
    Group,
    Item,
    Label,
    Not,
    Operator,
    Or,
    Predicate,
    Property,
    Reached,
    Related,
    Relation,
    Subject,
    Test,
)
from tests.store.sql.node_types import COMMON, KUBEFLOW, OTHERS, SIMPLE
from tests.store.sql.oracle import Oracle, Thing
from tests.store.sql.records import StoreRecord
from tests.store.sql.stores import RUN_NAMES, SPACE_NAMES, stores
from tests.store.sql.values import ITEM_NAMES, ITEM_PATHS, KEYS, NAMES, NUMBERS, TEXTS, TIMES

RELATIONS = {
    EntityKind.ARTIFACT: (Relation.WORKSPACE, Relation.RUN, Relation.PRODUCED_BY, Relation.CONSUMED_BY),
    EntityKind.EXECUTION: (Relation.WORKSPACE, Relation.RUN, Relation.INPUTS, Relation.OUTPUTS),
    EntityKind.RUN: (Relation.WORKSPACE, Relation.EXECUTIONS, Relation.RUN_INPUTS, Relation.RUN_OUTPUTS),
    EntityKind.WORKSPACE: (Relation.RUNS, Relation.EXECUTIONS, Relation.ARTIFACTS),
}
WALKED = (EntityKind.ARTIFACT, EntityKind.EXECUTION)
SHARED = (Field.NAME, Field.NAME, Field.TYPE, Field.DESCRIPTION, Field.EXTERNAL_ID)
TEXT_FIELDS = {
    EntityKind.ARTIFACT: (*SHARED, Field.URI, Field.VERSION, Field.OWNER),
    EntityKind.EXECUTION: SHARED,
    EntityKind.RUN: SHARED,
    EntityKind.WORKSPACE: SHARED,
}
MOMENTS = {EntityKind.EXECUTION: (Field.START_TIME, Field.END_TIME)}
_ORDERED = (Operator.EQ, Operator.IN, Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)
OF_TEXTS = st.sampled_from(Operator)
OF_NUMBERS = st.sampled_from((*_ORDERED, Operator.EXISTS))
OF_CHOICES = st.just(Operator.IN)

TYPE_NAMES = st.sampled_from([type_.name for type_ in (*KUBEFLOW, *COMMON, *SIMPLE, *sum(OTHERS, ()))])
IDS = st.integers(-1, 9) | st.sampled_from((2**31, 2**63 - 1))
STATES = st.integers(0, 6)
KINDS = st.sampled_from(ArtifactKind)
OPERANDS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.sampled_from((2**64 - 1, 2**64, 2**64 + 1, 10**400, -(10**400))))

_TEXT_FIELDS = {kind: st.sampled_from(fields) for kind, fields in TEXT_FIELDS.items()}
_TIME_FIELDS = {
    kind: st.sampled_from((Field.CREATE_TIME, Field.UPDATE_TIME, *MOMENTS.get(kind, ()))) for kind in EntityKind
}
SHAPES = ("test", "test", "related", "related", "related", "and", "or", "not")
_SHAPES = st.sampled_from(SHAPES)
_LENGTHS = st.sampled_from((2, 2, 2, 1, 3, 0))
_TESTS = st.sampled_from(
    ("_field", "_field", "_label", "_property", "_property", "_item", "_item", "_time", "_id", "_choice")
)
_ONE_IN_FOUR = st.sampled_from((False, False, False, True))
_CHANGES = st.integers(0, 7)
_LONG = 100
_PLACES = st.integers(0, 20)


def _references(kind: EntityKind) -> st.SearchStrategy[Ref]:
    """References to entities of a kind, and to none."""
    numbered = st.integers(0, 8).map(lambda id_: Ref(kind, id_))
    if kind is EntityKind.WORKSPACE:
        return numbered | st.sampled_from((*SPACE_NAMES, "nowhere")).map(lambda name: Ref(kind, WorkspaceName(name)))
    if kind is not EntityKind.RUN:
        return numbered
    names = st.tuples(st.sampled_from((*SPACE_NAMES, "nowhere")), RUN_NAMES)
    return numbered | names.map(lambda pair: Ref(kind, RunName(*pair)))


REFERENCES = {kind: _references(kind) for kind in EntityKind}


class _Asker:
    """Draws predicates about one store."""

    def __init__(self, draw: st.DrawFn, oracle: Oracle, walks: bool = False) -> None:
        self.draw = draw
        self.shapes = st.sampled_from(("reached", "reached", "reached", *SHAPES)) if walks else _SHAPES
        self.oracle = oracle
        self.inside: list[Relation] = []

    def ask(self, kind: EntityKind, depth: int) -> Predicate:
        """A predicate of entities of a kind; the depth bounds how far it nests."""
        draw = self.draw
        shape = draw(self.shapes) if depth else "test"
        if shape == "not":
            return Not(self.ask(kind, depth - 1))
        if shape in ("and", "or"):
            terms = tuple(self.ask(kind, depth - 1) for _ in range(draw(_LENGTHS)))
            return And(terms) if shape == "and" else Or(terms)
        if shape == "reached" and kind in WALKED:
            asked = [self.ask(other, depth - 1) if draw(st.booleans()) else NEVER for other in WALKED]
            return Reached(draw(st.booleans()), *asked)
        relations = RELATIONS[kind]
        if shape in ("related", "reached") and relations:
            relation = draw(st.sampled_from(relations))
            self.inside.append(relation)
            inner = self.ask(relation.target, depth - 1)
            self.inside.pop()
            return Related(relation, inner)
        things = list(self.oracle.of(kind)) if draw(st.booleans()) else []
        thing = draw(st.sampled_from(things)) if things else None
        found: Test = getattr(self, draw(_TESTS))(kind, thing)
        return found

    def _make(
        self, subject: Subject, operators: Any, aim: Any, blind: st.SearchStrategy[Any], fold: bool = False
    ) -> Test:
        draw = self.draw
        operator = draw(operators)
        if operator is Operator.EXISTS:
            return Test(subject, operator)
        count = draw(_LENGTHS) if operator is Operator.IN else 1
        operands = tuple(draw(blind) if aim is None or draw(_ONE_IN_FOUR) else self._near(aim) for _ in range(count))
        operand = operands if operator is Operator.IN else operands[0]
        return Test(subject, operator, operand, draw(st.booleans()) if fold else False)

    def _near(self, value: Any) -> Any:
        """A value, or one not far from it."""
        change = self.draw(_CHANGES)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value + (0, 0, 0, 0, 1, -1, 0.5, 0)[change]
        if not isinstance(value, str):
            return value
        start = self.draw(_PLACES) % max(len(value), 1)
        said = {2: value[start:], 3: value[start : start + 3], 4: value.swapcase(), 5: value + "\0", 6: value[:start]}
        return said.get(change, value)

    def _field(self, kind: EntityKind, thing: Thing | None) -> Test:
        field = self.draw(_TEXT_FIELDS[kind])
        aim = thing.fields.get(field) if thing else None
        return self._make(field, OF_TEXTS, aim, TYPE_NAMES if field is Field.TYPE else TEXTS, True)

    def _label(self, kind: EntityKind, thing: Thing | None) -> Test:
        labels = thing.labels if thing else {}
        key = self.draw(st.sampled_from(sorted(labels))) if labels else self.draw(KEYS)
        return self._make(Label(key), OF_TEXTS, labels.get(key), TEXTS, True)

    def _property(self, kind: EntityKind, thing: Thing | None) -> Test:
        node = thing.node if thing else None
        names = sorted({*node.declared, *node.custom}) if node and self.draw(st.booleans()) else []
        name = self.draw(st.sampled_from(names)) if names else self.draw(NAMES)
        aim = thing.property(name) if thing else None
        if isinstance(aim, str) or (aim is None and self.draw(st.booleans())):
            return self._make(Property(name), OF_TEXTS, aim, TEXTS, True)
        return self._make(Property(name), OF_NUMBERS, aim if isinstance(aim, (int, float)) else None, OPERANDS)

    def _item(self, kind: EntityKind, thing: Thing | None) -> Test:
        if kind not in (EntityKind.ARTIFACT, EntityKind.EXECUTION):
            return self._property(kind, thing)  # these have none
        group = self.draw(st.sampled_from(Group)) if kind is EntityKind.ARTIFACT else Group.PARAMETERS
        names = [name for name in ITEM_PATHS if thing is None or thing.item(group, name) is not None]
        name = self.draw(st.sampled_from(names)) if names and self.draw(st.booleans()) else self.draw(ITEM_NAMES)
        aim = thing.item(group, name) if thing else None
        if isinstance(aim, str) or (aim is None and self.draw(st.booleans())):
            return self._make(Item(group, name), OF_TEXTS, aim, TEXTS, True)
        return self._make(Item(group, name), OF_NUMBERS, aim if isinstance(aim, (int, float)) else None, OPERANDS)

    def _time(self, kind: EntityKind, thing: Thing | None) -> Test:
        field = self.draw(_TIME_FIELDS[kind])
        return self._make(field, OF_NUMBERS, thing.fields[field] if thing else None, TIMES)

    def _id(self, kind: EntityKind, thing: Thing | None) -> Test:
        if self.draw(st.booleans()):
            return self._make(Field.ID, OF_NUMBERS, None, IDS)
        return self._make(Field.REF, OF_CHOICES, thing.ref if thing else None, REFERENCES[kind])

    def _choice(self, kind: EntityKind, thing: Thing | None) -> Test:
        if kind is EntityKind.WORKSPACE or (kind is EntityKind.RUN and Relation.RUN in self.inside):
            return self._field(kind, thing)  # no filter asks for the state of the run of something
        field = self.draw(st.sampled_from((Field.STATE, Field.KIND))) if kind is EntityKind.ARTIFACT else Field.STATE
        return self._make(
            field, OF_CHOICES, thing.fields[field] if thing else None, STATES if field is Field.STATE else KINDS
        )


@dataclass
class Case:
    """A store with what is asked of it."""

    store: StoreRecord
    predicates: list[Predicate]
    oracle: Oracle


@st.composite
def cases(
    draw: st.DrawFn,
    kind: EntityKind,
    keeps: Callable[[StoreRecord], StoreRecord],
    most: int | None = None,
    knows: Callable[[StoreRecord], Oracle] = Oracle,
    walks: bool = False,
) -> Case:
    """A random store, as far as a backend keeps one, with up to `most` predicates about its entities of a kind.

    `walks` says whether these ask for lineage, which no Reader does by itself.

    A store takes as long to make as several predicates to ask, so long runs ask more of each.
    """
    most = most or (3 if settings().max_examples < _LONG else 12)
    store = keeps(draw(stores()))
    oracle = knows(store)
    asker = _Asker(draw, oracle, walks)
    return Case(store, [asker.ask(kind, 3) for _ in range(draw(st.integers(1, most)))], oracle)
