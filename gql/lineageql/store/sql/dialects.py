"""What differs between the databases in the text of a statement."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect as CoreDialect
from sqlalchemy.sql.elements import literal_column

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's text and its bound parameters."""

    text: str
    parameters: Parameters

    def given(self, **parameters: Any) -> Statement:
        """The statement with more of its parameters."""
        return Statement(self.text, {**self.parameters, **parameters})


def one_of(column: ColumnElement[Any], numbers: Sequence[int]) -> ColumnElement[bool]:
    """`column IN (numbers)` with the few numbers, ids of types and such, in the text of the statement.

    SQLAlchemy loses a list of parameters inside a CAST, where texts are compared octet by octet.
    """
    listed: list[ColumnElement[Any]] = [literal_column(str(int(number))) for number in numbers]
    return column.in_(listed) if listed else false()


class Dialect(ABC):
    """The words of one database. `core` compiles SQLAlchemy's expressions for it."""

    core: CoreDialect

    def compile(self, query: Select[Any]) -> Statement:
        """The text and the parameters of a query."""
        compiled = query.compile(dialect=self.core, compile_kwargs={"render_postcompile": True})
        return Statement(str(compiled), dict(compiled.params))

    def among(self, column: ColumnElement[Any], values: Sequence[int | float | str]) -> ColumnElement[bool]:
        """`column IN (values)` with one bound parameter, however many values there are."""
        return column == values[0] if len(values) == 1 else self.within(column, literal(self.listed(values)))

    @abstractmethod
    def listed(self, values: Sequence[Any]) -> Any:
        """A list as the one parameter that holds it."""

    @abstractmethod
    def within(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a column's value is one of a list that is one parameter, as `listed` makes it."""

    @abstractmethod
    def among_pairs(
        self, left: ColumnElement[Any], right: ColumnElement[Any], pairs: Sequence[tuple[str, str]]
    ) -> ColumnElement[bool]:
        """`(left, right) IN (pairs)` with one bound parameter, however many pairs there are."""

    @abstractmethod
    def owner(self, member: int | None = None) -> ColumnElement[Any]:
        """The owner's key inside a statement of `under`: all of it, or a member of a pair."""

    @abstractmethod
    def under(self, inner: Select[Any]) -> Statement:
        """`inner`, whose columns have names of their own, once for each of the owners in the parameter `owners`.

        Its rows are the owner's place among them and a JSON list of the inner rows.
        """

    def text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """What a column of texts holds as a text, where a database may keep octets in it."""
        return column

    def holds_text(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a column of texts holds one; a database may keep something else in it."""
        return column.is_not(None)

    def number(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """What a column of numbers holds; NULL where a database keeps something else in it."""
        return column

    @abstractmethod
    def starts_with(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        """Whether a text begins with another, byte for byte."""

    @abstractmethod
    def in_prefix_range(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        """A range of the column's index that holds every text that begins with the prefix."""

    @abstractmethod
    def ends_with(self, text: ColumnElement[Any], suffix: str) -> ColumnElement[bool]:
        """Whether a text ends with another, byte for byte."""

    @abstractmethod
    def contains(self, text: ColumnElement[Any], part: str) -> ColumnElement[bool]:
        """Whether a text contains another, byte for byte."""

    @abstractmethod
    def fold(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text with its case folded as Python's `str.casefold` does."""

    @abstractmethod
    def is_json(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a text is JSON, and not its null."""

    @abstractmethod
    def json_number(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """The number that a JSON text is; NULL where it is another value, or no JSON."""

    @abstractmethod
    def json_text(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """A double, a JSON list or a JSON object as text, as `model.values.as_text` gives it."""

    @abstractmethod
    def uri_tail(self, uri: ColumnElement[Any]) -> ColumnElement[Any]:
        """The part of a uri after its last slash that is not the end."""

    @abstractmethod
    def position(self, text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[Any]:
        """Where a text first holds another, counted from 1; 0 where it does not."""

    @abstractmethod
    def consists_of(self, text: ColumnElement[Any], characters: str) -> ColumnElement[bool]:
        """Whether a text holds no character but these."""

    @abstractmethod
    def after_last(self, text: ColumnElement[Any], mark: str) -> ColumnElement[Any]:
        """The part of a text after its last mark, one character; all of it where there is none."""

    @abstractmethod
    def members(self, document: ColumnElement[Any], member: str | None) -> Any:
        """A table of the members of a JSON object: `key`, `value` and the JSON `type`."""


class Prepared:
    """A statement over a list of ids that is compiled once for a database, and run with many lists."""

    def __init__(self, build: Callable[[Dialect, ColumnElement[Any]], Select[Any]]) -> None:
        self.build = build
        self._compiled: WeakKeyDictionary[Dialect, Statement] = WeakKeyDictionary()

    def __call__(self, dialect: Dialect, ids: Sequence[int] = ()) -> Statement:
        """The statement for these ids."""
        made = self._compiled.get(dialect)
        if made is None:
            made = self._compiled[dialect] = dialect.compile(self.build(dialect, bindparam("ids", dialect.listed([]))))
        return made.given(ids=dialect.listed(ids)) if ids else made


class SQLite(Dialect):
    """SQLite 3.35 and newer, with the functions that `store.sql.sqlite` registers."""

    core = sqlite.dialect(paramstyle="named")

    def listed(self, values: Sequence[Any]) -> Any:
        return _listed(values)

    def within(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
        return column.in_(select(func.json_each(values).table_valued("value").c.value))

    def among_pairs(
        self, left: ColumnElement[Any], right: ColumnElement[Any], pairs: Sequence[tuple[str, str]]
    ) -> ColumnElement[bool]:
        listed = func.json_each(literal(_listed(pairs))).table_valued("value")
        members = (func.json_extract(listed.c.value, f"$[{place}]") for place in range(2))
        return tuple_(left, right).in_(select(*members))

    def owner(self, member: int | None = None) -> ColumnElement[Any]:
        if member is None:
            return literal_column("owner.value")
        return literal_column(f"json_extract(owner.value, '$[{member}]')")

    def under(self, inner: Select[Any]) -> Statement:
        statement = self.compile(inner)
        columns = ", ".join(column.name for column in inner.selected_columns)
        text = (
            f"SELECT owner.key, (SELECT json_group_array(json_array({columns})) FROM ({statement.text}))"
            f" FROM json_each(:owners) AS owner"
        )
        return Statement(text, statement.parameters)

    def text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(column, Text)

    def holds_text(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return func.typeof(column) == "text"

    def number(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return case((func.typeof(column).in_(["integer", "real"]), column))

    def starts_with(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        octets = _octets(prefix)
        return _is(func.substr(cast(text, LargeBinary), 1, len(octets)), octets)

    def in_prefix_range(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        beyond = _after(prefix)
        return and_(text >= prefix, text < beyond) if beyond else text >= prefix

    def ends_with(self, text: ColumnElement[Any], suffix: str) -> ColumnElement[bool]:
        octets = _octets(suffix)
        if not octets:
            return text.is_not(None)  # the last no octets of a text are all of it, to SQLite
        return _is(func.substr(cast(text, LargeBinary), -len(octets)), octets)

    def contains(self, text: ColumnElement[Any], part: str) -> ColumnElement[bool]:
        return func.instr(text, part) > 0

    def fold(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.casefold(cast(text, LargeBinary))

    def is_json(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        return func.json_type(_valid(text)) != "null"

    def json_number(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        # Not CAST, whose last digit can be wrong.
        is_number = func.json_type(_valid(text)).in_(["integer", "real"])
        return case((is_number, func.json_extract(_valid(text), "$")))

    def json_text(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.json_text(case((func.typeof(value) == "text", cast(value, LargeBinary)), else_=value))

    def uri_tail(self, uri: ColumnElement[Any]) -> ColumnElement[Any]:
        return self.after_last(func.rtrim(uri, "/"), "/")

    def position(self, text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.instr(text, part)

    def consists_of(self, text: ColumnElement[Any], characters: str) -> ColumnElement[bool]:
        return func.ltrim(text, characters) == ""

    def after_last(self, text: ColumnElement[Any], mark: str) -> ColumnElement[Any]:
        head = func.rtrim(text, func.replace(text, mark, ""))
        return func.substr(text, func.length(head) + 1)

    def members(self, document: ColumnElement[Any], member: str | None) -> Any:
        # What Python writes and SQLite refuses, such as NaN, is rare: the function is called for that only.
        strict = func.coalesce(_valid(document), func.strict_json(cast(document, LargeBinary)))
        listed = func.json_each(strict, "$" if member is None else f"$.{member}")
        return listed.table_valued("key", "value", "type")


def _is(found: ColumnElement[Any], octets: bytes) -> ColumnElement[bool]:
    """Equality that is false of NULL, which is also what SQLite finds in a text of no octets."""
    # Not `IS`: SQLAlchemy leaves the placeholder of an IN below it unexpanded on SQLite.
    return func.coalesce(found == literal(octets, LargeBinary), false())


def _valid(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text where it is JSON: SQLite's functions fail at what is not."""
    return case((func.json_valid(text) == 1, text))


def _listed(values: Sequence[Any]) -> str:
    """A list as JSON. SQLite would end a text at its NUL; no text holds one, and none equals half a surrogate pair."""
    texts = set(map(type, values)) != {int}  # ids are many, and need no care
    return json.dumps(_without_nul(list(values)) if texts else list(values))


def _without_nul(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_without_nul(item) for item in value]
    return value.replace("\0", "\udc00") if isinstance(value, str) else value


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _after(prefix: str) -> str:
    """The first text, in the order of code points, beyond all that begin with the prefix; empty if none is."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)
