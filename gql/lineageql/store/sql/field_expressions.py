"""The places of a convention's table, as SQL: what is read is what is filtered by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, and_, case, cast, func, literal, null, or_, select, true
from sqlalchemy.sql.elements import True_

from lineageql.model.conventions.convention import (
    LATEST,
    MOMENTS,
    Column,
    Convention,
    Custom,
    Declared,
    Place,
    TypeAndId,
    UriTail,
)
from lineageql.model.conventions.places import ContextSuffix, EventKey, HashedName, OwnedName, TypeName
from lineageql.model.entities import (
    ARTIFACT_STATE_WORDS,
    EXECUTION_STATE_WORDS,
    ArtifactState,
    ExecutionState,
)
from lineageql.model.identity import EntityKind
from lineageql.model.nodes import NodeType
from lineageql.model.predicates import Field
from lineageql.model.type_catalog import UNKNOWN_TYPE, TypeCatalog
from lineageql.model.values import STRUCT_PREFIX
from lineageql.store.sql.derived_fields import context_suffix, event_key, hashed_name
from lineageql.store.sql.dialects import Dialect, one_of
from lineageql.store.sql.sources import Source, run_source
from lineageql.store.sql.tables import TYPE


def text_of_property(row: Any, dialect: Dialect, *, stamped: bool = False) -> ColumnElement[Any]:
    """A property's value as text, as `model.values.plain_text` gives it, and without a time where it is stamped."""
    text = dialect.unstamped(row.c.string_value) if stamped else row.c.string_value
    return case(
        (
            dialect.holds_text(row.c.string_value),
            case((dialect.in_prefix_range(row.c.string_value, STRUCT_PREFIX), null()), else_=text),
        ),
        (row.c.int_value.is_not(None), cast(row.c.int_value, String)),
        (row.c.double_value.is_not(None), dialect.json_text(row.c.double_value)),
        (row.c.bool_value.is_not(None), case((row.c.bool_value == true(), "true"), else_="false")),
        else_=null(),
    )


def text_of_place(place: Place, source: Source, types: TypeCatalog, dialect: Dialect) -> ColumnElement[Any]:
    """The value at a place in the source's row, as text; NULL where there is none."""
    match place:
        case Column(name):
            return dialect.text(source.columns[_COLUMN_FIELDS[name]])
        case Declared(name, stamped):
            return _property(source, name, False, dialect, stamped=stamped)
        case Custom(name, stamped):
            return _property(source, name, True, dialect, stamped=stamped)
        case UriTail():
            return dialect.uri_tail(source.columns[Field.URI])
        case TypeAndId():
            return type_name(source).concat("/").concat(cast(source.id, String))
        case TypeName():
            return _by_type(source, types, place)
        case OwnedName():
            return dialect.owned_name(source.columns[Field.NAME])
        case HashedName():
            return hashed_name(source.columns[Field.NAME], source.columns[Field.URI], dialect)
        case EventKey():
            return event_key(source.id, dialect)
        case ContextSuffix(part, whole):
            return context_suffix(source.id, part, whole, types, dialect)


def type_name(source: Source) -> ColumnElement[Any]:
    """The name of a row's type; of one that is not registered, what is said in its place."""
    type_ = TYPE.alias()
    known: ColumnElement[Any] = select(type_.c.name).where(type_.c.id == source.type_id).scalar_subquery()
    return func.coalesce(known, literal(UNKNOWN_TYPE).concat(cast(source.type_id, String)))


def text_of_field(subject: Field, source: Source, types: TypeCatalog, dialect: Dialect) -> ColumnElement[Any]:
    """A field's value as text: each type's nodes by the places of its convention."""
    if source.names is not None and subject is Field.NAME:
        # The key of a named run holds its name; any other's is that of its context.
        if isinstance(source.names.are_key, True_):
            return source.names.run
        return case((source.names.are_key, source.names.run), else_=_by_convention(subject, source, types, dialect))
    if source.kind is EntityKind.RUN and subject in source.columns:
        return source.columns[subject]
    return _by_convention(subject, source, types, dialect)


def _by_convention(subject: Field, source: Source, types: TypeCatalog, dialect: Dialect) -> ColumnElement[Any]:
    groups = types.groups(source.node_kind)
    if not groups:
        return null()
    texts = [(type_ids, _first(convention, subject, source, types, dialect)) for convention, type_ids in groups]
    if len(texts) == 1:
        return texts[0][1]
    return case(*((one_of(source.type_id, type_ids), text) for type_ids, text in texts), else_=null())


def state_number(source: Source, types: TypeCatalog, dialect: Dialect) -> ColumnElement[Any]:
    """A state as MLMD's number; where it is not set, from the word of the writer's own property."""
    number = func.coalesce(source.columns[Field.STATE], 0)
    words_of = _STATE_WORDS[source.kind]
    groups = types.groups(source.node_kind)
    if not any(convention.places(source.node_kind, Field.STATE) for convention, _ in groups):
        return case((and_(number >= 0, number <= 6), number), else_=0)
    word = dialect.lower(text_of_field(Field.STATE, source, types, dialect))
    words = case({text: state.value for text, state in words_of.items()}, value=word, else_=0)
    return case((or_(number < 1, number > 6), words), else_=number)


def moment(subject: Field, source: Source, types: TypeCatalog, dialect: Dialect) -> ColumnElement[Any]:
    """When an execution began or ended, in milliseconds; NULL where nothing says it."""
    row = source.properties.alias()
    whole = cast(row.c.double_value, BigInteger)
    fits = and_(row.c.double_value >= -LATEST, row.c.double_value <= LATEST)
    recorded = (
        select(case((fits, case((row.c.double_value == whole, whole)))))
        .where(row.c.owner_id == source.id, row.c.name == MOMENTS[subject], row.c.is_custom_property == true())
        .scalar_subquery()
    )
    begins = subject is Field.START_TIME
    column = source.columns[Field.CREATE_TIME if begins else Field.UPDATE_TIME]
    state = state_number(source, types, dialect)
    clocked: list[tuple[ColumnElement[bool], ColumnElement[Any]]] = []
    for convention, type_ids in types.groups(source.node_kind):
        if convention.clock is not None:
            states = convention.clock.begun if begins else convention.clock.ended
            told = and_(one_of(source.type_id, type_ids), state.in_(sorted(states)))
            clocked.append((told, func.nullif(dialect.number(column), 0)))
    return func.coalesce(recorded, case(*clocked, else_=null())) if clocked else recorded


def latest_run(space: Source, types: TypeCatalog) -> ColumnElement[Any]:
    """When the last run of a workspace was made, in milliseconds; NULL where there is none."""
    runs = run_source(types).from_.c
    times = select(runs.workspace_id, func.max(func.nullif(runs.create_time, 0)).label("time"))
    latest = times.where(runs.workspace_id.is_not(None)).group_by(runs.workspace_id).cte()
    return select(latest.c.time).where(latest.c.workspace_id == space.id).scalar_subquery()


def _first(
    convention: Convention, subject: Field, source: Source, types: TypeCatalog, dialect: Dialect
) -> ColumnElement[Any]:
    places = convention.places(source.node_kind, subject)
    texts = [func.nullif(text_of_place(place, source, types, dialect), literal("")) for place in places]
    return func.coalesce(*texts, null()) if texts else null()


def _by_type(source: Source, types: TypeCatalog, place: TypeName) -> ColumnElement[Any]:
    """A name that the type alone gives: the few types are looked up here, not in each row."""

    def reads(type_: NodeType) -> bool:
        return place in types.convention(type_).places(source.node_kind, Field.NAME)

    words = [(type_.id, place.of(type_.name)) for type_ in types.of(source.node_kind) if reads(type_)]
    return case(*((source.type_id == id_, literal(word)) for id_, word in words), else_=null()) if words else null()


def _property(source: Source, name: str, custom: bool, dialect: Dialect, *, stamped: bool) -> ColumnElement[Any]:
    row = source.properties.alias()
    return (
        select(text_of_property(row, dialect, stamped=stamped))
        .where(row.c.owner_id == source.id, row.c.name == name, row.c.is_custom_property == custom)
        .scalar_subquery()
    )


_STATE_WORDS: dict[EntityKind, Mapping[str, ArtifactState | ExecutionState]] = {
    EntityKind.ARTIFACT: ARTIFACT_STATE_WORDS,
    EntityKind.EXECUTION: EXECUTION_STATE_WORDS,
}
_COLUMN_FIELDS = {"name": Field.NAME, "uri": Field.URI, "external_id": Field.EXTERNAL_ID}
