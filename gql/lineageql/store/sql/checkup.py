"""What is in a store, and what is wrong with it; also with one of a schema version that is not served."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, literal, null, or_, select, tuple_

from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnType, OwnTypes
from lineageql.model.nodes import NodeKind, NodeType, Packed
from lineageql.model.type_catalog import UNKNOWN_TYPE, TypeCatalog
from lineageql.model.values import NULL_TEXT, STRUCT_PREFIX, decode
from lineageql.store.sql.dialects import Dialect, Statement
from lineageql.store.sql.doubles import Double, doubles
from lineageql.store.sql.driver import Driver, Rows, Script, fetch
from lineageql.store.sql.indexes import Index, missing_indexes
from lineageql.store.sql.opening import SCHEMA_VERSION, UPGRADE
from lineageql.store.sql.rows import types_of
from lineageql.store.sql.search_index.entry_tables import CHANGES, ENTRIES_MADE, fingerprint, state
from lineageql.store.sql.search_index.pending_changes import MOST, MOST_ROWS
from lineageql.store.sql.tables import NODES, PROPERTIES

_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many nodes a type has, and whose it is."""

    convention: str
    kind: str
    type: str
    nodes: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A property at which MLMD's own reading of its whole page fails."""

    kind: str
    node: int
    property: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.node}, property {self.property!r}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a table of the users' file maps here.

    Attributes:
        table: where it stands in the file.
        types: the types that it maps.
        nodes: how many nodes these have.
        missing: its names and patterns of no type here.
        unseen: by what the table says, such as `values`, the names and prefixes of properties of none of these nodes.
    """

    table: str
    types: list[str]
    nodes: int
    missing: list[str]
    unseen: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """The search index of a store.

    Attributes:
        whole: whether all its entries are made.
        of_these_types: whether they were made with the file of users' own types that the check was given.
        waiting: how many changes wait to be taken into it.
        crowded: whether these are more than searches look at one by one.
    """

    whole: bool
    of_these_types: bool
    waiting: int
    crowded: bool

    def __str__(self) -> str:
        if not self.whole:
            return "search index: not whole"
        return f"search index: {self.waiting:,} change{'' if self.waiting == 1 else 's'} waiting"

    @property
    def findings(self) -> list[str]:
        """What is to be done something about."""
        if not self.whole:
            return ["the search index is not whole and not used; `lineageql store index --search` makes it anew"]
        if not self.of_these_types:
            return [
                "the search index was made by another release, or with other --types than this check, and is not used"
                " with these; check with the --types of the service, or make it anew with them:"
                " `lineageql store index --search`"
            ]
        if self.crowded:
            return [
                f"{self.waiting:,} changes wait to be taken into the search index, and searches read every text;"
                " a service that records takes them, and so does `lineageql store index --search`"
            ]
        return []


@dataclass
class Checkup:
    """What a check found."""

    backend: str
    schema_version: int
    types: list[TypeCount] = field(default_factory=list)
    events: int = 0
    missing_indexes: list[Index] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    mapped: list[Mapped] = field(default_factory=list)
    doubles: list[Double] = field(default_factory=list)
    search_index: SearchIndex | None = None

    @property
    def served(self) -> bool:
        return self.schema_version == SCHEMA_VERSION

    @property
    def findings(self) -> list[str]:
        """What is to be done something about, each a sentence."""
        found = []
        if not self.served:
            found.append(f"schema version {self.schema_version} is not served, {SCHEMA_VERSION} is; {UPGRADE}")
        found += [f"no index {index}; `lineageql store index` adds it" for index in self.missing_indexes]
        found += [f"ml-metadata cannot read {row}" for row in self.unreadable]
        found += map(str, self.doubles)
        found += [] if self.search_index is None else self.search_index.findings
        return found


async def check(driver: Driver, version: int, own: OwnTypes = NO_OWN_TYPES) -> Checkup:
    """Checks a database of MLMD's, of any schema version; `own` is what users say of types of theirs."""
    tables = {str(row[0]).lower() for row in await driver.fetch(_all(driver.dialect.tables))}
    found = Checkup(driver.dialect.name, version)
    found.types, found.mapped, types = await _types(driver, tables, own)
    found.events = (await driver.fetch(_all("SELECT count(*) FROM Event")))[0][0]
    if found.served:
        found.missing_indexes = await missing_indexes(driver)
        found.doubles = await doubles(driver, types)
        found.search_index = await driver.run(_search_index(driver.dialect, own))
    for kind in NodeKind:
        if PROPERTIES[kind].name.lower() in tables:
            found.unreadable += [row async for row in _unreadable(driver, kind)]
    return found


def _search_index(dialect: Dialect, own: OwnTypes) -> Script[SearchIndex | None]:
    known = yield from state(dialect)
    if known is None:
        return None
    made = known.get(ENTRIES_MADE, "")
    numbers: list[ColumnElement[Any]] = [func.count(), func.count(CHANGES.c.id.distinct())]
    query = select(*numbers).group_by(CHANGES.c.kind)
    rows = yield from fetch(dialect.compile(query))
    waiting, changed = sum(row[0] for row in rows), max((row[1] for row in rows), default=0)
    return SearchIndex(bool(made), made == fingerprint(own), waiting, waiting > MOST_ROWS or changed > MOST)


async def _types(
    driver: Driver, tables: set[str], own: OwnTypes
) -> tuple[list[TypeCount], list[Mapped], list[NodeType]]:
    # Columns that older schemas lack are not asked for.
    names = [(id_, name, None, kind, None) for id_, name, kind in await _select(driver, "id, name, type_kind", "Type")]
    properties = await _select(driver, "type_id, name, data_type", "TypeProperty")
    parents: Rows = []
    if "parenttype" in tables:
        query = "SELECT p.type_id, t.name FROM ParentType AS p JOIN Type AS t ON t.id = p.parent_type_id"
        parents = await driver.fetch(_all(query))
    numbered: dict[NodeKind, dict[int, int]] = {}
    for kind in (kind for kind in NodeKind if NODES[kind].name.lower() in tables):
        query = f"SELECT type_id, count(*) FROM {NODES[kind].name} GROUP BY type_id"
        numbered[kind] = dict(await driver.fetch(_all(query)))
        names += [(id_, None, None, kind.value, None) for id_ in numbered[kind]]
    types = {type_.id: type_ for type_ in types_of(names, properties, parents)}
    conventions = TypeCatalog(types.values(), own).conventions
    mapped = [await _mapped(driver, table, own, types.values(), numbered) for table in own.tables]
    counts: list[TypeCount] = []
    for kind, numbers in numbered.items():
        known = [type_ for type_ in types.values() if type_.kind is kind and (not type_.simple or type_.id in numbers)]
        known.sort(key=lambda type_: (conventions[type_.id].name, type_.name))
        counts += [_count(conventions[type_.id].name, type_, numbers.pop(type_.id, 0)) for type_ in known]
        counts += [TypeCount("generic", kind.name.lower(), f"{UNKNOWN_TYPE}{id_}", n) for id_, n in numbers.items()]
    return counts, mapped, list(types.values())


async def _mapped(
    driver: Driver,
    table: OwnType,
    own: OwnTypes,
    types: Collection[NodeType],
    numbered: Mapping[NodeKind, Mapping[int, int]],
) -> Mapped:
    mine = [type_ for type_ in types if own.of(type_) is table]
    nodes = sum(numbered.get(type_.kind, {}).get(type_.id, 0) for type_ in mine)
    unseen: dict[str, list[str]] = {}
    if nodes:
        node, row = NODES[table.node_kind], PROPERTIES[table.node_kind]
        query = select(row.c.name, row.c.is_custom_property).distinct()
        query = query.where(node.c.type_id.in_([type_.id for type_ in mine]), row.c.owner_id == node.c.id)
        unseen = table.unseen(
            [(name, bool(custom)) for name, custom in await driver.fetch(driver.dialect.compile(query))]
        )
    missing = list(own.unused(types).get(table.key, ()))
    return Mapped(table.key, sorted({type_.name for type_ in mine}), nodes, missing, unseen)


def _count(convention: str, type_: NodeType, nodes: int) -> TypeCount:
    return TypeCount(convention, type_.kind.name.lower(), type_.name, nodes)


async def _unreadable(driver: Driver, kind: NodeKind) -> AsyncIterator[Unreadable]:
    table, dialect = PROPERTIES[kind], driver.dialect
    columns = {str(row[0]) for row in await driver.fetch(dialect.columns(table.name))}
    # Older schemas have no such column.
    proto: Any = table.c.proto_value if "proto_value" in columns else null()
    key = (table.c.owner_id, table.c.name, table.c.is_custom_property)
    doubtful = or_(table.c.string_value == NULL_TEXT, dialect.starts_with(table.c.string_value, STRUCT_PREFIX))
    query = select(*key, table.c.string_value, proto.label("proto")).order_by(*key).limit(_BATCH)
    query = query.where(or_(doubtful, proto.is_not(None)))
    after: tuple[Any, ...] | None = None
    while True:
        batch = query if after is None else query.where(tuple_(*key) > tuple_(*map(literal, after)))
        rows = await driver.fetch(dialect.compile(batch))
        for node, name, _, text, packed in rows:
            reason = _reason(text, packed)
            if reason is not None:
                yield Unreadable(kind.name.lower(), node, name, reason)
        if len(rows) < _BATCH:
            return
        after = tuple(rows[-1])[: len(key)]


def _reason(text: str | None, packed: str | bytes | None) -> str | None:
    if text == NULL_TEXT:
        return f"it holds {NULL_TEXT}, which MLMD takes for a value that is not there"
    if text is not None:
        return "it begins as a struct does, and is none" if decode(text) == text else None
    if packed is not None:
        proto = packed if isinstance(packed, str) else bytes(packed).decode("latin-1")
        return "its proto is none" if decode(Packed(proto)) == proto else None
    return None


def _all(text: str) -> Statement:
    return Statement(text, {})


async def _select(driver: Driver, columns: str, table: str) -> Rows:
    return await driver.fetch(_all(f"SELECT {columns} FROM {table}"))
