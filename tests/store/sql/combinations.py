"""Every operator with every subject that it can be asked of, about one store that is made by hand.

A combination is a predicate that is true of some of the store's entities and
false of others. For each operator and subject there are so many of them that no
Reader can take the operator for another one, nor forget to fold case, and give
the right answers all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from lineageql.model.identity import EntityKind, Ref
from lineageql.model.kinds import ArtifactKind
from lineageql.model.predicates import (
    Field,
    Label,
    Not,
    Operator,
    Predicate,
    Property,
    Related,
    Relation,
    Subject,
    Test,
)
from lineageql.store.ports import Reader, Search, Window
from tests.store.sql.node_types import DATA_SET, MODEL, RUN, SDK_EXECUTION, WORKSPACE
from tests.store.sql.oracle import Oracle, Thing, meets
from tests.store.sql.questions import RELATIONS, WALKED
from tests.store.sql.records import (
    ARTIFACT,
    CONTEXT,
    EXECUTION,
    EventRecord,
    NodeRecord,
    StoreRecord,
    StructValue,
    TypeRecord,
    Value,
)

# Each text is found in another in some way: at its beginning, at its end, within it, with its case folded. What is a
# wildcard to SQL, to a shell or to a regular expression is none here.
TEXTS = ("Fraud", "Fraud model", "*Fraud", "m.*%Fraud_2", "fraud")
NUMBERS: tuple[dict[str, Value], ...] = (
    {"rows": 7, "share": 0.5, "final": True, "mixed": "7"},
    {"rows": 8, "share": 7.0, "final": False, "mixed": 7},
    {"rows": 12, "share": 2.25, "final": True, "mixed": 7.5},
    {"rows": -3, "share": 0.333333, "exact:share": "0.3333333333333333", "mixed": True},
    {"mixed": StructValue((("a", True),)), "rows": 70},
)
_META = ("name", "description", "version", "owner", "__ALL_META__")


def _types(first: int, kind: int) -> tuple[TypeRecord, ...]:
    """A type of each name, every second one in the manner of the Kubeflow Metadata SDK."""
    sdk = kind != CONTEXT
    return tuple(
        TypeRecord(first + place, kind, name, declares=_META if sdk and place % 2 else ())
        for place, name in enumerate(TEXTS)
    )


TYPES = {kind: _types(first, kind) for kind, first in ((EXECUTION, 100), (ARTIFACT, 200), (CONTEXT, 300))}


def _nodes(first: int, kind: int, shift: int = 0) -> tuple[NodeRecord, ...]:
    """A node of each type with all that a node can have, each time with another text."""
    nodes = []
    for place, type_ in enumerate(TYPES[kind]):
        turned = (place + shift) % len(TEXTS)
        text = TEXTS[turned]
        custom: dict[str, Value] = {"label:team": text, "description": text, "grade": text, **NUMBERS[turned]}
        if kind == ARTIFACT:
            custom |= {"version": text, "owner": text}
        if kind == EXECUTION:
            custom |= {"time:start": 1000.0 * (1 + turned), "time:end": 1000.0 * (2 + turned)}
        nodes.append(
            NodeRecord(
                first + place,
                type_,
                name=text,
                uri=text if kind == ARTIFACT else None,
                state=1 + turned if kind != CONTEXT else None,
                external_id=text.replace("u", "u" + "é" * shift),  # each once in a table
                created=1000 * (1 + turned),
                updated=1000 * (1 + turned) + 500,
                custom=custom,
            )
        )
    return tuple(nodes)


_RUN_OF = ("__kf_workspace__", "__kf_run__")
_DOCUMENT = (
    '{"workspace": "Fraud", "labels": {"team": "FRAUD"}, '
    '"kwargs": {"grade": "FRAUD", "rows": 9, "share": 1.5, "final": false}}'
)


def _named(workspace: str, run: str) -> dict[str, Value]:
    return dict(zip(_RUN_OF, (workspace, run), strict=True))


STORE = StoreRecord(
    types=(*TYPES[EXECUTION], *TYPES[ARTIFACT], *TYPES[CONTEXT], SDK_EXECUTION, MODEL, DATA_SET, WORKSPACE, RUN),
    artifacts=(
        *_nodes(1, ARTIFACT),
        NodeRecord(8, MODEL, name="8"),
        NodeRecord(9, MODEL, name="another", declared={"__ALL_META__": _DOCUMENT}),
        NodeRecord(10, DATA_SET, name="10"),
    ),
    executions=(
        *_nodes(1, EXECUTION, 2),
        NodeRecord(8, SDK_EXECUTION, name="8", custom=_named("Fraud", "Fraud")),
        NodeRecord(9, SDK_EXECUTION, name="9", state=3, custom=_named("Fraud", "Fraud model")),
        NodeRecord(10, SDK_EXECUTION, name="10", state=4, custom=_named("elsewhere", "fraud")),
        NodeRecord(11, SDK_EXECUTION, name="11"),
    ),
    contexts=(
        *_nodes(1, CONTEXT),
        *_nodes(11, CONTEXT, 1),
        NodeRecord(21, WORKSPACE, name="Fraud"),
        NodeRecord(22, RUN, name="Fraud/Fraud", custom=_named("Fraud", "Fraud")),
        NodeRecord(23, RUN, name="gone/7", custom=_named("gone", "7")),  # in a workspace that nothing else names
    ),
    parents=frozenset({*((11 + place, 1 + place) for place in range(len(TEXTS))), (22, 21)}),
    events=tuple(
        EventRecord(place, artifact, execution, type_, time=place)
        for place, (artifact, execution, type_) in enumerate(
            (*((id_, id_, 4) for id_ in (1, 2, 3, 4, 5)), (8, 8, 4), *((id_, 6 - id_, 3) for id_ in (1, 2, 3, 4, 5))), 1
        )
    ),
    associations=frozenset({*((11 + place, 1 + place) for place in range(len(TEXTS))), (21, 8)}),
    attributions=frozenset({*((1 + place, 1 + place) for place in range(len(TEXTS))), (21, 8)}),
)
ORACLE = Oracle(STORE)


@dataclass(frozen=True, eq=False)
class Question:
    """Something that can be tested in entities of a kind, or in what is related to them."""

    kind: EntityKind
    subject: Subject
    through: Relation | None = None

    def __str__(self) -> str:
        subject = self.subject.value if isinstance(self.subject, Field) else str(self.subject)
        return subject if self.through is None else f"{self.through.value}.{subject}"

    @cached_property
    def held(self) -> dict[Ref, list[Any]]:
        """What the subject is in each entity, or in all that are related to it; None where it is not there."""

        def beside(thing: Thing) -> list[Thing]:
            return [thing] if self.through is None else ORACLE.related(thing, self.through)

        return {thing.ref: [one.value(self.subject) for one in beside(thing)] for thing in ORACLE.of(self.kind)}

    @property
    def values(self) -> list[Any]:
        """What the subject is in the store, each value once."""
        found = {repr(value): value for values in self.held.values() for value in values if value is not None}
        return list(found.values())

    def predicate(self, test: Test) -> Predicate:
        return test if self.through is None else Related(self.through, test)

    def true_of(self, test: Test) -> frozenset[Ref]:
        """The entities that the oracle finds."""
        return frozenset(ref for ref, values in self.held.items() if any(meets(test, value) for value in values))


def _questions() -> Iterator[Question]:
    for kind in EntityKind:
        a_thing: Thing = next(iter(ORACLE.of(kind)))
        yield from (Question(kind, field) for field in Field if field in a_thing.fields or field is Field.REF)
        yield Question(kind, Label("team"))
        yield from (Question(kind, Property(name)) for name in ("grade", "rows", "share", "final", "mixed"))
        # What runs and workspaces hold is tested by random filters: here it is all, and tells no operator from another.
        for relation in RELATIONS[kind] if kind in WALKED else set(RELATIONS[kind]) & {Relation.WORKSPACE}:
            yield Question(kind, Field.NAME, relation)
            if not relation.by_event:
                yield Question(kind, Field.REF if relation is Relation.RUN else Field.ID, relation)


QUESTIONS = tuple(_questions())
TEXT = (str,)
ORDERED = (str, int, float)
ANY = (str, int, float, bool, ArtifactKind, Ref)


@dataclass(frozen=True)
class Asking:
    """How an operator is asked.

    Attributes:
        types: the types of the values that it is asked of.
        operands: from one such value and all of them to operands that make it true or false of something.
    """

    types: tuple[type, ...]
    operands: Callable[[Any, list[Any]], list[Any]]


ASKING: dict[Operator, Asking] = {
    Operator.EQ: Asking(ANY, lambda value, _: [value]),
    Operator.IN: Asking(ANY, lambda value, values: [(value,), (value, *values[:2]), ()]),
    Operator.STARTS_WITH: Asking(TEXT, lambda value, _: [value[:3], value]),
    Operator.ENDS_WITH: Asking(TEXT, lambda value, _: [value[-4:], value]),
    Operator.CONTAINS: Asking(TEXT, lambda value, _: [value[1:4], value]),
    Operator.LT: Asking(ORDERED, lambda value, _: [value]),
    Operator.LTE: Asking(ORDERED, lambda value, _: [value]),
    Operator.GT: Asking(ORDERED, lambda value, _: [value]),
    Operator.GTE: Asking(ORDERED, lambda value, _: [value]),
    Operator.EXISTS: Asking(ANY[:-1], lambda _, __: [None]),
}
"""Each operator has its row here, and so has a new one: nothing else says how it is asked."""

LOOSE = Property("mixed")
"""Of which values of all families are only few each: an operator of one family is not told from all others of it."""
NEVER = {(question, ()) for question in QUESTIONS}
"""The questions and operands that are true of nothing: to be one of none."""
THERE = {Field.NAME, Field.TYPE, Field.KIND, Field.STATE}
"""What every entity has."""
ALWAYS = {
    (question, None)
    for question in QUESTIONS
    if question.through is None
    and (question.subject in THERE or (question.subject is Field.ID and question.kind is not EntityKind.RUN))
}
"""The questions and operands that are true of everything: whether what every entity has is there."""


def tests_of(question: Question, operator: Operator) -> list[Test]:
    """The tests of a question's subject by an operator; those by texts with and without regard to case."""
    asking, values = ASKING[operator], question.values
    operands = {
        repr(operand): operand
        for value in values
        if type(value) in asking.types
        for operand in asking.operands(value, values)
    }
    tests = []
    for operand in operands.values():
        test = Test(question.subject, operator, operand)
        tests += [test, replace(test, ignore_case=True)] if _is_of_text(test) else [test]
    return tests


def _is_of_text(test: Test) -> bool:
    return any(isinstance(operand, str) for operand in _operands(test))


def _operands(test: Test) -> tuple[Any, ...]:
    return test.operand if test.operator is Operator.IN else (test.operand,)  # type: ignore[return-value]


def others_of(test: Test) -> dict[object, Test]:
    """What a Reader might take a test for: the same by another operator, or with other regard to case."""
    others: dict[object, Test] = {
        other: replace(test, operator=other)
        for other in Operator
        if other is not test.operator and Operator.IN not in (other, test.operator)
    }
    if _is_of_text(test):
        others["case"] = replace(test, ignore_case=not test.ignore_case)
    return others


@dataclass
class Combination:
    """A question with an operator.

    Attributes:
        tests: as many as it takes to tell the operator from others, and one of each form at least.
        untold: what a Reader could take the operator for, and find the right entities all the same.
            The forms of tests that are all true of nothing or of everything are among it.
    """

    question: Question
    operator: Operator
    tests: list[Test]
    untold: set[object]


@cache
def combination(question: Question, operator: Operator) -> Combination | None:
    """The combination of a question and an operator; None where the subject holds nothing that the operator is for."""
    tests = tests_of(question, operator)
    kept: list[Test] = []
    told: set[object] = set()
    forms: set[object] = set()
    for test in tests:
        outcome = question.true_of(test)
        mixed = 0 < len(outcome) < len(question.held)
        if not mixed and (question, test.operand) not in NEVER | ALWAYS:
            continue
        untold = {name: other for name, other in others_of(test).items() if name not in told}
        more = {name for name, other in untold.items() if mixed and question.true_of(other) != outcome}
        form = _form(test)
        if more or form not in forms:
            kept.append(test)
            told |= more
            forms.add(form)
    untold_by_all = {name for test in tests for name in others_of(test)} - told
    untold_by_all |= {_form(test) for test in tests} - forms
    return Combination(question, operator, kept, untold_by_all) if tests else None


def _form(test: Test) -> object:
    """The first operand's type and the number of operands of a test, and whether it regards case."""
    operands = _operands(test)
    return type(operands[0]) if operands else None, len(operands), test.ignore_case


def asked(kind: EntityKind, operator: Operator) -> list[Combination]:
    """All combinations of a kind's subjects with an operator."""
    found = (combination(question, operator) for question in QUESTIONS if question.kind is kind)
    return [one for one in found if one is not None]


async def wrongly_answered(reader: Reader, kind: EntityKind, operator: Operator) -> list[str]:
    """The tests of a kind by an operator that a Reader of the store answers otherwise than the oracle, in words."""
    wrong: list[str] = []
    for each in asked(kind, operator):
        for test in each.tests:
            search = Search(kind, each.question.predicate(test))
            found = [row.entity.ref for row in (await reader.search(search, Window(1000))).rows]
            if len(found) != len(set(found)) or set(found) != each.question.true_of(test):
                wrong.append(f"{each.question}, {test}: {found}")
        # No index serves a negation: what is not found is counted in another way than what is.
        others = await reader.count(Search(kind, Not(each.question.predicate(each.tests[0]))))
        if others != len(each.question.held) - len(each.question.true_of(each.tests[0])):
            wrong.append(f"{each.question}, not {each.tests[0]}: {others}")
    return wrong
