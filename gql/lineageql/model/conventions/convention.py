"""What a convention is: a table of where one writer keeps each domain field.

A *place* is somewhere in an MLMD node where a value may stand. A field's places
are read in order, and the first that has a value gives it. The Reader compiles
the same table to SQL, so what is shown and what filters see cannot differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import TypeVar

from lineageql.model.choice import Choice
from lineageql.model.conventions.places import (
    Beyond,
    ContextSuffix,
    EventKey,
    HashedName,
    OwnedName,
    TypeName,
    unstamped,
)
from lineageql.model.identity import RunName
from lineageql.model.nodes import Node, NodeKind, NodeType
from lineageql.model.predicates import Field, Group
from lineageql.model.values import STRUCT_PREFIX, JSONValue, as_text, parse_json, plain_text

T = TypeVar("T")

BOOKKEEPING = "__"
"""How the names begin that no writer means for its users' eyes."""


MOMENTS = {Field.START_TIME: "time:start", Field.END_TIME: "time:end"}
"""The custom properties in which LineageQL records when an execution of any writer began and ended: milliseconds.

They are doubles, as not every database's integers are wide enough; doubles hold all of them exactly.
"""
LATEST = 2**53
"""No time that is recorded so is further from 1970 than so many milliseconds."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How a writer keeps its executions: made when they begin, and changed last when they end.

    Attributes:
        begun: the states, MLMD's numbers, of executions that have begun.
        ended: those of executions that have ended.
    """

    begun: frozenset[int]
    ended: frozenset[int]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the node's own row: `name`, `uri`, `external_id`."""

    name: str

    def read(self, node: Node) -> str | None:
        value: str | None = getattr(node, self.name)
        return value


@dataclass(frozen=True, slots=True)
class Declared:
    """A property that the node's type declares; `stamped` where its text may end with a time, see `unstamped`."""

    name: str
    stamped: bool = False

    def read(self, node: Node) -> str | None:
        text = plain_text(node.properties.get(self.name))
        return unstamped(text) if self.stamped else text


@dataclass(frozen=True, slots=True)
class Custom:
    """A custom property; `stamped` where its text may end with a time, see `unstamped`."""

    name: str
    stamped: bool = False

    def read(self, node: Node) -> str | None:
        text = plain_text(node.custom_properties.get(self.name))
        return unstamped(text) if self.stamped else text


@dataclass(frozen=True, slots=True)
class UriTail:
    """The last part of the uri, after its last slash that is not the end."""

    def read(self, node: Node) -> str | None:
        return (node.uri or "").rstrip("/").rpartition("/")[2] or None


@dataclass(frozen=True, slots=True)
class TypeAndId:
    """The type's name and the node's id, `type/id`: a name for what has none."""

    def read(self, node: Node) -> str | None:
        return f"{node.type.name}/{node.id}"


Place = Column | Declared | Custom | UriTail | TypeAndId | TypeName | OwnedName | HashedName | Beyond


def either(name: str, *, stamped: bool = False) -> tuple[Place, ...]:
    """A property of this name, declared or custom."""
    return (Declared(name, stamped), Custom(name, stamped))


@dataclass(frozen=True, slots=True)
class Document:
    """An object inside the JSON text of a declared property.

    `written_prefix` is how the texts begin that LineageQL wrote itself: what
    these hold stands in properties of its own too, where filters find it.
    """

    property: str
    member: str | None = None
    written_prefix: str | None = None

    def read(self, node: Node) -> dict[str, JSONValue]:
        """The members that another writer wrote: LineageQL's own are not read twice."""
        text = node.properties.get(self.property)
        if self.written_prefix is not None and isinstance(text, str) and text.startswith(self.written_prefix):
            return {}
        return self.read_all(node)

    def read_all(self, node: Node) -> dict[str, JSONValue]:
        """The members, whoever wrote them."""
        value = parse_json(node.properties.get(self.property))
        if isinstance(value, dict) and self.member is not None:
            value = value.get(self.member)
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Labels:
    """Where labels stand: in custom properties with a prefix, in properties of certain names, and in a document.

    What comes first has the last word: the first of the prefixes, and a document before none.

    Attributes:
        prefixes: how the names of custom properties begin whose rest is a label's key.
        document: an object whose members are labels.
        names: the keys of the labels that are properties of the same name, declared or custom.
    """

    prefixes: tuple[str, ...] = ()
    document: Document | None = None
    names: tuple[str, ...] = ()

    def after(self, before: Labels | None) -> Labels:
        """These places after those that a convention has; a document takes the place of its document."""
        if before is None:
            return self
        prefixes, names = (*before.prefixes, *self.prefixes), (*before.names, *self.names)
        return Labels(tuple(dict.fromkeys(prefixes)), self.document or before.document, tuple(dict.fromkeys(names)))

    def properties(self, key: str) -> tuple[Declared | Custom, ...]:
        """The properties that may hold a label, the first that holds a text being the one."""
        found: list[Declared | Custom] = [Custom(prefix + key) for prefix in self.prefixes]
        return (*found, Declared(key), Custom(key)) if key in self.names else tuple(found)

    def read(self, node: Node) -> dict[str, str]:
        found: dict[str, str] = {}
        if self.document is not None:
            for key, value in self.document.read(node).items():
                text = as_text(value)
                if text is not None:
                    found[key] = text
        customs = node.custom_properties
        for name in self.names:
            texts = (text for text in (node.properties.get(name), customs.get(name)) if isinstance(text, str))
            found.update((name, text) for text in islice(texts, 1))
        for prefix in reversed(self.prefixes):
            for name, key in _keys(tuple(customs), prefix):
                raw = customs[name]
                if isinstance(raw, str):
                    found[key] = raw
        return found


@dataclass(frozen=True, slots=True)
class Nesting:
    """How executions that enclose others, such as DAGs, tell which part each plays in its run.

    Attributes:
        task: where an execution is called by its part in what encloses it.
        iteration: where it says which iteration of a loop it is, counted from 0.
        frames: the types of executions that only enclose others: one that nothing encloses is the run itself.
    """

    task: tuple[Place, ...]
    iteration: tuple[Place, ...]
    frames: frozenset[str]


@dataclass(frozen=True, slots=True)
class ImpliedInputs:
    """Artifacts that executions read without an event: those in a context that an execution names by MLMD's id.

    Attributes:
        property: the property, declared or else custom, whose integer is the context's id.
        executions: whether a type is one of such executions.
        contexts: whether it is one of such contexts.
        artifacts: whether it is one of the artifacts that are meant.
    """

    property: str
    executions: Callable[[NodeType], bool]
    contexts: Callable[[NodeType], bool]
    artifacts: Callable[[NodeType], bool]

    def named(self, node: Node) -> int | None:
        """The id of the context that an execution names."""
        for values in (node.properties, node.custom_properties):
            value = values.get(self.property)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return None


@dataclass(frozen=True, slots=True)
class Naming:
    """The property in which nodes name their workspace, or their run.

    Attributes:
        property: its name.
        custom: whether it is a custom one; None where it is a declared one in the nodes of types that declare it.
    """

    property: str
    custom: bool | None = None

    def place(self, type_: NodeType) -> Declared | Custom:
        """Where it stands in the nodes of a type."""
        custom = self.property not in type_.properties if self.custom is None else self.custom
        return Custom(self.property) if custom else Declared(self.property)

    def read(self, node: Node) -> str | None:
        """The name that a node holds there; None where that is no text."""
        place = self.place(node.type)
        raw = (node.custom_properties if isinstance(place, Custom) else node.properties).get(place.name)
        # MLMD keeps a list or an object as a text.
        return raw if isinstance(raw, str) and not raw.startswith(STRUCT_PREFIX) else None


@dataclass(frozen=True, slots=True)
class Kept:
    """Items that stand in a document; of those that LineageQL wrote each in a custom property too.

    Attributes:
        prefix: what comes before the names of these properties.
        path_prefix: what comes before the paths, with dots, of what is nested.
        document: the members, and how the texts begin whose items all stand in properties.
    """

    prefix: str
    path_prefix: str
    document: Document

    def names(self, name: str) -> tuple[str, ...]:
        """The custom properties in which LineageQL wrote what has this name, the foremost first."""
        return (self.prefix + name, self.path_prefix + name) if "." in name else (self.prefix + name,)


@dataclass(frozen=True, slots=True)
class Stored:
    """Items that are properties of the node, as far as these are shown: the declared one before the custom one.

    Attributes:
        declared: whether the declared properties are items too, and not the custom ones alone.
        numbers: whether only numbers are.
        omitted: names of properties that say something else.
    """

    declared: bool = True
    numbers: bool = False
    omitted: frozenset[str] = frozenset()

    def takes(self, value: object) -> bool:
        """Whether a value is one that an item may have."""
        if not self.numbers or (isinstance(value, int) and not isinstance(value, bool)):
            return True
        return isinstance(value, float) and math.isfinite(value)


@dataclass(frozen=True, slots=True)
class StructMembers:
    """Items that are the members of a Struct in a custom property. No database reads these."""

    property: str


@dataclass(frozen=True, slots=True)
class UnderName:
    """The one item of a node that is an item: its value is a property, its name the node's."""

    property: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """Items that stand where users say: in properties of certain names, in properties with a prefix, and in a document.

    What comes first has the last word, a declared property before a custom one of the same name.

    Attributes:
        names: the names of the items that are properties of the same name.
        prefixes: how the names of properties begin whose rest is an item's name.
        document: an object whose members are items.
    """

    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    document: Document | None = None

    def properties(self, name: str) -> tuple[Declared | Custom, ...]:
        """The properties that may hold the item of a name, the first that is there being the one."""
        stored = (*((name,) if name in self.names else ()), *(prefix + name for prefix in self.prefixes))
        return tuple(place for one in stored for place in (Declared(one), Custom(one)))

    def gathered(self, declared: Mapping[str, T], customs: Mapping[str, T]) -> dict[str, T]:
        """The values of stored properties that are items, by the items' names."""
        found: dict[str, T] = {}
        for prefix in reversed(self.prefixes):
            for stored in (customs, declared):
                found.update((key, stored[name]) for name, key in _keys(tuple(stored), prefix))
        for stored in (customs, declared):
            found.update((name, stored[name]) for name in self.names if name in stored)
        return found


ItemPlace = Kept | Stored | StructMembers | UnderName | Mapped


@dataclass(frozen=True)
class Items:
    """Where the items of a group stand in the nodes of some types."""

    group: Group
    of: Callable[[NodeType], bool]
    place: ItemPlace


@lru_cache(4096)
def _keys(names: tuple[str, ...], prefix: str) -> list[tuple[str, str]]:
    """The names that begin with a prefix, each with what follows. Most nodes of a type have the same names."""
    return [(name, name[len(prefix) :]) for name in names if name.startswith(prefix)]


_MOMENT_NAMES = frozenset(MOMENTS.values())


class Visibility(Choice):
    """Where a stored property is shown."""

    SHOWN = "among the properties"
    BOOKKEEPING = "only where all is shown"
    HIDDEN = "nowhere: it encodes something shown elsewhere"


class Role(Choice):
    """What a context stands for."""

    WORKSPACE = "workspace"
    RUN = "run"
    NEITHER = "neither"
    BY_STRUCTURE = "by structure"  # a run is a context with a parent and no children, a workspace any other


@dataclass(frozen=True)
class Convention:
    """One writer's way of using MLMD.

    Attributes:
        name: the writer; more where users say something of types of theirs.
        owns: whether a type is this writer's, as the type alone shows.
        adopts: whether a type that no convention owns is this writer's, in a store
            with a context type that is.
        kind_fields: for each kind of node, the places of each field.
        labels: for each kind of node, where its labels stand.
        role: what a context of a type stands for.
        hidden: names of properties that encode something shown elsewhere.
        bookkeeping: names of properties that are the writer's own business, beside all
            that begin with two underscores. Declared ones are shown with the custom ones.
        encoding: prefixes of custom properties that encode something shown elsewhere.
        items: where the items of groups stand; of those of one group the first that is of a type is the type's.
        extras: a document whose members are shown as custom properties.
        parent: where an execution names the execution that encloses it, by MLMD's id.
        nesting: what part an execution plays in that, where the writer says so.
        clock: how executions tell when they began and ended, where the writer keeps them so.
        naming: for each kind of node, where nodes name their workspace, whether or not a context stands for it.
        names_workspaces: whether the workspaces among its contexts are those that nodes name, by MLMD's names.
        run_naming: for each kind of node, where nodes name their run, whether or not a context stands for it: with the
            name of the workspace that they name, if they are of those that name one, that is the run's key.
        names_hold: whether artifacts that name a run are its outputs, though no execution wrote them.
        run_workspace: the declared property of a run that names its workspace, where
            no parent does.
        linked: whether all that belongs to a run is linked to the run's workspace too.
        run_holds: whether what is attributed to a run is an output of it, though no execution wrote it.
        implied: what executions read without an event of it.
        ports: whether the keys of event paths name inputs and outputs.
        laid_over: the writer whose convention it is with more places laid over it; None where it is the writer's own.
    """

    name: str
    owns: Callable[[NodeType], bool]
    kind_fields: Mapping[NodeKind, Mapping[Field, tuple[Place, ...]]]
    adopts: Callable[[NodeType], bool] = lambda _: False
    labels: Mapping[NodeKind, Labels] = field(default_factory=dict)
    role: Callable[[NodeType], Role] = lambda _: Role.BY_STRUCTURE
    hidden: frozenset[str] = frozenset()
    bookkeeping: frozenset[str] = frozenset()
    encoding: tuple[str, ...] = ()
    items: tuple[Items, ...] = ()
    extras: Mapping[NodeKind, Document] = field(default_factory=dict)
    parent: tuple[Place, ...] = ()
    nesting: Nesting | None = None
    clock: Clock | None = None
    naming: Mapping[NodeKind, Naming] = field(default_factory=dict)
    names_workspaces: bool = False
    run_naming: Mapping[NodeKind, Naming] = field(default_factory=dict)
    names_hold: bool = False
    run_workspace: str | None = None
    linked: bool = False
    run_holds: bool = False
    implied: ImpliedInputs | None = None
    ports: bool = True
    laid_over: str | None = None

    @property
    def writer(self) -> str:
        """Whose convention it is, whatever users say of types of theirs."""
        return self.laid_over or self.name

    def places(self, kind: NodeKind, subject: Field) -> tuple[Place, ...]:
        """Where the field stands in nodes of a kind; nowhere gives an empty tuple."""
        return self.kind_fields[kind].get(subject, ())

    def items_of(self, type_: NodeType, group: Group) -> ItemPlace | None:
        """Where the items of a group stand in the nodes of a type; None where these have none."""
        return next((items.place for items in self.items if items.group is group and items.of(type_)), None)

    def named_workspace(self, node: Node) -> str | None:
        """The name of the workspace that a node names."""
        naming = self.naming.get(node.type.kind)
        return None if naming is None else naming.read(node) or None

    def named_run(self, node: Node) -> RunName | None:
        """The run that a node names: its own name, and that of its workspace, which is empty where none is named."""
        naming, space = self.run_naming.get(node.type.kind), self.naming.get(node.type.kind)
        if naming is None:
            return None
        run, workspace = naming.read(node), "" if space is None else space.read(node)
        return None if run is None or workspace is None else RunName(workspace, run)

    @property
    def run_names(self) -> bool:
        """Whether the contexts that are runs name their workspace and their run in properties."""
        return NodeKind.CONTEXT in self.run_naming

    def read(self, node: Node, subject: Field) -> str | None:
        """The field's value as text: the first place that has one that is not empty."""
        for place in self.places(node.type.kind, subject):
            text = place.read(node)
            if text:
                return text
        return None

    def awaited(self, node: Node, subject: Field) -> Beyond | None:
        """The place beyond the node that its field needs, as nothing before it has a value."""
        for place in self.places(node.type.kind, subject):
            if isinstance(place, (EventKey, ContextSuffix)):
                return place
            if as_text(place.read(node)):
                return None
        return None

    @cached_property
    def visible(self) -> Callable[[tuple[str, ...], tuple[Visibility, ...]], Sequence[str]]:
        """Of the names of stored properties those that are shown in certain places.

        Most nodes of a type have the same names.
        """

        def judge(names: tuple[str, ...], visibilities: tuple[Visibility, ...]) -> Sequence[str]:
            return [name for name in names if self.visibility(name) in visibilities]

        return lru_cache(4096)(judge)

    def visibility(self, name: str) -> Visibility:
        """Where a stored property of this name is shown."""
        if self.conceals(name):
            return Visibility.HIDDEN
        return Visibility.BOOKKEEPING if self.bookkeeps(name) else Visibility.SHOWN

    def conceals(self, name: str) -> bool:
        """Whether a property of this name is the convention's own and not the user's."""
        return name in self.hidden or name in _MOMENT_NAMES or name.startswith(self.encoding)

    def bookkeeps(self, name: str) -> bool:
        """Whether a property of this name is bookkeeping, which is shown only where all is."""
        return name.startswith(BOOKKEEPING) or name in self.bookkeeping
