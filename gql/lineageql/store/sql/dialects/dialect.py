"""What differs between the databases in the text of a statement."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.engine import Dialect as CoreDialect
from sqlalchemy.sql.elements import literal_column

from lineageql.model.conventions.places import DIGITS, STAMPS, UUID_CHARACTERS, UUID_LENGTH

Parameters = dict[str, Any]


Comparison = Callable[[Any, Any], Any]
"""One of `operator`'s eq, lt, le, gt and ge."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's text and its bound parameters.

    Where a driver takes parameters by their places, they stand in `parameters` in the order of these.
    `purpose` says what it is for, to who has the plan explained. An `estimate` is shown to nobody, and only helps to
    decide where other statements start: it may count what the caller may not see.
    """

    text: str
    parameters: Parameters
    purpose: str = field(default="", kw_only=True, compare=False)
    estimate: bool = field(default=False, kw_only=True)
    planned_anew: bool = field(default=False, kw_only=True)
    """Whether a server is to plan it for its parameters each time: a plan for any parameters may take far longer."""

    def given(self, **parameters: Any) -> Statement:
        """The statement with other values of those of these parameters that it has.

        It need not have all of them: SQLAlchemy leaves out what is said beside a `false`, such as the edge of a page.
        """
        return replace(self, parameters={name: parameters.get(name, kept) for name, kept in self.parameters.items()})

    def meant(self, purpose: str) -> Statement:
        """The statement with what it is for."""
        return replace(self, purpose=purpose)

    def planning_anew(self) -> Statement:
        """The statement as one that is planned each time."""
        return replace(self, planned_anew=True)

    def estimating(self) -> Statement:
        """The statement as an estimate."""
        return replace(self, estimate=True)

    def among_tables(self, tables: Sequence[tuple[str, str]]) -> Statement:
        """The statement with selects in the place of tables: pairs of a table's name and a select without parameters.

        The first of them do not see the later ones, and each sees the table of its own name.
        """
        head = ", ".join(f"{name} AS {self._how} ({select})" for name, select in tables)
        if self.text.startswith("WITH RECURSIVE "):
            # Among recursive tables each would see itself in the place of the table of its name.
            return replace(self, text=f"WITH {head} SELECT * FROM ({self.text}) AS narrowed")
        rest = self.text.removeprefix("WITH ")
        return replace(self, text=f"WITH {head}{' ' if rest is self.text else ', '}{rest}")

    @property
    def _how(self) -> str:
        # As if the select stood wherever the table is named, or all of it would be made first.
        return "NOT MATERIALIZED"


def one_of(column: ColumnElement[Any], numbers: Sequence[int]) -> ColumnElement[bool]:
    """`column IN (numbers)` with the few numbers, ids of types and such, in the text of the statement.

    SQLAlchemy loses a list of parameters inside a CAST, where texts are compared octet by octet.
    """
    listed: list[ColumnElement[Any]] = [literal_column(str(int(number))) for number in numbers]
    return column.in_(listed) if listed else false()


class Dialect(ABC):
    """The words of one database. `core` compiles SQLAlchemy's expressions for it."""

    core: CoreDialect
    name: str
    """What the backend is called, in `store { backend }` and by `lineageql store check`."""
    tables: str
    """The statement that lists the names of the database's tables."""
    indexed: str
    """The statement that lists, in lower case, the tables and first columns of indexes that hold every row."""

    has_recursion = False
    """Whether it can read the first rows of a recursive table without making all others; see `recursive`."""
    has_search_table: str | None = None
    """The statement that finds a table of the search index by the parameter `name`, where all of them can be read; None
    where no search index is made."""

    sorts_octets = True
    """Whether the database's indexes of texts are in the order of octets."""

    parses_shallow = False
    """Whether the parser takes few levels, so that relations inside relations become tables of a WITH clause."""

    def each(self, column: Column[Any]) -> Any:
        """Each value of a column that is the first of an index, as a table with the column `id`; one may be null.

        They are taken one by one out of the index: the cost follows their number, and not the rows'.
        """
        found = select(func.min(column).label("id")).cte(f"each_{column.table.name.lower()}", recursive=True)
        following = select(func.min(column)).where(column > found.c.id).scalar_subquery()
        return found.union_all(select(following).where(found.c.id.is_not(None)))

    def each_text(self, table: Table, name: str, *, custom: bool) -> Any:
        """The texts of the properties of a name in a table of properties, each once, as a table with the column `text`.

        They are taken one by one out of the index of values, as those of `each`. One may be null, and some no text.
        """

        def least(beyond: Callable[[Any], ColumnElement[bool]]) -> Select[Any]:
            row = table.alias()
            here = row.c.name == name, row.c.is_custom_property == custom
            text = row.c.string_value
            return select(text.label("text")).where(*here, beyond(text)).order_by(text).limit(1)

        first = select(least(lambda text: text >= "").scalar_subquery().label("text"))
        found = first.cte(recursive=True)  # without a name of its own: a statement may have several
        following = least(lambda text: text > found.c.text).scalar_subquery()
        return found.union_all(select(following).where(found.c.text.is_not(None)))

    @abstractmethod
    def columns(self, table: str) -> Statement:
        """The statement that lists the names of a table's columns."""

    def index(self, name: str, table: str, column: str) -> list[str]:
        """The statements that add an index to a table that may have rows."""
        return [f"CREATE INDEX IF NOT EXISTS {name} ON {table}({column})"]

    def compile(self, query: Select[Any]) -> Statement:
        """The text and the parameters of a query."""
        compiled = query.compile(dialect=self.core, compile_kwargs={"render_postcompile": True})
        return Statement(str(compiled), dict(compiled.params))

    def literally(self, query: Select[Any]) -> str:
        """The text of a query of numbers and plain names, without parameters."""
        kwargs = {"render_postcompile": True, "literal_binds": True}
        return str(query.compile(dialect=self.core, compile_kwargs=kwargs))

    def among(self, column: ColumnElement[Any], values: Sequence[int | float | str]) -> ColumnElement[bool]:
        """`column IN (values)` with one bound parameter, however many values there are."""
        return column == values[0] if len(values) == 1 else self.within(column, literal(self.listed(values)))

    def compared(self, how: Comparison, left: ColumnElement[Any], right: Any) -> ColumnElement[bool]:
        """Whether a value of the store stands to an operand as `how` says: texts by their octets, numbers exactly."""
        meets: ColumnElement[bool] = how(left, right)
        return meets

    def ordered(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text as it is compared with others, and sorted: octet by octet."""
        return text

    def lower(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text with its ASCII letters in lower case; what becomes of others is no matter."""
        return func.lower(text)

    @abstractmethod
    def listed(self, values: Sequence[Any]) -> Any:
        """A list as the one parameter that holds it."""

    def among_named(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool] | None:
        """`within`, for a list that is the parameter of this name, in a text that `literally` gives.

        None where the numbers should stand in the text: a server plans better for numbers that it sees.
        """
        return None

    def owners(self, keys: Sequence[Any]) -> Any:
        """The keys of the owners of `under`, each a number or a pair of texts, as the one parameter that holds them."""
        return self.listed(keys)

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

        `lists` reads its rows.
        """

    def recursive(self, name: str, first: Select[Any], before: Any, following: Sequence[Select[Any]]) -> FromClause:
        """A table of rows and, again and again, of those that follow from them; the first column says how often.

        Args:
            name: the table's.
            first: the rows that it begins with. A row that is there already is not added again.
            before: the table by its name and columns, in which `following` sees one row at a time.
            following: what follows from the row, in parts.

        Returns:
            The rows in the order of the first column. Those that follow from rows that are not read are not made.

        Raises:
            NotImplementedError: the database makes all of them first; `has_recursion` is false.
        """
        raise NotImplementedError(f"{self.name} makes all rows of a recursive table before any is read")

    def met_by_first(
        self, met: ColumnElement[bool], key: ColumnElement[Any], first: Select[Any]
    ) -> ColumnElement[bool]:
        """A condition of rows of a recursive table, by which no more of them are made than are wanted.

        Args:
            met: the condition of all rows.
            key: their key.
            first: the keys of as many of them as are wanted, where the database makes all before one is read.
        """
        return met

    def lists(self, rows: Sequence[Sequence[Any]], owners: int) -> list[Sequence[Any]]:
        """The inner rows of each owner, from the rows of a statement of `under`.

        These are the owner's place among all and a JSON list of the inner rows, unless a database's differ.
        """
        found: list[Sequence[Any]] = [()] * owners
        for place, inner in rows:
            found[place] = orjson.loads(inner)
        return found

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
    def double(self, number: Any) -> ColumnElement[Any]:
        """The double nearest to a number of a column, or of JSON; NULL where no finite one is."""

    @abstractmethod
    def starts_with(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        """Whether a text begins with another, byte for byte."""

    @abstractmethod
    def in_prefix_range(self, text: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
        """A range of the column's index that holds every text that begins with the prefix."""

    def begins_otherwise(self, text: ColumnElement[Any], prefix: str) -> list[ColumnElement[bool]]:
        """Clauses of which one is true of each text that does not begin with some ASCII.

        Where indexes sort octets they are the ranges on both sides of the prefix. A database that was given both in
        one clause would walk over the texts between them.
        """
        beyond = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        return [self.compared(operator.lt, text, prefix), self.compared(operator.ge, text, beyond)]

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

    def best_of(self, values: Sequence[Select[Any]], *, descending: bool) -> ColumnElement[Any]:
        """The least or the greatest `value` of selects of one number each, passing over NULLs."""
        found = union_all(*values).subquery()
        return select((func.max if descending else func.min)(found.c.value)).scalar_subquery()

    @abstractmethod
    def position(self, text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[Any]:
        """Where a text first holds another, counted from 1; 0 where it does not."""

    @abstractmethod
    def consists_of(self, text: ColumnElement[Any], characters: str) -> ColumnElement[bool]:
        """Whether a text holds no character but these."""

    def owned_name(self, name: ColumnElement[Any]) -> ColumnElement[Any]:
        """A name without the id of its owner, as `OwnedName` reads it."""
        colon = self.position(name, literal(":"))
        owner = func.substr(name, 1, case((colon > 1, colon - 1), else_=0))
        uuid = and_(func.length(owner) == UUID_LENGTH, self.consists_of(self.lower(owner), UUID_CHARACTERS))
        is_id = and_(colon > 1, or_(self.consists_of(owner, DIGITS), uuid))
        return case((is_id, func.substr(name, colon + 1)), else_=name)

    def unstamped(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """A name without the time after it, as `places.unstamped` reads it."""
        return case(*(self._without(":" + stamp, text) for stamp in STAMPS), else_=text)

    def _without(self, stamp: str, text: ColumnElement[Any]) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
        """Whether a text ends with a stamp and holds more, and what it is without."""
        start = func.length(text) - (len(stamp) - 1)
        clauses, place = [start > 1], 0
        for is_digits, signs in groupby(stamp, "d".__eq__):
            run = "".join(signs)
            part = func.substr(text, start + place, len(run))
            clauses.append(self.consists_of(part, DIGITS) if is_digits else part == run)
            place += len(run)
        return and_(*clauses), func.substr(text, 1, case((start > 1, start - 1), else_=0))

    @abstractmethod
    def after_last(self, text: ColumnElement[Any], mark: str) -> ColumnElement[Any]:
        """The part of a text after its last mark, one character; all of it where there is none."""

    @abstractmethod
    def members(self, document: ColumnElement[Any], member: str | None) -> Any:
        """A table of the members of a JSON object: `key`, `value` and the JSON `type`.

        The types are those of SQLite: text, integer, real, true, false, null, array and object.
        """

    def members_within(self, member: Any) -> Any:
        """A table of the members of a member that is an object; of any other there are none."""
        return self.members(case((member.c.type == "object", self.member_json(member)), else_=null()), None)

    def member_text(self, member: Any) -> ColumnElement[Any]:
        """The text that a member is, where its type is one."""
        return member.c.value  # type: ignore[no-any-return]

    def member_number(self, member: Any) -> ColumnElement[Any]:
        """The number that a member is, where its type is one."""
        return member.c.value  # type: ignore[no-any-return]

    def member_boolean(self, member: Any) -> ColumnElement[Any]:
        """The boolean that a member is, where its type is one."""
        return member.c.value  # type: ignore[no-any-return]

    def member_json(self, member: Any) -> ColumnElement[Any]:
        """A member that is a number, a list or an object as text, as `model.values.as_text` gives it."""
        integer: ColumnElement[Any] = member.c.type == "integer"
        return case((integer, cast(member.c.value, String)), else_=self.json_text(member.c.value))


class Prepared:
    """A statement over a list of ids that is compiled once for a database, and run with many lists.

    Args:
        purpose: what the statement is for; see `Statement`.
        build: makes it of a dialect and the column of the ids.
    """

    def __init__(self, purpose: str, build: Callable[[Dialect, ColumnElement[Any]], Select[Any]]) -> None:
        self.purpose = purpose
        self.build = build
        self._compiled: WeakKeyDictionary[Dialect, Statement] = WeakKeyDictionary()

    def __call__(self, dialect: Dialect, ids: Sequence[int] = ()) -> Statement:
        """The statement for these ids."""
        made = self._compiled.get(dialect)
        if made is None:
            made = dialect.compile(self.build(dialect, bindparam("ids", dialect.listed([])))).meant(self.purpose)
            self._compiled[dialect] = made
        return made.given(ids=dialect.listed(ids)) if ids else made
