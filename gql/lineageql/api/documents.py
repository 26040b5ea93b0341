"""Documents: parsed and validated once, kept by their text.

The cache is bounded by the memory that it takes, not by the number of documents: twenty
large ones weigh as much as thousands of small ones.
"""

from __future__ import annotations

import re
import sys
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    parse,
    validate,
    visit,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from lineageql.api.advice import RULES

_RULES = (*RULES, MaybeNullValidationRule, OneOfInputValidationRule)
CACHE_SIZE = 33_554_432
"""Bytes that the documents that are kept may take."""
_BYTES_OF_TOKEN = 450
"""What a token takes with its nodes: names, braces, values and comments take 190 to 440."""
_BYTES_OF_DOCUMENT = 8_192
_MOST_CHARACTERS = 262_144
"""How long a document may be: while it is parsed nobody else is served, and large values belong into variables."""
_MAX_ERRORS = 20


_MOST_DIGITS = 400
"""How long a number may be: no double is larger, and Python refuses to read integers that are much longer."""
_LONG_NUMBER = re.compile(rf"\d{{{_MOST_DIGITS + 1}}}")


class _LongNumbers(Visitor):
    """Finds integers that are too long."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[GraphQLError] = []

    def enter_int_value(self, node: IntValueNode, *_: Any) -> None:
        if len(node.value) > _MOST_DIGITS:
            fault = f"A number has {len(node.value)} digits; the most is {_MOST_DIGITS}."
            self.errors.append(GraphQLError(fault, node))


@dataclass(frozen=True, slots=True)
class Document:
    """A document, or what is wrong with it."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run.

        Raises:
            GraphQLError: there is none of this name, or several and no name.
        """
        assert self.node is not None
        operations = [node for node in self.node.definitions if isinstance(node, OperationDefinitionNode)]
        if name is not None:
            for operation in operations:
                if operation.name is not None and operation.name.value == name:
                    return operation
            raise GraphQLError(f"There is no operation named {name!r} in the document.")
        if len(operations) == 1:
            return operations[0]
        if not operations:
            raise GraphQLError("There is no operation in the document.")
        raise GraphQLError("There are several operations in the document; say which with operationName.")


class Documents:
    """The documents that were asked for of late."""

    def __init__(self, schema: GraphQLSchema, max_tokens: int) -> None:
        self.schema = schema
        self.max_tokens = max_tokens
        self._kept: OrderedDict[str, tuple[Document, int]] = OrderedDict()
        self._size = 0

    def knows(self, text: str) -> bool:
        """Whether a document is at hand, so that nothing has to be parsed for it."""
        return text in self._kept

    def get(self, text: str) -> Document:
        """The document of a text, parsed and validated."""
        if len(text) > _MOST_CHARACTERS:
            advice = "send values as variables"
            fault = f"The document has {len(text)} characters; the most is {_MOST_CHARACTERS}, {advice}."
            return Document(None, (GraphQLError(fault),))
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept[0]
        document = self._read(text)
        # What does not validate is seldom sent again, and its errors hold much of it.
        if not document.errors:
            self._keep(text, document)
        return document

    def _keep(self, text: str, document: Document) -> None:
        assert document.node is not None
        size = _BYTES_OF_DOCUMENT + _BYTES_OF_TOKEN * _tokens(document.node) + 2 * sys.getsizeof(text)
        if size > CACHE_SIZE // 4:
            return
        self._kept[text] = document, size
        self._size += size
        while self._size > CACHE_SIZE:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._size -= dropped

    def _read(self, text: str) -> Document:
        try:
            node = parse(
                text,
                allow_empty_selection_sets=False,
                max_lexical_tokens=self.max_tokens,
                max_comments=self.max_tokens,
            )
        except GraphQLError as error:
            return Document(None, (error,))
        if _LONG_NUMBER.search(text):
            finder = _LongNumbers()
            visit(node, finder)
            if finder.errors:
                return Document(None, tuple(finder.errors))
        errors = validate(
            self.schema, node, _RULES, max_errors=_MAX_ERRORS, hide_suggestions=False, allow_empty_selection_sets=False
        )
        return Document(node, tuple(errors))


def _tokens(node: DocumentNode) -> int:
    """How many tokens a document holds, comments among them."""
    assert node.loc is not None
    count, token = 0, node.loc.start_token
    while token.next is not None:
        count, token = count + 1, token.next
    return count


__all__ = ["Document", "Documents", "OperationType"]
