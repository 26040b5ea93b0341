"""Documents printed as graphql-js 16 prints them, which Apollo's and urql's links hash.

graphql-core prints as release 17 does: with spaces inside the braces of input objects, and long values broken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import Node, print_ast

_LONGEST = 80
"""The characters of a field and its arguments in one line, without its directives."""


def print16(node: Node) -> str:
    """The text of an executable document, or of a part of one."""
    printer = _PRINTERS.get(node.kind)
    return print_ast(node) if printer is None else printer(node)


def _joined(nodes: Iterable[Node] | None, separator: str) -> str:
    return separator.join(map(print16, nodes or ()))


def _words(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _indented(text: str) -> str:
    return "  " + text.replace("\n", "\n  ")


def _in_brackets(nodes: Iterable[Node] | None) -> str:
    inside = _joined(nodes, ", ")
    return f"({inside})" if inside else ""


def _selections(node: Any) -> str:
    return "" if node is None else "{\n" + _indented(_joined(node.selections, "\n")) + "\n}"


def _operation(node: Any) -> str:
    name = "" if node.name is None else node.name.value
    head = _words(node.operation.value, name + _in_brackets(node.variable_definitions), _joined(node.directives, " "))
    return ("" if head == "query" else f"{head} ") + _selections(node.selection_set)


def _variable(node: Any) -> str:
    default = "" if node.default_value is None else f"= {print16(node.default_value)}"
    return _words(f"{print16(node.variable)}: {print16(node.type)}", default, _joined(node.directives, " "))


def _field(node: Any) -> str:
    named = node.name.value if node.alias is None else f"{node.alias.value}: {node.name.value}"
    line = named + _in_brackets(node.arguments)
    if len(line) > _LONGEST and node.arguments:
        line = f"{named}(\n{_indented(_joined(node.arguments, chr(10)))}\n)"
    return _words(line, _joined(node.directives, " "), _selections(node.selection_set))


def _inline(node: Any) -> str:
    on = "" if node.type_condition is None else f"on {print16(node.type_condition)}"
    return _words("...", on, _joined(node.directives, " "), _selections(node.selection_set))


def _fragment(node: Any) -> str:
    head = f"fragment {node.name.value} on {print16(node.type_condition)}"
    return _words(head, _joined(node.directives, " "), _selections(node.selection_set))


_PRINTERS: dict[str, Any] = {
    "document": lambda node: _joined(node.definitions, "\n\n"),
    "operation_definition": _operation,
    "variable_definition": _variable,
    "field": _field,
    "argument": lambda node: f"{node.name.value}: {print16(node.value)}",
    "inline_fragment": _inline,
    "fragment_spread": lambda node: _words(f"...{node.name.value}", _joined(node.directives, " ")),
    "fragment_definition": _fragment,
    "directive": lambda node: f"@{node.name.value}{_in_brackets(node.arguments)}",
    "list_value": lambda node: f"[{_joined(node.values, ', ')}]",
    "object_value": lambda node: f"{{{_joined(node.fields, ', ')}}}",
    "object_field": lambda node: f"{node.name.value}: {print16(node.value)}",
}
"""By kind; what is not here both releases print alike: names, types and plain values."""
