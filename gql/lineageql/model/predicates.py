"""What can be asked of an entity, as a small tree.

A predicate is true or false of an entity, never unknown. A test of something
that the entity lacks is false; `ne`, `notIn` and `isNull` are negations, so
they are true of what is lacking, as in Kubernetes' label selectors.

::

    Predicate
    ├── And(terms), Or(terms), Not(term)
    ├── Test(subject, operator, operand)     of one field, label, property or item
    ├── Related(relation, predicate)         some related entity makes it true
    ├── Reached(upstream, …)                 a walk over lineage from some nodes gets there
    └── Placed(by, family)                   an order by a name has a place for it among numbers, or among texts
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from lineageql.model.choice import Choice
from lineageql.model.identity import EntityKind
from lineageql.model.operators import Family
from lineageql.model.operators import Operator as Operator  # a word of predicates: others take it from here


class Field(Choice):
    """The fields of entities, as they are tested, ordered by and read."""

    ID = "id"  # MLMD's own id
    REF = "ref"  # the global id, for runs that are only names
    NAME = "name"
    TYPE = "type"
    KIND = "kind"
    URI = "uri"
    VERSION = "version"
    OWNER = "owner"
    DESCRIPTION = "description"
    STATE = "state"
    EXTERNAL_ID = "externalId"
    CREATE_TIME = "createTime"
    UPDATE_TIME = "updateTime"
    START_TIME = "startTime"
    END_TIME = "endTime"
    NAMED_WORKSPACE = "namedWorkspace"  # the name of the workspace that a node names itself, which only Readers ask of
    LATEST_RUN = "latestRun"  # of a workspace, which is only ordered by it
    LABELS = "labels"  # all of them, which are only read; a test is of a `Label`


@dataclass(frozen=True, slots=True)
class Label:
    """The label of this key."""

    key: str


@dataclass(frozen=True, slots=True)
class Property:
    """The property of this name, else the custom property of this name."""

    name: str


class Group(Choice):
    """What writers keep by name beside properties; a convention's table says where."""

    VALUES = "values"  # of metrics
    PARAMETERS = "parameters"  # of executions, and the hyperparameters of models


@dataclass(frozen=True, slots=True)
class Item:
    """The item of this name in a group, else the one at this path: names of nested objects with dots between."""

    group: Group
    name: str


Subject = Field | Label | Property | Item


Scalar = str | int | float | bool | None
Operand = object


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """One test of one subject. The operand of IN is a tuple, of EXISTS None.

    Tests are equal where they test the same: to Python 1, 1.0 and True are equal, and to a test they are not.
    """

    subject: Subject
    operator: Operator
    operand: Operand = None
    ignore_case: bool = False

    __test__ = False  # not a test class of pytest's

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Test):
            return NotImplemented
        return (
            self.subject == other.subject
            and self.operator is other.operator
            and self.ignore_case is other.ignore_case
            and self.operand == other.operand
            and _classes(self.operand) == _classes(other.operand)
        )

    def __hash__(self) -> int:
        return hash((self.subject, self.operator, self.operand, self.ignore_case))


def _classes(operand: Operand) -> list[type]:
    return [type(value) for value in operand] if isinstance(operand, tuple) else [type(operand)]


class Relation(Choice):
    """From an entity to the entities beside it."""

    WORKSPACE = "workspace"
    RUN = "run"
    PRODUCED_BY = "producedBy"
    CONSUMED_BY = "consumedBy"
    INPUTS = "inputs"
    OUTPUTS = "outputs"
    RUNS = "runs"
    EXECUTIONS = "executions"
    ARTIFACTS = "artifacts"
    RUN_INPUTS = "inputs of the run"  # consumed, not produced there
    RUN_OUTPUTS = "outputs of the run"

    @property
    def target(self) -> EntityKind:
        """The kind of entity at the other end."""
        return _TARGETS[self]

    @property
    def by_event(self) -> bool:
        """Whether it leads over events, from artifacts to executions or back."""
        return self in _BY_EVENT


_TARGETS = {
    Relation.WORKSPACE: EntityKind.WORKSPACE,
    Relation.RUN: EntityKind.RUN,
    Relation.PRODUCED_BY: EntityKind.EXECUTION,
    Relation.CONSUMED_BY: EntityKind.EXECUTION,
    Relation.INPUTS: EntityKind.ARTIFACT,
    Relation.OUTPUTS: EntityKind.ARTIFACT,
    Relation.RUNS: EntityKind.RUN,
    Relation.EXECUTIONS: EntityKind.EXECUTION,
    Relation.ARTIFACTS: EntityKind.ARTIFACT,
    Relation.RUN_INPUTS: EntityKind.ARTIFACT,
    Relation.RUN_OUTPUTS: EntityKind.ARTIFACT,
}
_BY_EVENT = frozenset({Relation.PRODUCED_BY, Relation.CONSUMED_BY, Relation.INPUTS, Relation.OUTPUTS})


@dataclass(frozen=True, slots=True)
class Related:
    """Some entity at the other end of the relation makes the predicate true."""

    relation: Relation
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Reached:
    """Over one or more steps of lineage there is a node that makes a predicate true: only artifacts and executions are.

    No Reader knows it: `catalog.reach` walks, and has a test of ids in its place.

    Attributes:
        upstream: whether that node is upstream of the entity, which descends from it; else it is downstream.
        artifacts: what an artifact must make true to be such a node.
        executions: what an execution must.
        path: where a client asked it.
    """

    upstream: bool
    artifacts: Predicate
    executions: Predicate
    path: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Placed:
    """There is a value of a family by a name: a text, or a number that a double can be; of runs see `model.orders`.

    No filter asks it: Readers do, of what they put into an order.
    """

    by: Property | Item
    family: Family


@dataclass(frozen=True, slots=True)
class And:
    """Every term is true; with no terms, true."""

    terms: tuple[Predicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """Some term is true; with no terms, false."""

    terms: tuple[Predicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The term is false."""

    term: Predicate


Predicate = And | Or | Not | Test | Related | Reached | Placed

ALWAYS = And()
NEVER = Or()


def all_of(*terms: Predicate) -> Predicate:
    """The conjunction of the terms, without nesting for its own sake."""
    flat: list[Predicate] = []
    for term in terms:
        flat.extend(term.terms) if isinstance(term, And) else flat.append(term)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(terms: Iterable[Predicate]) -> Predicate:
    """The disjunction of the terms, in which what is asked many times in one way is asked once.

    Tests of one subject for equality become one test, and what one relation leads to one relation: programs write
    hundreds of such terms, and each that is left costs a Reader as much as the first.
    """
    given = tuple(terms)
    if len(given) < 2:
        return Or(given)
    asked: dict[Hashable, list[Predicate]] = {}
    for place, term in enumerate(_flat(given)):
        if (subject := _equated(term)) is not None:
            asked.setdefault(subject, []).append(term)
        elif isinstance(term, Related):
            asked.setdefault(term.relation, []).append(term)
        else:
            asked[place] = [term]
    found = [joined for alike in asked.values() for joined in _joined(alike)]
    return found[0] if len(found) == 1 else Or(tuple(found))


def _flat(terms: Iterable[Predicate]) -> Iterator[Predicate]:
    """The terms, and in the place of alternatives for one subject these."""
    for term in terms:
        if isinstance(term, Or) and _is_of_one(term):
            yield from term.terms
        else:
            yield term


def _is_of_one(alternatives: Or) -> bool:
    subjects = set(map(_equated, alternatives.terms))
    return len(subjects) == 1 and None not in subjects


def _equated(term: Predicate) -> Subject | None:
    """What a term tests for equality, where it does that and nothing else."""
    match term:
        case Test(subject, Operator.EQ | Operator.IN, ignore_case=False):
            return subject
    return None


def _joined(alike: list[Predicate]) -> list[Predicate]:
    """One term in the place of several of one subject or relation, or these where they nest less deep."""
    if len(alike) == 1:
        return alike
    match alike[0]:
        case Test(subject):
            operands: dict[tuple[type, object], None] = {}
            for test in alike:
                assert isinstance(test, Test)
                given = test.operand if isinstance(test.operand, tuple) else (test.operand,)
                operands.update(((type(operand), operand), None) for operand in given)
            return [Test(subject, Operator.IN, tuple(operand for _, operand in operands))]
        case Related(relation):
            ends = any_of(term.predicate for term in alike if isinstance(term, Related))
            joined = Related(relation, ends)
            # A chain of relations ends at an `or`.
            return [joined] if levels(joined) <= levels(Or(tuple(alike))) else alike
    return alike


def name_of(subject: Subject) -> str:
    """What is tested, as a plan shows it."""
    match subject:
        case Label(key):
            return f"label {key!r}"
        case Property(name):
            return f"property {name!r}"
        case Item(group, name):
            return f"{group.value} {name!r}"
        case field:
            return str(field.value)


def size(predicate: Predicate) -> int:
    """How many tests a predicate holds; an IN counts each value."""
    match predicate:
        case And(terms) | Or(terms):
            return 1 + sum(map(size, terms))
        case Not(term) | Related(_, term):
            return 1 + size(term)
        case Reached(_, artifacts, executions):
            return 1 + size(artifacts) + size(executions)
        case Test(_, _, tuple() as values):
            return 1 + len(values)
    return 1


def link_of(predicate: Predicate) -> Related | None:
    """The relation by which a chain goes on: the first over events that a predicate demands."""
    terms = predicate.terms if isinstance(predicate, And) else (predicate,)
    return next((term for term in terms if isinstance(term, Related) and term.relation.by_event), None)


MOST_LEVELS = 44
RELATION_LEVELS = 12
MOST_LINKS = 30


def levels(predicate: Predicate, *, linked: bool = False) -> int:
    """How deep a question about a predicate nests: each `or` and `not` is a level, each relation RELATION_LEVELS.

    A chain of relations, such as the inputs of what produced the inputs of something, counts as one relation: it is a
    row of joins. `linked` says that the predicate is what must be true at the end of one. What a walk begins at is
    asked by itself.
    """
    match predicate:
        case And(terms):
            link = link_of(predicate) if linked else None
            return max((levels(term, linked=term is link) for term in terms), default=0)
        case Or(terms):
            return 1 + max(map(levels, terms), default=0)
        case Not(Test()):
            return 0  # as `ne` is
        case Not(term):
            return 1 + levels(term)
        case Related(relation, inner):
            own = 0 if linked and relation.by_event else RELATION_LEVELS
            return own + levels(inner, linked=relation.by_event)
    return 0


def links(predicate: Predicate) -> int:
    """How many relations are in the chain that begins with a predicate."""
    link = link_of(predicate)
    return 0 if link is None else 1 + links(link.predicate)
