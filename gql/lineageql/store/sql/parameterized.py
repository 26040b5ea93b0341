"""Searches whose texts are parameters: one statement serves all searches that differ in nothing else.

Making a statement takes longer than running it, and who records, or watches one
thing after another, asks the same of other texts each time. So a statement is made
for *placeholders* in the place of the texts, and is given the texts when it is run.
It is the statement that would have been made for the texts themselves: only plain
texts have placeholders, which nothing looks into while a statement is made. Others,
such as those that may be a number that is written out, stay as they are.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from lineageql.model.identity import EntityKind
from lineageql.model.operators import Operator
from lineageql.model.predicates import And, Field, Label, Not, Or, Predicate, Property, Related, Subject, Test
from lineageql.store.ports import Search
from lineageql.store.sql.dialects import Dialect, Statement
from lineageql.store.sql.driver import Rows, Script
from lineageql.store.sql.wrapping_driver import by_exchange

T = TypeVar("T")
_MARK = f"placeholder{secrets.token_hex(16)}x"
"""How placeholders begin. Other parameters hold what clients have written: none of them can know it."""
_PLACEHOLDER = re.compile(rf"{_MARK}\d\d\.")
_PLAIN = re.compile(r"[A-Za-z0-9_ .:/-]{1,200}", re.ASCII)
"""Short texts of signs that are alike to all databases."""
_WORDS = frozenset({"true", "false", "nan", "inf", "infinity"})
"""Texts of booleans and of doubles, by which some statements look for more than a text."""
_COLUMNS = frozenset({Field.URI, Field.EXTERNAL_ID})
_TEXTS = frozenset({Field.NAME, Field.VERSION, Field.OWNER})
_MOST_LISTED = 8
"""How many texts a test names at most that are parameters: each number of them has a statement of its own."""
_MOST_TEXTS = 100


class LookedInto(Exception):
    """A statement has something that was made of a placeholder, and would be another for the text."""


class Placeholders:
    """The texts of one search, and what stands for each.

    Args:
        dialect: of the search's statements.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._by_text: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The placeholder of a text; of one that is looked into the text itself."""
        if _PLAIN.fullmatch(text) is None or len(self._texts) == _MOST_TEXTS:
            return text
        placeholder = self._by_text.setdefault(text, f"{_MARK}{len(self._texts):02}.")
        self._texts[placeholder] = text
        return placeholder

    def general(self, predicate: Predicate) -> Predicate:
        """A predicate with placeholders in the place of its plain texts."""
        match predicate:
            case And(terms) | Or(terms):
                return type(predicate)(tuple(map(self.general, terms)))
            case Not(term):
                return Not(self.general(term))
            case Related(relation, term):
                return Related(relation, self.general(term))
            case Test(subject, Operator.EQ, str() as text, False) if _is_plain(subject, text):
                return replace(predicate, operand=self.of(text))
            case Test(subject, Operator.IN, tuple() as operands, False) if len(operands) <= _MOST_LISTED:
                listed = [text for text in operands if isinstance(text, str) and _is_plain(subject, text)]
                if listed and len(listed) == len(operands):
                    return replace(predicate, operand=tuple(map(self.of, listed)))
        return predicate

    def given(self, statement: Statement) -> Statement:
        """A statement for placeholders with the texts in their place.

        Raises:
            LookedInto: something else was made of a placeholder.
        """
        if not self._texts:
            return statement
        parameters = {name: self._real(value) for name, value in statement.parameters.items()}
        if _MARK in statement.text or any(map(_holds_mark, parameters.values())):
            raise LookedInto
        return replace(statement, parameters=parameters)

    def _real(self, value: Any) -> Any:
        if isinstance(value, str) and _MARK in value:
            if value.startswith("["):  # a list, as a text: no plain text begins so
                return self._dialect.listed([self._real(one) for one in json.loads(value)])
            return _PLACEHOLDER.sub(lambda found: self._texts.get(found[0], found[0]), value)
        if isinstance(value, (list, tuple)):
            return type(value)(map(self._real, value))
        return value


def by_parameters(dialect: Dialect, search: Search, script: Callable[[Search], Script[T]]) -> Script[T]:
    """What a script finds for a search, by statements of which the search's plain texts are parameters.

    Args:
        dialect: of the statements.
        search: what is looked for.
        script: looks for it.
    """
    placeholders = Placeholders(dialect)
    general = replace(search, predicate=placeholders.general(search.predicate))
    if search.kind is EntityKind.RUN or general == search:
        return (yield from script(search))

    def exchange(statements: Sequence[Statement]) -> Script[list[Rows]]:
        return (yield list(map(placeholders.given, statements)))

    try:
        return (yield from by_exchange(exchange, script(general)))
    except LookedInto:
        return (yield from script(search))  # for the texts themselves, from the beginning


def _is_plain(subject: Subject, text: str) -> bool:
    """Whether a test of a subject looks for a text as for any other."""
    if _PLAIN.fullmatch(text) is None:
        return False
    if isinstance(subject, (Label, Property)) or subject in _COLUMNS:
        return True
    # Others may be the text of a number or a boolean, or a name that is made of a type and an id.
    written = any(_is_number(part) for part in (text, text.rpartition("/")[2]))
    return subject in _TEXTS and not written and text.lower() not in _WORDS


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _holds_mark(value: Any) -> bool:
    if isinstance(value, str):
        return _MARK in value
    return isinstance(value, (list, tuple)) and any(map(_holds_mark, value))
