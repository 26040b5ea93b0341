"""SQLAlchemy's expressions in MySQL's words: texts as octets.

MySQL's and MariaDB's usual collations fold case and ignore spaces at the end, and
differ from server to server. So wherever a statement computes with a column of
text, it has the column's octets: comparisons, orders, groups and functions are
then exact and the same everywhere. Where a column is compared with a value for
equality, the column itself is compared too, in its own collation: what is equal
octet by octet is equal in every collation, and an index serves that comparison.

ml-metadata leaves its connection at the charset `latin1`, so that each octet of
a text in UTF-8 is a character to the server, and is kept as one. The octets are
therefore those of the column in that charset, the *wire's*.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Alias,
    BinaryExpression,
    BindParameter,
    Boolean,
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    Table,
)
from sqlalchemy.dialects.mysql import base
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from lineageql.store.sql.dialects.mysql_literals import WIRE


class Said(FunctionElement[Any]):
    """An expression in MySQL's own words, with a place `{0}`, `{1}` … for each part. The words hold no `%`."""

    inherit_cache = False
    name = "said"

    def __init__(self, words: str, *parts: Any, type_: TypeEngine[Any] | None = None) -> None:
        super().__init__(*parts)
        self.words = words
        self.type = type_ or String()


class Condition(Said):
    """A condition in MySQL's own words."""

    inherit_cache = False
    _is_implicitly_boolean = True

    def __init__(self, words: str, *parts: Any) -> None:
        super().__init__(words, *parts, type_=Boolean())


class Plain(Said):
    """A column of text itself, in its own charset and collation."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__("{0}", column, type_=String())


class Flavoured(Said):
    """A bound parameter in one of the flavours of `Literals`."""

    inherit_cache = False

    def __init__(self, parameter: BindParameter[Any], flavour: str) -> None:
        super().__init__("{0}", parameter, type_=String())
        self.flavour = flavour


@compiles(Said)
def _said(element: Said, compiler: MySQLCompiler, **kw: Any) -> str:
    kw.pop("add_to_result_map", None)
    return element.words.format(*(compiler.process(part, **kw) for part in element.clauses))


@compiles(Plain)
def _plain(element: Plain, compiler: MySQLCompiler, **kw: Any) -> str:
    kw.pop("add_to_result_map", None)
    (column,) = element.clauses
    return compiler.plain(column, **kw)


@compiles(Flavoured)
def _flavoured(element: Flavoured, compiler: MySQLCompiler, **kw: Any) -> str:
    (parameter,) = element.clauses
    return compiler.flavoured(compiler.process(parameter), element.flavour)


def is_text(expression: Any) -> bool:
    """Whether an expression is a text."""
    return isinstance(expression.type, String)


def is_stored(expression: Any) -> bool:
    """Whether an expression is a column of text of a table, which an index may serve."""
    table = getattr(expression, "table", None)
    real = isinstance(table, Table) or (isinstance(table, Alias) and isinstance(table.element, Table))
    return real and is_text(expression)


_NULL: dict[Any, str] = {operators.is_: "IS NULL", operators.is_not: "IS NOT NULL"}
"""The operators that compare texts with nothing but NULL."""


def _shows_no_null(expression: Any) -> bool:
    """Whether an expression is a query whose rows, if there are any, cannot be NULL as an equality is asked of them."""
    if not isinstance(expression, ScalarSelect) or not isinstance(expression.element, Select):
        return False
    (shown,) = expression.element.selected_columns
    asked = (clause for clause in expression.element._where_criteria if isinstance(clause, BinaryExpression))
    return any(clause.operator is operators.eq and clause.left is shown for clause in asked)


class MySQLCompiler(base.MySQLCompiler):
    """Compiles for one charset of the wire."""

    dialect: MySQLCore

    def visit_column(self, column: Any, add_to_result_map: Any = None, *more: Any, **kw: Any) -> str:
        text = super().visit_column(column, add_to_result_map, *more, **kw)
        # What is only shown is decoded by the driver.
        return self._octets(text) if add_to_result_map is None and is_stored(column) else text

    def _octets(self, text: str) -> str:
        return f"CAST(CONVERT({text} USING {self.dialect.wire}) AS BINARY)"

    def plain(self, column: Any, **kw: Any) -> str:
        """A column without the conversion to octets."""
        return super().visit_column(column, **kw)

    def flavoured(self, text: str, flavour: str) -> str:
        """A parameter's place with a flavour."""
        return f"{text.removesuffix(')s')}!{flavour})s"

    def visit_binary(self, binary: Any, override_operator: Any = None, *more: Any, **kw: Any) -> Any:
        how = override_operator or binary.operator
        if how in _NULL and is_stored(binary.left):
            return f"{self.plain(binary.left)} {_NULL[how]}"
        if how is operators.is_not and _shows_no_null(binary.left):
            # Any row says the same, and an order of octets would be made of all of them: no index has it.
            left = binary.left.element.order_by(None).scalar_subquery()
            return f"{self.process(left, **kw)} {_NULL[how]}"
        exact = super().visit_binary(binary, override_operator, *more, **kw)  # type: ignore[no-untyped-call]
        if how is not operators.eq:
            return exact
        left, right = binary.left, binary.right
        if not is_stored(left):
            left, right = right, left
        if not is_stored(left):
            return exact
        return f"({self.plain(left)} = {self._as_sent(right)} AND {exact})"

    def _as_sent(self, value: Any) -> str:
        if is_stored(value):
            return self.plain(value)
        if isinstance(value, BindParameter):
            return self.flavoured(self.process(value), WIRE)
        return f"CONVERT({self.process(value)} USING {self.dialect.wire})"

    def _compose_select_body(self, text: Any, select: Any, state: Any, inner: Any, froms: Any, *rest: Any) -> Any:
        # A table that is made of another's column stands behind that.
        froms = sorted(froms, key=lambda item: isinstance(item, TableValuedAlias))
        return super()._compose_select_body(text, select, state, inner, froms, *rest)  # type: ignore[no-untyped-call]


class MySQLCore(base.MySQLDialect):
    """SQLAlchemy's dialect; `wire` is the charset in which texts are sent and read."""

    statement_compiler = MySQLCompiler
    supports_statement_cache = False

    def __init__(self, wire: str) -> None:
        super().__init__(paramstyle="pyformat")
        self.wire = wire
