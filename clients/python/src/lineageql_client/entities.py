"""What every entity can do, beside the fields that the schema gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineageql_client import tables
from lineageql_client.errors import LineageQLError

if TYPE_CHECKING:
    from lineageql_client.generated.entities import Lineage
    from lineageql_client.generated.inputs import LineageDirection
    from lineageql_client.pages import Pages


@dataclass(frozen=True)
class Ref:
    """An entity that another one leads to: its ids and its name, not yet the rest.

    `client.node(ref)` reads the rest.
    """

    id: str
    mlmd_id: int | None
    name: str
    type_name: str
    """The GraphQL type: `Workspace`, `Run`, `Execution`, `Model` …"""

    @property
    def node_id(self) -> str:
        """The global id, as everything with an id has it."""
        return self.id

    if not TYPE_CHECKING:  # for a type checker there are only the fields

        def __getattr__(self, name: str) -> Any:
            words = f"'Ref' object has no attribute {name!r}"
            if not name.startswith("_"):
                words += (
                    f": it leads to a {self.type_name}, of which it has id, mlmd_id, name and type_name; "
                    "`client.node(ref)` reads the rest"
                )
            raise AttributeError(words)

    def __str__(self) -> str:
        return self.name


class NodeMethods:
    """An object with an id that came from a client, and can ask it for more."""

    if TYPE_CHECKING:
        id: str

    def _attach(self, source: Any) -> None:
        object.__setattr__(self, "_source", source)

    def _members(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_source"}

    def __getstate__(self) -> dict[str, Any]:
        # A pickled entity is data: it has no client where it is read.
        return self._members()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodeMethods) and type(self) is type(other) and self._members() == other._members()

    def __hash__(self) -> int:
        return hash(self.id)

    if not TYPE_CHECKING:  # for a type checker there are only the fields

        def __getattr__(self, name: str) -> Any:
            if name in getattr(type(self), "__dataclass_fields__", ()):
                raise LineageQLError(
                    f"{name} was not read with this {type(self).__name__}: `client.node(entity)` reads it"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def node_id(self) -> str:
        """The global id, which `client.node` and all that takes an ID understand."""
        return self.id

    def _client(self) -> Any:
        client = self.__dict__.get("_source")
        if client is None:
            raise LineageQLError("this entity has no client, as a copy from a pickle: ask one by its `node_id`")
        if not hasattr(client, "_related"):
            raise LineageQLError(
                "this entity came from an AsyncClient: ask it, as in `await client.lineage([entity])` or "
                "`client.related(entity, 'upstream')`"
            )
        return client

    def _related(
        self,
        field: str,
        given: Mapping[str, Any],
        short: Mapping[str, Any],
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Pages[Any]:
        pages: Pages[Any] = self._client()._related(self, field, given, short, limit, page_size)
        return pages


class EntityMethods:
    """What workspaces, runs, executions and artifacts have in common."""

    if TYPE_CHECKING:
        name: str
        labels: dict[str, str]
        properties: Any
        custom_properties: Any
        mlmd_id: int | None

    def label(self, key: str) -> str | None:
        """The value of one label."""
        return self.labels.get(key)

    def property(self, name: str) -> Any:
        """One property: the declared one of this name, else the custom one."""
        found = (self.properties or {}).get(name)
        return (self.custom_properties or {}).get(name) if found is None else found

    def __repr__(self) -> str:
        words = [f"{self.name!r}", f"mlmd_id={self.mlmd_id}"]
        words += [
            f"{name}={getattr(self, name)!r}"
            for name in ("kind", "state", "version", "uri")
            if getattr(self, name, None) not in (None, "UNKNOWN")
        ]
        return f"<{type(self).__name__} {' '.join(words)}>"

    def _repr_html_(self) -> str:
        return tables.entity(self)


class LineageNodeMethods:
    """Artifacts and executions: what lineage is made of. `upstream` and `downstream` are fields of the schema."""

    if TYPE_CHECKING:

        def _client(self) -> Any: ...

    def lineage(
        self,
        direction: LineageDirection = "BOTH",
        *,
        max_hops: int | None = None,
        max_nodes: int | None = None,
        **more: Any,
    ) -> Lineage:
        """The lineage of this node as one object: nodes, edges, and whether it is complete; see `Client.lineage`."""
        found: Lineage = self._client().lineage(
            roots=[self], direction=direction, max_hops=max_hops, max_nodes=max_nodes, **more
        )
        return found
