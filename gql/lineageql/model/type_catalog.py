"""The types of one store, and what each means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lineageql.model.conventions import convention_of, conventions_of
from lineageql.model.conventions.convention import (
    BOOKKEEPING,
    Convention,
    Custom,
    Declared,
    ImpliedInputs,
    ItemPlace,
    Role,
)
from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnTypes
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Group

UNKNOWN_TYPE = "unknown type "
"""How the names begin of types that nodes have and the store does not hold; their ids follow."""


@dataclass(frozen=True)
class ImpliedTypes:
    """What a convention implies, with the types of a store that it is about: ids, of each at least one."""

    inputs: ImpliedInputs
    executions: list[int]
    contexts: list[int]
    artifacts: list[int]


class NamingPlaces(NamedTuple):
    """The properties in which a node names its run and its workspace."""

    run: Declared | Custom | None
    workspace: Declared | Custom | None

    @property
    def named(self) -> list[Declared | Custom]:
        """Those that there are."""
        return [place for place in self if place is not None]

    @property
    def is_reserved(self) -> bool:
        """Whether no other writer has properties of these names: they begin as no user's own do."""
        return all(place.name.startswith(BOOKKEEPING) for place in self.named)


@dataclass(frozen=True)
class RunNaming:
    """The properties in which the executions or artifacts of some types name their runs.

    Attributes:
        kind: what they are.
        run: where the run's name stands.
        workspace: where its workspace's name stands; None where these nodes name none.
        type_ids: the types.
    """

    kind: NodeKind
    run: Declared | Custom
    workspace: Declared | Custom | None
    type_ids: Sequence[int]


class TypeCatalog:
    """The types of a store by id, grouped by the conventions that own them, with those of users laid over these."""

    def __init__(self, types: Iterable[NodeType], own: OwnTypes = NO_OWN_TYPES) -> None:
        self.by_id = {type_.id: own.kinded(type_) for type_ in types}
        self.conventions = own.laid_over(self.by_id.values(), conventions_of(self.by_id.values()))

    def convention(self, type_: NodeType) -> Convention:
        """The convention of a type, also of one that the store names but does not hold."""
        return self.conventions.get(type_.id) or convention_of(type_)

    def of(self, kind: NodeKind) -> list[NodeType]:
        """The types of a kind of node, those of MLMD's own simple types that have nodes among them."""
        return [type_ for type_ in self.by_id.values() if type_.kind is kind]

    def ids(self, kind: NodeKind, condition: Callable[[NodeType], bool]) -> list[int]:
        """The ids of the types of a kind that meet a condition."""
        return [type_.id for type_ in self.of(kind) if condition(type_)]

    def groups(self, kind: NodeKind) -> list[tuple[Convention, Sequence[int]]]:
        """The conventions of a kind's types, each with the ids of its types."""
        found: dict[str, tuple[Convention, list[int]]] = {}
        for type_ in self.of(kind):
            convention = self.conventions[type_.id]
            found.setdefault(convention.name, (convention, []))[1].append(type_.id)
        return list(found.values())

    def item_groups(self, kind: NodeKind, group: Group) -> list[tuple[Convention, ItemPlace, Sequence[int]]]:
        """The places of the items of a group in a kind of nodes, each with its convention and the ids of its types."""
        found: dict[tuple[str, ItemPlace], tuple[Convention, ItemPlace, list[int]]] = {}
        for type_ in self.of(kind):
            convention = self.conventions[type_.id]
            place = convention.items_of(type_, group)
            if place is not None:
                found.setdefault((convention.name, place), (convention, place, []))[2].append(type_.id)
        return list(found.values())

    def contexts(self, role: Role, condition: Callable[[Convention], bool] = lambda _: True) -> list[int]:
        """The ids of the context types of a role, of the conventions that meet a condition."""

        def plays(type_: NodeType) -> bool:
            convention = self.conventions[type_.id]
            return convention.role(type_) is role and condition(convention)

        return self.ids(NodeKind.CONTEXT, plays)

    def named_contexts(self, role: Role) -> list[int]:
        """The ids of the context types of a role, of the writers who name workspaces and runs in properties."""
        return self.contexts(role, lambda convention: convention.run_names)

    @cached_property
    def naming(self) -> Mapping[NodeKind, Mapping[Declared | Custom, Sequence[int]]]:
        """For each kind of node, the properties in which nodes name their workspace, and the ids of their types."""
        found: dict[NodeKind, dict[Declared | Custom, list[int]]] = {}
        for type_ in self.by_id.values():
            naming = self.conventions[type_.id].naming.get(type_.kind)
            if naming is not None and type_.kind is not NodeKind.CONTEXT:
                found.setdefault(type_.kind, {}).setdefault(naming.place(type_), []).append(type_.id)
        return found

    @cached_property
    def naming_contexts(self) -> Sequence[int]:
        """The ids of the types of contexts that are the workspaces which nodes name."""
        return self.contexts(Role.WORKSPACE, lambda convention: convention.names_workspaces)

    @property
    def holding_runs(self) -> list[int]:
        """The ids of the types of runs whose artifacts are theirs by attribution."""
        return self.contexts(Role.RUN, lambda convention: convention.run_holds)

    @cached_property
    def implied(self) -> list[ImpliedTypes]:
        """What executions of the store may have read without an event."""
        found = []
        said = dict.fromkeys(convention.implied for convention in self.conventions.values())
        for inputs in said:
            if inputs is None:
                continue
            executions = self.ids(NodeKind.EXECUTION, inputs.executions)
            contexts = self.ids(NodeKind.CONTEXT, inputs.contexts)
            artifacts = self.ids(NodeKind.ARTIFACT, inputs.artifacts)
            if executions and contexts and artifacts:
                found.append(ImpliedTypes(inputs, executions, contexts, artifacts))
        return found

    @property
    def through_children(self) -> bool:
        """Whether something may belong to a workspace through a child of it, without a link of its own."""
        return any(not self.conventions[type_.id].linked for type_ in self.of(NodeKind.CONTEXT))

    def run_named(self, kind: NodeKind) -> list[int]:
        """The ids of the types whose nodes name their run in a property."""
        return self.ids(kind, lambda type_: kind in self.conventions[type_.id].run_naming)

    @cached_property
    def run_naming(self) -> Sequence[RunNaming]:
        """The properties in which executions name their runs, and the ids of their types."""
        return self._run_naming(NodeKind.EXECUTION, lambda _: True)

    @cached_property
    def holding_names(self) -> Sequence[RunNaming]:
        """The properties in which artifacts name the runs whose outputs they are, and the ids of their types."""
        return self._run_naming(NodeKind.ARTIFACT, lambda convention: convention.names_hold)

    def _run_naming(self, kind: NodeKind, condition: Callable[[Convention], bool]) -> list[RunNaming]:
        places = self.naming_places(kind, condition)
        return [RunNaming(kind, run, space, type_ids) for (run, space), type_ids in places.items() if run is not None]

    def naming_places(
        self, kind: NodeKind, condition: Callable[[Convention], bool] = lambda _: True
    ) -> Mapping[NamingPlaces, Sequence[int]]:
        """The properties in which nodes of a kind name their runs and workspaces, and the ids of their types."""
        found: dict[NamingPlaces, list[int]] = {}
        for type_ in self.of(kind):
            convention = self.conventions[type_.id]
            if not condition(convention):
                continue
            naming = (some.get(kind) for some in (convention.run_naming, convention.naming))
            places = NamingPlaces(*(None if one is None else one.place(type_) for one in naming))
            if places.named:
                found.setdefault(places, []).append(type_.id)
        return found

    def find(self, kind: NodeKind, name: str) -> NodeType | None:
        """The type of a name; the unversioned one where there are several."""
        named = [type_ for type_ in self.of(kind) if type_.name == name]
        return min(named, key=lambda type_: (type_.version is not None, type_.id), default=None)
