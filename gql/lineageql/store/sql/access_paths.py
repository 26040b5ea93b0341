"""The access paths of a predicate: selects of ids from an index that hold every match.

A database walks an order and probes each row, which is quick where matches are
dense and slow where they are rare; or it gathers all that can match by an
index, which is quick where they are rare. Which is right depends on the values,
and MLMD's databases keep no statistics of them. So a search counts what each
access path would visit, up to a budget; see `store.sql.searches`.

What a relation leads to has access paths too, and each of them is the start of
a *join path*: from its ids by the tables of links to the ids at this end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, false, select, true

from lineageql.model.conventions.convention import (
    Column,
    Custom,
    Declared,
    Document,
    Kept,
    Mapped,
    Role,
    Stored,
    TypeAndId,
    UnderName,
)
from lineageql.model.conventions.kubeflow import EXACT_PREFIX, RUN_NAME, WORKSPACE_NAME
from lineageql.model.evaluate import operands_by_family, operands_of, references_of
from lineageql.model.identity import EntityKind, RunName
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, EventType, NodeKind
from lineageql.model.operators import Access, Family, Operands
from lineageql.model.orders import has_value
from lineageql.model.predicates import (
    And,
    Field,
    Item,
    Label,
    Operator,
    Or,
    Placed,
    Predicate,
    Property,
    Related,
    Relation,
    Test,
    link_of,
)
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.access_path import AccessPath, Ids, JoinPath, RunPath, run_path, union_of
from lineageql.store.sql.compiler import Chain, Compiler
from lineageql.store.sql.event_sources import event_source
from lineageql.store.sql.json_documents import foreign_rows
from lineageql.store.sql.operators import indexed
from lineageql.store.sql.property_tests import bindable
from lineageql.store.sql.relations import ENDS, NODES_OF, event_type_in, ties_of
from lineageql.store.sql.run_scan import RunScan, Tied
from lineageql.store.sql.runs import unnamed_runs
from lineageql.store.sql.sources import Source, run_source, source_of
from lineageql.store.sql.tables import CONTEXT, EVENT, MEMBERSHIPS, NODES, PARENT_CONTEXT, PROPERTIES
from lineageql.store.sql.workspace_names import naming_rows

Clause = ColumnElement[bool]
_NUMBERS = ("int_value", "double_value")
_BOOLEANS = ("true", "false")
_NOT_FINITE = ("inf", "-inf", "nan")
"""The texts of doubles that not every driver can bind, or compare with themselves."""
_NUMERIC = r"[-0-9in]"
"""How the texts of numbers begin, those of infinities and of NaN among them."""


class AccessPaths:
    """Finds paths for the rows of one source, whose types are these."""

    def __init__(self, compiler: Compiler, source: Source, type_ids: Sequence[int] | None = None) -> None:
        self.compiler = compiler
        self.source = source
        self.type_ids = _types_of(source, compiler.types) if type_ids is None else type_ids
        self.node = NODES[source.node_kind]
        self.property = PROPERTIES[source.node_kind]

    def of(self, predicate: Predicate) -> list[AccessPath]:
        """AccessPaths that each hold every row that can match, the likely small ones first."""
        found = sorted(self.strict(predicate), key=lambda path: path.broad)
        return found or ([self._spaces()] if self.source.kind is EntityKind.WORKSPACE else [])

    def _spaces(self) -> AccessPath:
        """All workspaces, which are few, and more where only their place among contexts tells them."""
        node = self.node.alias()
        return AccessPath((select(node.c.id.label("id")).where(node.c.type_id.in_(self.type_ids)),), broad=True)

    def nothing(self) -> AccessPath:
        """The path to no entity."""
        parts = (select(self.node.c.id.label("id")).where(false()),)
        return run_path([], [AccessPath(parts)]) if self.source.kind is EntityKind.RUN else AccessPath(parts)

    def strict(self, predicate: Predicate) -> list[AccessPath]:
        """The paths that the tests of a predicate give."""
        match predicate:
            case And(terms):
                return [path for term in terms for path in self.strict(term)]
            case Or(terms):
                branches = [self.of(term) for term in terms]
                # Every branch must be found by an index; the first path of each will do.
                firsts = [branch[0] for branch in branches if branch]
                if len(firsts) < len(branches):
                    return []
                return [union_of(firsts) if firsts else self.nothing()]
            case Related():
                paths = _join_paths(self.compiler, self.source.kind, predicate)
                return [replace(path, name=_name_of_join(predicate.relation, path)) for path in paths]
            case Placed(by, family):
                return self.strict(has_value(self.source.kind, by, family))
            case Test(operand=()):
                return [self.nothing()]
            case Test() if self.source.kind is EntityKind.RUN:
                found = _runs_of_test(self.compiler, predicate)
                return [replace(path, name=_name_of(predicate)) for path in found]
            case Test(ignore_case=False):
                return [replace(path, name=_name_of(predicate)) for path in self._test(predicate)]
        return []

    def _test(self, test: Test) -> list[AccessPath]:
        match test.subject:
            case Label(key):
                return self._label(test, key)
            case Property(name):
                return self._property(test, name)
            case Item() as item:
                return self._item(test, item)
            case Field.ID:
                return self._nodes(lambda node: node.c.id, test)
            case Field.TYPE | Field.KIND:
                allowed = self.compiler.type_ids(test, self.source.node_kind)
                node = self.node.alias()
                return _path([select(node.c.id.label("id")).where(node.c.type_id.in_(allowed))], broad=True)
            case Field.CREATE_TIME:
                return self._nodes(lambda node: node.c.create_time_since_epoch, test)
            case Field.UPDATE_TIME:
                return self._nodes(lambda node: node.c.last_update_time_since_epoch, test)
            case Field.URI:
                return self._nodes(lambda node: node.c.uri, test)
            case Field.EXTERNAL_ID:
                return self._nodes(lambda node: node.c.external_id, test)
            case Field.NAMED_WORKSPACE:
                return [self._naming(operands_of(test))]
            case Field.NAME | Field.VERSION | Field.OWNER | Field.DESCRIPTION:
                return self._places(test, test.subject)
        return []  # no index serves it

    def _nodes(self, column: Any, test: Test) -> list[AccessPath]:
        node = self.node.alias()
        says = self._indexed(column(node), test)
        if says is None:
            return []
        return _path([select(node.c.id.label("id")).where(says)], broad=test.operator.meaning.access is Access.RANGE)

    def _naming(self, names: Sequence[str]) -> AccessPath:
        """What names one of some workspaces."""
        types, dialect = self.compiler.types, self.compiler.dialect
        parts = naming_rows(self.source.node_kind, types, lambda text: dialect.among(text, names))
        return AccessPath(tuple(parts), broad=True) if types.naming.get(self.source.node_kind) else self.nothing()

    def _indexed(self, column: ColumnElement[Any], test: Test) -> Clause | None:
        """The test in a form that an index of the column serves, if there is one."""
        return indexed(test.operator, self.compiler.dialect, column, test.operand)

    def _places(self, test: Test, subject: Field) -> list[AccessPath]:
        """All rows with the value at any place of any convention in the store."""
        parts: list[Ids] = []
        groups = self.compiler.types.groups(self.source.node_kind)
        places = {place for convention, _ in groups for place in convention.places(self.source.node_kind, subject)}
        for place in sorted(places, key=repr):
            match place:
                case Declared(name, stamped) | Custom(name, stamped):
                    rows = self._text_rows(test, name, custom=isinstance(place, Custom))
                    if rows is None:
                        return []
                    parts.extend(rows)
                    if stamped and test.operator.meaning.access is Access.EQUALITY:
                        begun = (Test(subject, Operator.STARTS_WITH, f"{text}:") for text in operands_of(test))
                        parts.extend(self._rows(name, isinstance(place, Custom), "string_value", one) for one in begun)
                case Column("name"):
                    node = self.node.alias()
                    says = self._indexed(node.c.name, test)
                    if says is None:
                        return []
                    parts.append(select(node.c.id.label("id")).where(node.c.type_id.in_(self.type_ids), says))
                case TypeAndId():
                    named = self._named_by_type(test)
                    if named is None:
                        return []
                    parts.extend(named)
                case _:
                    return []  # the end of a uri has no index
        return _path(parts)

    def _named_by_type(self, test: Test) -> list[Ids] | None:
        """The nodes whose names, made of their type and id, can meet a test."""
        node = self.node.alias()
        if test.operator.meaning.access is Access.PREFIX:
            prefix = test.operator.meaning.prefix(str(test.operand))
            names = {id_: f"{self.compiler.types.by_id[id_].name}/" for id_ in self.type_ids}
            begun = [id_ for id_, name in names.items() if name.startswith(prefix) or prefix.startswith(name)]
            return [select(node.c.id.label("id")).where(node.c.type_id.in_(begun))] if begun else []
        ids = _ids_written(test)
        if ids is None:
            return None
        found = self.compiler.dialect.among(node.c.id, ids) if ids else None
        return [] if found is None else [select(node.c.id.label("id")).where(found)]

    def texts(self, places: Iterable[Declared | Custom], test: Test) -> AccessPath | None:
        """The owners of some properties of which one's text meets a test, None where no index finds them."""
        if self._indexed(self.property.c.string_value, test) is None:
            return None
        rows = (self._rows(place.name, isinstance(place, Custom), "string_value", test) for place in places)
        return AccessPath(tuple(rows))

    def _text_rows(self, test: Test, name: str, *, custom: bool) -> list[Ids] | None:
        """The rows of a property whose value, as text, can meet a test."""
        if test.operator.meaning.access is Access.PREFIX:
            return self._prefixed_rows(test, name, custom)
        if test.operator.meaning.access is not Access.EQUALITY:
            return None
        texts = operands_of(test)
        if any(text in _BOOLEANS or text in _NOT_FINITE for text in texts):
            return None  # booleans have no index
        parts = [self._rows(name, custom, "string_value", test)]
        numbers = [_number_written(str(text)) for text in texts]
        for column, type_ in zip(_NUMBERS, (int, float), strict=True):
            written = tuple(number for number in numbers if isinstance(number, type_))
            if written:
                parts.append(self._rows(name, custom, column, Test(test.subject, Operator.IN, written)))
        return parts

    def _prefixed_rows(self, test: Test, name: str, custom: bool) -> list[Ids] | None:
        prefix = test.operator.meaning.prefix(str(test.operand))
        if not prefix or any(text.startswith(prefix) for text in _BOOLEANS):
            return None
        parts = [self._rows(name, custom, "string_value", test)]
        if re.match(_NUMERIC, prefix):
            # Numbers are not in the order of their texts: all of them are looked at.
            present = Test(test.subject, Operator.EXISTS)
            parts += [self._rows(name, custom, column, present) for column in _NUMBERS]
        return parts

    def _rows(self, name: str, custom: bool, column: str, test: Test) -> Ids:
        row = self.property.alias()
        says = (
            self._indexed(row.c[column], test) if test.operator is not Operator.EXISTS else row.c[column].is_not(None)
        )
        assert says is not None
        return select(row.c.owner_id.label("id")).where(row.c.name == name, row.c.is_custom_property == custom, says)

    def _foreign(self, document: Document) -> list[Ids]:
        """The rows whose document another writer wrote: each may hold what is asked for."""
        row = self.property.alias()
        return [
            select(row.c.owner_id.label("id")).where(here)
            for here in foreign_rows(document, row, self.compiler.dialect)
        ]

    def _label(self, test: Test, key: str) -> list[AccessPath]:
        parts: list[Ids] = []
        foreign: list[Ids] = []
        for convention, _ in self.compiler.types.groups(self.source.node_kind):
            places = convention.labels.get(self.source.node_kind)
            if places is None:
                continue
            for place in places.properties(key):
                if self._indexed(self.property.c.string_value, test) is None:
                    test = Test(test.subject, Operator.EXISTS)  # an index finds those that have the label
                parts.append(self._rows(place.name, isinstance(place, Custom), "string_value", test))
            if places.document is not None:
                foreign.extend(self._foreign(places.document))
        return self._with_foreign(parts, foreign)

    def _property(self, test: Test, name: str) -> list[AccessPath]:
        parts = self._valued(test, name, (False, True))
        if parts is None:
            return []
        foreign: list[Ids] = []
        for convention, _ in self.compiler.types.groups(self.source.node_kind):
            extras = convention.extras.get(self.source.node_kind)
            if extras is not None:
                foreign.extend(self._foreign(extras))
        return self._with_foreign(parts, foreign)

    def _item(self, test: Test, item: Item) -> list[AccessPath]:
        """All rows with the item at any place of any convention in the store, but for those in Structs."""
        places = [place for _, place, _ in self.compiler.types.item_groups(self.source.node_kind, item.group)]
        parts: list[Ids] = []
        foreign: list[Ids] = []
        for place in dict.fromkeys(places):
            rows: list[Ids] | None = []
            match place:
                case Kept():
                    rows = self._valued_of(test, place.names(item.name), (True,))
                    foreign.extend(self._foreign(place.document))
                case Stored():
                    rows = self._valued_of(test, (item.name,), (False, True) if place.declared else (True,))
                case UnderName(name):
                    rows = self._valued_of(test, (name,), (False, True))
                case Mapped():
                    names = dict.fromkeys(one.name for one in place.properties(item.name))
                    rows = self._valued_of(test, tuple(names), (False, True))
                    foreign.extend(() if place.document is None else self._foreign(place.document))
            if rows is None:
                return []
            parts.extend(rows)
        return self._with_foreign(parts, list(foreign)) or [self.nothing()]

    def _valued_of(self, test: Test, names: Sequence[str], customs: Sequence[bool]) -> list[Ids] | None:
        found = [self._valued(test, name, customs) for name in names]
        return None if None in found else [part for parts in found for part in parts or ()]

    def _valued(self, test: Test, name: str, customs: Sequence[bool]) -> list[Ids] | None:
        """The rows of a property, declared or custom, whose value can meet a test; None where no index finds them."""
        if test.operator.meaning.access not in (Access.EQUALITY, Access.RANGE):
            return None
        operands = operands_by_family(test)
        if operands.keys() - {Family.TEXT, Family.NUMBER}:
            return None  # booleans have no index
        texts, numbers = operands.get(Family.TEXT), operands.get(Family.NUMBER)
        tests: list[tuple[str, Test]] = []
        if texts:
            operand = texts if test.operator.meaning.operands is Operands.MANY else texts[0]
            tests.append(("string_value", Test(test.subject, test.operator, operand)))
        bound = bindable(test.operator, numbers) if numbers else None
        if bound is not None:
            tests.extend((column, Test(test.subject, *bound)) for column in _NUMBERS)
        parts = [self._rows(name, custom, column, part) for custom in customs for column, part in tests]
        if numbers:
            exact = Test(test.subject, Operator.EXISTS)
            parts.append(self._rows(EXACT_PREFIX + name, True, "string_value", exact))
        return parts

    def _with_foreign(self, parts: list[Ids], foreign: list[Ids]) -> list[AccessPath]:
        """A path of some parts and of the rows of foreign documents, which not every database finds by an index."""
        served = tuple(parts) if foreign and not self.compiler.dialect.sorts_octets else None
        return [AccessPath((*parts, *foreign), served=served)] if parts or foreign else []


def _name_of(test: Test) -> str:
    """What an access path starts at, as a plan shows it."""
    match test.subject:
        case Label(key):
            return f"label {key!r}"
        case Property(name):
            return f"property {name!r}"
        case Item(group, name):
            return f"{group.value} {name!r}"
        case field:
            return field.value


def _name_of_join(relation: Relation, path: AccessPath) -> str:
    start = path.start.name if isinstance(path, JoinPath) else path.name if isinstance(path, RunPath) else ""
    return f"{relation.value}({start})" if start else relation.value


def _types_of(source: Source, types: TypeCatalog) -> list[int]:
    if source.kind is EntityKind.WORKSPACE:
        return types.contexts(Role.WORKSPACE) + types.contexts(Role.BY_STRUCTURE)
    return [type_.id for type_ in types.of(source.node_kind)]


def _number_written(text: str) -> int | float | None:
    """The number whose text, in a store, is this one: digits alone are an integer's."""
    if re.fullmatch(r"-?\d+", text, re.ASCII):
        return int(text) if len(text) <= 20 and -(2**63) <= int(text) < 2**63 else None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _ids_written(test: Test) -> tuple[int, ...] | None:
    """The ids of the nodes whose names, made of their type and id, can meet a test; None where these are too many."""
    if test.operator.meaning.access is not Access.EQUALITY:
        return None
    numbers = (_number_written(str(text).rpartition("/")[2]) for text in operands_of(test))
    return tuple(number for number in numbers if isinstance(number, int))


def _path(parts: list[Ids], *, broad: bool = False) -> list[AccessPath]:
    return [AccessPath(tuple(parts), broad)] if parts else []


# -- join paths

Join = Callable[[Ids], tuple[Ids, ...]]
"""From ids at one end of a relation to selects of ids at the other."""


def _join_paths(compiler: Compiler, kind: EntityKind, predicate: Related) -> list[AccessPath]:
    """The paths of entities of a kind that are related to what makes a predicate true, one for each at its end."""
    relation = predicate.relation
    if relation is Relation.RUN:
        return _by_run(compiler, kind, predicate.predicate)
    if kind is EntityKind.RUN:
        return [] if relation is Relation.WORKSPACE else _runs_of_members(compiler, predicate)
    if kind is EntityKind.WORKSPACE:
        starts = AccessPaths(compiler, source_of(relation.target, compiler.types)).of(predicate.predicate)
        if relation is Relation.RUNS:
            runs = (start for start in starts if isinstance(start, RunPath))
            return [JoinPath((_spaces_of_runs(compiler, start),), start.broad, start) for start in runs]
        above = partial(_spaces_of_members, compiler, NODES_OF[relation.target])
        return [JoinPath(above(start.ids(compiler.dialect)), start.broad, start, (above,)) for start in starts]
    if predicate.relation is Relation.WORKSPACE:
        starts = AccessPaths(compiler, source_of(EntityKind.WORKSPACE, compiler.types)).of(predicate.predicate)
        tied = partial(_of_workspaces, compiler, NODES_OF[kind])
        return [JoinPath(tied(start.ids(compiler.dialect)), True, start, (tied,)) for start in starts]
    return list(_by_event(compiler, kind, predicate))


def _by_event(compiler: Compiler, kind: EntityKind, predicate: Related) -> Iterator[AccessPath]:
    for place, start, steps in _along(compiler, predicate):

        def narrow(inner: Predicate, source: Source, place: Predicate = place, start: AccessPath = start) -> Clause:
            return source.id.in_(start.ids(compiler.dialect)) if inner is place else true()

        parts = tuple(tie.ids() for tie in ties_of(compiler, kind, predicate, Chain(narrow)))
        yield JoinPath(parts, start.broad, start, steps)


def _along(compiler: Compiler, predicate: Related) -> Iterator[tuple[Predicate, AccessPath, tuple[Join, ...]]]:
    """The paths along a chain of relations: at which predicate each is, and the steps from there to this end."""
    inner, types, here, there = predicate.predicate, *ENDS[predicate.relation]
    target = predicate.relation.target

    def step(ids: Ids) -> tuple[Ids, ...]:
        event = event_source(compiler.types, types)
        return (select(event.c[here].label("id")).where(event_type_in(event, types), event.c[there].in_(ids)),)

    terms, link = inner.terms if isinstance(inner, And) else (inner,), link_of(inner)
    for term in terms:
        if term is not link:
            for path in AccessPaths(compiler, source_of(target, compiler.types)).of(term):
                yield inner, path, (step,)
    if link is not None:
        for place, path, steps in _along(compiler, link):
            yield place, path, (*steps, step)


def _of_workspaces(compiler: Compiler, kind: NodeKind, spaces: Ids) -> tuple[Ids, ...]:
    """What belongs to some workspaces, or to a run of theirs."""
    if not compiler.types.through_children:
        return _members(kind, spaces)
    child = PARENT_CONTEXT.alias()
    return _members(kind, spaces) + _members(
        kind, select(child.c.context_id).where(child.c.parent_context_id.in_(spaces))
    )


def _spaces_of_members(compiler: Compiler, kind: NodeKind, members: Ids) -> tuple[Ids, ...]:
    """The workspaces to which some artifacts or executions belong, by themselves or by a context below."""
    link, child, around = MEMBERSHIPS[kind].alias(), PARENT_CONTEXT.alias(), MEMBERSHIPS[kind].alias()
    own = select(link.c.context_id.label("id")).where(link.c.node_id.in_(members))
    if not compiler.types.through_children:
        return (own,)
    above = select(child.c.parent_context_id.label("id")).where(
        around.c.node_id.in_(members), child.c.context_id == around.c.context_id
    )
    return own, above


def _spaces_of_runs(compiler: Compiler, path: RunPath) -> Ids:
    runs = run_source(compiler.types, RunScan(tied=Tied.of(path))).from_.c
    return select(runs.workspace_id.label("id")).where(runs.workspace_id.is_not(None))


def _runs_of_members(compiler: Compiler, predicate: Related) -> list[AccessPath]:
    """The runs of which an execution, or an artifact that one read or wrote, makes a predicate true."""
    relation, source = predicate.relation, source_of(predicate.relation.target, compiler.types)
    # To go once through all executions or artifacts is quicker than to look into each run.
    meeting = select(source.id.label("id")).where(compiler.chained(predicate.predicate, source, None)).distinct()
    found = AccessPaths(compiler, source).of(predicate.predicate)
    starts = found or [AccessPath((meeting,), broad=True, name="all")]
    if relation is Relation.EXECUTIONS:
        return [run_path([start], [], start.name) for start in starts]
    touched = partial(_touching, compiler.types, _RUN_EVENTS[relation])
    holding, paths = compiler.types.holding_runs, list[AccessPath]()
    held = partial(_holding, holding)
    for start in starts:
        executions: AccessPath = JoinPath(touched(start.ids(compiler.dialect)), start.broad, start, (touched,))
        contexts = []
        if relation is Relation.RUN_OUTPUTS and holding:
            contexts = [JoinPath(held(start.ids(compiler.dialect)), start.broad, start, (held,))]
        named = [start] if relation is Relation.RUN_OUTPUTS and compiler.types.holding_names else []
        paths.append(run_path([executions], contexts, start.name, artifacts=named))
    return paths


_RUN_EVENTS = {Relation.RUN_INPUTS: INPUT_EVENTS, Relation.RUN_OUTPUTS: OUTPUT_EVENTS}


def _touching(catalog: TypeCatalog, types: frozenset[EventType], artifacts: Ids) -> tuple[Ids, ...]:
    """The executions with an event of some types at some artifacts."""
    event = event_source(catalog, types)
    here = event_type_in(event, types), event.c.artifact_id.in_(artifacts)
    return (select(event.c.execution_id.label("id")).where(*here),)


def _holding(types: list[int], artifacts: Ids) -> tuple[Ids, ...]:
    """The contexts of some types that hold some artifacts."""
    link, context = MEMBERSHIPS[NodeKind.ARTIFACT].alias(), CONTEXT.alias()
    here = link.c.node_id.in_(artifacts), context.c.id == link.c.context_id, context.c.type_id.in_(types)
    return (select(context.c.id.label("id")).where(*here),)


def _runs_of_test(compiler: Compiler, test: Test) -> list[AccessPath]:
    """The runs that a test of their names or ids allows; of what else they have there is no index."""
    if test.subject is Field.NAMED_WORKSPACE:
        return [_runs_of_workspaces(compiler, operands_of(test))]
    if not _tells_which(test):
        return []
    types, executions, contexts, artifacts = compiler.types, *(list[AccessPath]() for _ in range(3))
    if types.run_named(NodeKind.EXECUTION):
        naming = _naming(compiler, EntityKind.EXECUTION, test)
        if naming is None:
            return []
        executions.append(naming)
    if types.named_contexts(Role.RUN):
        naming = AccessPaths(compiler, source_of(EntityKind.WORKSPACE, types)).texts([Custom(RUN_NAME)], _of_name(test))
        if naming is None:
            return []
        contexts.append(naming)
    if unnamed_runs(types):
        unnamed = _contexts(compiler, test)
        if unnamed is None:
            return []
        contexts.append(unnamed)
    if types.holding_names:
        naming = _naming(compiler, EntityKind.ARTIFACT, test)
        if naming is None:
            return []
        artifacts.append(naming)
    if not executions and not contexts and not artifacts:
        return [AccessPaths(compiler, source_of(EntityKind.RUN, types)).nothing()]
    return [run_path(executions, contexts, artifacts=artifacts)]


def _runs_of_workspaces(compiler: Compiler, names: Sequence[str]) -> AccessPath:
    """The runs whose keys name one of some workspaces."""
    naming_test = Test(Field.NAMED_WORKSPACE, Operator.IN, tuple(names))
    executions, artifacts = (
        AccessPaths(compiler, source_of(kind, compiler.types)).strict(naming_test)
        for kind in (EntityKind.EXECUTION, EntityKind.ARTIFACT)
    )
    row = PROPERTIES[NodeKind.CONTEXT].alias()
    naming = select(row.c.owner_id.label("id")).where(
        row.c.name == WORKSPACE_NAME,
        row.c.is_custom_property == true(),
        compiler.dialect.among(row.c.string_value, names),
    )
    return run_path(executions, [AccessPath((naming,))], artifacts=artifacts if compiler.types.holding_names else ())


def _by_run(compiler: Compiler, kind: EntityKind, predicate: Predicate) -> list[AccessPath]:
    """What belongs to certain runs, by their names or ids; of runs that anything else is asked of there is no index."""
    terms = predicate.terms if isinstance(predicate, And) else (predicate,)
    found = (_of_runs(compiler, kind, term) for term in terms if isinstance(term, Test) and _tells_which(term))
    return [union_of(paths) for paths in found if paths]


def _tells_which(test: Test) -> bool:
    """Whether a test of a run is of its name or its id: what else a run has is no property of its executions."""
    return test.subject in (Field.NAME, Field.REF) and not test.ignore_case


def _of_runs(compiler: Compiler, kind: EntityKind, test: Test) -> list[AccessPath]:
    found = _executions_of_runs(compiler, test)
    if found is None or kind is EntityKind.EXECUTION:
        return found or []
    tied = [
        JoinPath(parts, path.broad, path, (_outputs,))
        for path in found
        for parts in [_outputs(path.ids(compiler.dialect))]
    ]
    if compiler.types.holding_runs:
        contexts = _contexts(compiler, test)
        if contexts is None:
            return []
        held = partial(_members, NodeKind.ARTIFACT)
        tied.append(JoinPath(held(contexts.ids(compiler.dialect)), False, contexts, (held,)))
    if compiler.types.holding_names:
        naming = _naming(compiler, EntityKind.ARTIFACT, test)
        if naming is None:
            return []
        return [*tied, naming]
    return list(tied)


def _executions_of_runs(compiler: Compiler, test: Test) -> list[AccessPath] | None:
    """The executions that name such a run, and those in a context that is one."""
    found: list[AccessPath] = []
    types = compiler.types
    if types.run_named(NodeKind.EXECUTION):
        naming = _naming(compiler, EntityKind.EXECUTION, test)
        if naming is None:
            return None
        found.append(naming)
    if not unnamed_runs(types):
        return found
    contexts = _contexts(compiler, test)
    if contexts is None:
        return None
    inside = partial(_members, NodeKind.EXECUTION)
    return [*found, JoinPath(inside(contexts.ids(compiler.dialect)), False, contexts, (inside,))]


def _naming(compiler: Compiler, kind: EntityKind, test: Test) -> AccessPath | None:
    """The executions or artifacts that name a run which meets a test, None where no index finds them."""
    types = compiler.types
    names = types.run_naming if kind is EntityKind.EXECUTION else types.holding_names
    places = dict.fromkeys(naming.run for naming in names)
    return AccessPaths(compiler, source_of(kind, types)).texts(places, _of_name(test))


def _of_name(test: Test) -> Test:
    """The test of a run's name that a test of a run, which may be of its id, comes with."""
    if test.subject is not Field.REF:
        return test
    refs = references_of(test)
    return Test(Field.NAME, Operator.IN, tuple(sorted({ref.key.name for ref in refs if isinstance(ref.key, RunName)})))


def _contexts(compiler: Compiler, test: Test) -> AccessPath | None:
    """The contexts that are such a run, None where no index finds them."""
    if test.subject is Field.REF:
        refs = references_of(test)
        ids = [ref.key for ref in refs if isinstance(ref.key, int)]
        test = Test(Field.ID, Operator.IN, tuple(ids))
    elif test.subject is not Field.NAME:
        return None
    source = source_of(EntityKind.WORKSPACE, compiler.types)
    found = AccessPaths(compiler, source, unnamed_runs(compiler.types)).strict(test)
    return found[0] if found else None


def _members(kind: NodeKind, contexts: Ids) -> tuple[Ids, ...]:
    """What is in some contexts."""
    link = MEMBERSHIPS[kind].alias()
    return (select(link.c.node_id.label("id")).where(link.c.context_id.in_(contexts)),)


def _outputs(executions: Ids) -> tuple[Ids, ...]:
    """The artifacts that some executions wrote."""
    event = EVENT.alias()
    wrote = event_type_in(event, OUTPUT_EVENTS), event.c.execution_id.in_(executions)
    return (select(event.c.artifact_id.label("id")).where(*wrote),)
