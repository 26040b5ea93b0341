"""Reads and writes, before and after the wire: what the two clients share.

A root is made of three steps: the arguments of a field become variables (`arguments`), the document is put together
from the tables of the schema, and the answer becomes objects (`decoding`). The clients differ in how they wait, and
here in nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineageql_client.arguments import arguments
from lineageql_client.decoding import REF_OF_NODE, decode, selection
from lineageql_client.errors import InvalidArgument
from lineageql_client.generated.shapes import CONNECTIONS, FIELDS, INPUTS, RELATED, ROOTS
from lineageql_client.transport import Request

if TYPE_CHECKING:
    from lineageql_client.pages import AsyncPages, Pages

# Inputs whose external id is the only thing that tells one of them sent twice from two of them. Models, data sets and
# artifacts of users' own are told by type, uri, name, version and workspace, and are reused by these.
_IDENTIFIED = frozenset(
    name
    for name, fields in INPUTS.items()
    if "externalId" in fields
    and not name.endswith("Filter")
    and name not in ("ModelInput", "DataSetInput", "CustomArtifactInput")
)


def bare(type_: str) -> str:
    """The name in a type's text: `Artifact` of `[Artifact!]!`."""
    return type_.strip("[]!")


@dataclass(frozen=True)
class Field:
    """A field to ask, with its arguments as variables."""

    root: str
    name: str
    type: str
    types: Mapping[str, str]
    variables: Mapping[str, Any]
    below: tuple[str, str] | None = None
    """For a field of an entity: the entity's id and its type."""

    def document(self, body: str, paging: Mapping[str, str] | None = None) -> str:
        """The operation that selects `body` of it."""
        types = {name: self.types[name] for name in (*self.variables, *(paging or {}))}
        passed = ", ".join(f"{name}: ${name}" for name in types)
        call = f"{self.name}({passed})" if passed else self.name
        if body:
            call = f"{call} {{ {body} }}"
        declared = [f"${name}: {type_}" for name, type_ in types.items()]
        if self.below is not None:
            declared.append("$of: ID!")
            call = f"node(id: $of) {{ ... on {self.below[1]} {{ {call} }} }}"
        head = f"({', '.join(declared)})" if declared else ""
        return f"{self.root} {self.name[0].upper()}{self.name[1:]}{head} {{ {call} }}"

    def request(self, body: str, paging: Mapping[str, Any] | None = None) -> Request:
        more = {} if self.below is None else {"of": self.below[0]}
        return Request(self.document(body, paging), {**self.variables, **(paging or {}), **more})

    def found(self, data: Mapping[str, Any]) -> Any:
        """What is answered of it."""
        if self.below is None:
            return data[self.name]
        node = data["node"]
        return None if node is None else node.get(self.name)


def root_field(root: str, name: str, given: Mapping[str, Any], short: Mapping[str, Any]) -> Field:
    """A field of Query or Mutation."""
    type_, types = ROOTS[root][name]
    with told_of_other_ids(name, given):
        values = arguments(types, given, short)
    if root == "Mutation":
        values = {key: identified(types[key], value) for key, value in values.items()}
    return Field(root.lower(), name, type_, types, values)


@contextmanager
def told_of_other_ids(name: str, given: Mapping[str, Any]) -> Iterator[None]:
    """Adds to an error about an `id` of a root field what finds the entity by its name or its number of MLMD."""
    try:
        yield
    except InvalidArgument as error:
        types, value = ROOTS["Query"].get(name, ("", {}))[1], given.get("id")
        plural = f"{name}s"
        if error.argument == "id" and plural in ROOTS["Query"] and isinstance(value, (str, int)):
            number = isinstance(value, int) or value.isdecimal()
            if number:
                what, call = "a number of MLMD's", f"{name}(mlmd_id={value})"
                if "mlmdId" not in types:
                    call = f"{plural}(mlmdIds=[{value}]).first()"
            else:
                what, call = "a name", f"{plural}(name={value!r})"
                if "name" in types:
                    call = f"{name}(name={value!r})"
            error.add(f"for {what} write `client.{call}`")
        raise


def related_field(entity: Any, name: str, given: Mapping[str, Any], short: Mapping[str, Any]) -> Field:
    """A connection of an entity."""
    owner = getattr(entity, "TYPE", None) or entity.type_name
    type_, types = RELATED[owner][name]
    return Field("query", name, type_, types, arguments(types, given, short), (entity.node_id, owner))


def identified(type_: str, value: Any) -> Any:
    """An input in which everything that needs one has an external id, so that it can be sent again."""
    if isinstance(value, list):
        return [identified(type_, one) for one in value]
    fields = INPUTS.get(bare(type_))
    if fields is None or not isinstance(value, dict):
        return value
    made = {name: identified(fields[name], one) for name, one in value.items()}
    if bare(type_) in _IDENTIFIED and made.get("externalId") is None:
        made["externalId"] = new_id()
    return made


def new_id() -> str:
    """An external id that nobody else has."""
    return os.urandom(16).hex()


def one_request(field: Field) -> Request:
    """The request for a field that is no connection."""
    name = bare(field.type)
    if name == "Node":
        return field.request(f"{REF_OF_NODE} {selection('Node')}")
    return field.request(selection(name) if name in FIELDS else "")


def one_answer(field: Field, data: Mapping[str, Any], source: Any) -> Any:
    """What is answered of such a field, as objects."""
    found, name = field.found(data), bare(field.type)
    if name not in FIELDS:
        return found
    if isinstance(found, Sequence):
        return [decode(name, one, source) for one in found]
    return decode(name, found, source)


def connection(field: Field) -> tuple[str, bool, bool]:
    """Of a connection's field: what its rows are, whether these are nodes, and whether it says if it is complete."""
    return CONNECTIONS[bare(field.type)]


class Roots:
    """What the generated methods of the client call."""

    if TYPE_CHECKING:

        def _ask(self, root: str, name: str, given: Mapping[str, Any], short: Mapping[str, Any]) -> Any: ...

        def _pages(
            self,
            name: str,
            given: Mapping[str, Any],
            short: Mapping[str, Any],
            limit: int | None,
            page_size: int | None,
        ) -> Pages[Any]: ...


class AsyncRoots:
    """The same of the asynchronous client."""

    if TYPE_CHECKING:

        async def _ask(self, root: str, name: str, given: Mapping[str, Any], short: Mapping[str, Any]) -> Any: ...

        def _pages(
            self,
            name: str,
            given: Mapping[str, Any],
            short: Mapping[str, Any],
            limit: int | None,
            page_size: int | None,
        ) -> AsyncPages[Any]: ...
