"""Types of users' own: a convention without code, from a TOML file.

    [[artifacts]]
    types = ["acme.Classifier", "acme.*Regressor"]
    kind = "MODEL"
    name = "title"
    version = ["revision", "customProperties.build"]
    labels = {prefix = "tag.", properties = ["stage"]}

A table says of the types that it names where their fields stand. What it does not
say stays as the convention of their writer has it: a table is laid over that, and
its places are read first.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineageql.errors import UsageError
from lineageql.model.conventions.convention import (
    Convention,
    Custom,
    Declared,
    Document,
    Items,
    Labels,
    Mapped,
    Naming,
    Place,
    Role,
    Stored,
    either,
)
from lineageql.model.kinds import ArtifactKind, is_metrics, is_model
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field, Group

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLES = {"artifacts": NodeKind.ARTIFACT, "executions": NodeKind.EXECUTION, "contexts": NodeKind.CONTEXT}
"""The tables of a file, by the kind of the nodes whose types they map."""

_LAYERS: dict[str, Callable[[str], Place]] = {"properties": Declared, "customProperties": Custom}
_ROLES = {"WORKSPACE": Role.WORKSPACE, "RUN": Role.RUN, "NEITHER": Role.NEITHER}
_COMMON = (Field.NAME, Field.DESCRIPTION)
_FIELDS = {
    NodeKind.ARTIFACT: (*_COMMON, Field.VERSION, Field.OWNER, Field.STATE),
    NodeKind.EXECUTION: (*_COMMON, Field.STATE),
    NodeKind.CONTEXT: _COMMON,
}
_ITEMS: dict[NodeKind, dict[Group, ArtifactKind | None]] = {
    NodeKind.ARTIFACT: {Group.VALUES: ArtifactKind.METRICS, Group.PARAMETERS: ArtifactKind.MODEL},
    NodeKind.EXECUTION: {Group.PARAMETERS: None},
    NodeKind.CONTEXT: {},
}
"""The groups of items that nodes of a kind may have, and the kind of the artifacts that have them."""
_HAVE: dict[tuple[NodeKind, Group], Callable[[NodeType], bool]] = {
    (NodeKind.ARTIFACT, Group.VALUES): is_metrics,
    (NodeKind.ARTIFACT, Group.PARAMETERS): is_model,
    (NodeKind.EXECUTION, Group.PARAMETERS): NodeType.is_execution,
}
_MORE = {
    NodeKind.ARTIFACT: ("types", "kind", "labels", "values", "parameters", "workspace", "run"),
    NodeKind.EXECUTION: ("types", "labels", "parameters", "workspace", "run"),
    NodeKind.CONTEXT: ("types", "role", "labels"),
}


@dataclass(frozen=True)
class OwnType:
    """One table of a file.

    Attributes:
        key: where it stands in the file, such as `artifacts[0]`.
        node_kind: of what the types are.
        names: types by name.
        patterns: types by a pattern of their names, in which `*` is any text and `?` any character.
        kind: what their artifacts are.
        role: what their contexts stand for.
        fields: where fields stand.
        labels: where labels stand beside the places that they have anyway; None where nothing is said of them.
        items: where the items of groups stand, in place of where they stand otherwise.
        naming: where the nodes name their workspace; None where nothing is said of it.
        run_naming: where they name their run; the same.
    """

    key: str
    node_kind: NodeKind
    names: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    kind: ArtifactKind | None = None
    role: Role | None = None
    fields: Mapping[Field, tuple[Place, ...]] = field(default_factory=dict)
    labels: Labels | None = None
    items: Mapping[Group, Mapped] = field(default_factory=dict)
    naming: Naming | None = None
    run_naming: Naming | None = None

    def matches(self, type_: NodeType) -> bool:
        """Whether a pattern matches a type's name."""
        return type_.kind is self.node_kind and any(_matches(pattern, type_.name) for pattern in self.patterns)

    def unseen(self, stored: Collection[tuple[str, bool]]) -> dict[str, list[str]]:
        """The names and prefixes of properties that are not stored, by what the table says of them.

        Args:
            stored: the names of properties, each with whether it is a custom one.
        """
        declared, customs = ({name for name, custom in stored if custom is layer} for layer in (False, True))
        everything = declared | customs

        def begins(prefix: str, names: Iterable[str]) -> bool:
            return any(name.startswith(prefix) for name in names)

        found: dict[str, list[str]] = {}
        for subject, places in self.fields.items():
            held = [place for place in places if isinstance(place, (Declared, Custom))]
            there = {place.name for place in held if place.name in (customs if isinstance(place, Custom) else declared)}
            found[subject.value] = [name for name in dict.fromkeys(place.name for place in held) if name not in there]
        for key, keyed in {
            "labels": self.labels,
            **{group.value: place for group, place in self.items.items()},
        }.items():
            if keyed is not None:
                prefixed = customs if isinstance(keyed, Labels) else everything
                found[key] = [prefix for prefix in keyed.prefixes if not begins(prefix, prefixed)]
                found[key] += [name for name in keyed.names if name not in everything]
                if keyed.document is not None and keyed.document.property not in declared:
                    found[key].append(keyed.document.property)
        layers = {None: everything, True: customs, False: declared}
        for key, naming in {"workspace": self.naming, "run": self.run_naming}.items():
            if naming is not None and naming.property not in layers[naming.custom]:
                found[key] = [naming.property]
        return {key: names for key, names in found.items() if names}

    def over(self, base: Convention) -> Convention:
        """The convention of the types of this table that would otherwise be of another."""
        places = dict(base.kind_fields[self.node_kind])
        for subject, first in self.fields.items():
            places[subject] = tuple(dict.fromkeys((*first, *places.get(subject, ()))))
        labels = dict(base.labels)
        if self.labels is not None:
            labels[self.node_kind] = self.labels.after(base.labels.get(self.node_kind))
        items = (Items(group, _HAVE[self.node_kind, group], place) for group, place in self.items.items())
        role = self.role
        return replace(
            base,
            name=f"{base.name} + {self.key}",
            laid_over=base.writer,
            kind_fields={**base.kind_fields, self.node_kind: places},
            labels=labels,
            items=(*items, *self._without_names(base.items)),
            naming=base.naming if self.naming is None else {**base.naming, self.node_kind: self.naming},
            run_naming=base.run_naming
            if self.run_naming is None
            else {**base.run_naming, self.node_kind: self.run_naming},
            names_hold=base.names_hold or (self.node_kind is NodeKind.ARTIFACT and self.run_naming is not None),
            names_workspaces=base.names_workspaces or role is Role.WORKSPACE,
            role=base.role if role is None else lambda _: role,
        )

    def _without_names(self, items: Iterable[Items]) -> Iterator[Items]:
        """The items of a convention without what names the workspace or the run."""
        names = [naming.property for naming in (self.naming, self.run_naming) if naming is not None]
        for one in items:
            place = one.place
            if names and isinstance(place, Stored):
                place = replace(place, omitted=place.omitted.union(names))
            yield replace(one, place=place)


@dataclass(frozen=True)
class OwnTypes:
    """The tables of a file, in its order; none where there is no file."""

    tables: tuple[OwnType, ...] = ()
    file: str = ""

    def of(self, type_: NodeType) -> OwnType | None:
        """The table that maps a type: the one that names it, else the first with a pattern that matches it."""
        named = (table for table in self.tables if table.node_kind is type_.kind and type_.name in table.names)
        return next(named, None) or next((table for table in self.tables if table.matches(type_)), None)

    def kinded(self, type_: NodeType) -> NodeType:
        """The type with the kind that a table gives it."""
        table = self.of(type_)
        return type_ if table is None or table.kind is None else replace(type_, given_kind=table.kind)

    def laid_over(self, types: Iterable[NodeType], conventions: Mapping[int, Convention]) -> dict[int, Convention]:
        """The conventions of types, by their ids, with the tables laid over those that others gave them."""
        made: dict[tuple[str, str], Convention] = {}
        found = dict(conventions)
        for type_ in types:
            table = self.of(type_)
            if table is not None:
                base = conventions[type_.id]
                key = base.name, table.key
                found[type_.id] = made[key] = made.get(key) or table.over(base)
        return found

    def unused(self, types: Iterable[NodeType]) -> dict[str, Sequence[str]]:
        """The names and patterns of each table that no type of a store has, by the tables' keys."""
        known = list(types)
        found: dict[str, Sequence[str]] = {}
        for table in self.tables:
            names = [type_.name for type_ in known if type_.kind is table.node_kind]
            missing = [name for name in table.names if name not in names]
            missing += [pattern for pattern in table.patterns if not any(_matches(pattern, name) for name in names)]
            if missing:
                found[table.key] = missing
        return found


NO_OWN_TYPES = OwnTypes()


def parse_own_types(text: str, file: str) -> OwnTypes:
    """The tables of a file.

    Args:
        text: the file's text.
        file: its name, for errors.

    Raises:
        UsageError: it is no TOML, or says what cannot be; the message names the key and what is expected.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is not TOML: {error}") from None
    try:
        _known(found, TABLES, "the file")
        tables = [
            _table(f"{name}[{place}]", kind, given)
            for name, kind in TABLES.items()
            for place, given in enumerate(_tables(found.get(name, []), name))
        ]
        if not tables:
            raise _Fault("the file", "maps nothing: write a table such as [[artifacts]] with `types` and `kind`")
        _once(tables)
    except _Fault as fault:
        raise UsageError(f"{file}: {fault}") from None
    return OwnTypes(tuple(tables), file)


class _Fault(Exception):
    def __init__(self, key: str, words: str) -> None:
        super().__init__(f"{key} {words}")


def _tables(given: Any, name: str) -> list[Any]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise _Fault(name, f"is no list of tables: write [[{name}]] above each")
    return given


def _once(tables: Sequence[OwnType]) -> None:
    told: dict[tuple[NodeKind, str], str] = {}
    for table in tables:
        for name in (*table.names, *table.patterns):
            before = told.setdefault((table.node_kind, name), table.key)
            if before != table.key:
                raise _Fault(f"{table.key}.types", f"names {name!r}, which {before} maps already")


def _table(key: str, kind: NodeKind, given: Mapping[str, Any]) -> OwnType:
    fields = {subject.value: subject for subject in _FIELDS[kind]}
    _known(given, (*_MORE[kind], *fields), key)
    named = _texts(given.get("types"), f"{key}.types", 'the names of types, such as ["acme.Model", "acme.*"]')
    patterns = tuple(name for name in named if "*" in name or "?" in name)
    made = OwnType(
        key,
        kind,
        names=tuple(name for name in named if name not in patterns),
        patterns=patterns,
        kind=_one_of(given, "kind", {one.value: one for one in ArtifactKind}, key),
        role=_one_of(given, "role", _ROLES, key),
        fields={subject: _places(given[name], f"{key}.{name}") for name, subject in fields.items() if name in given},
        labels=None if "labels" not in given else Labels(*_keyed(given["labels"], f"{key}.labels", "tag.", "stage")),
        naming=_naming(given, "workspace", key, "project"),
        run_naming=_naming(given, "run", key, "job"),
        items={group: _items(given, group, of, key) for group, of in _ITEMS[kind].items() if group.value in given},
    )
    if given.keys() <= {"types"}:
        raise _Fault(key, f"says nothing of its types: it takes {_listed((*_MORE[kind][1:], *fields))}")
    return made


def _items(given: Mapping[str, Any], group: Group, of: ArtifactKind | None, table: str) -> Mapped:
    """Items, each named by a property, by the end of a property's name, or by a member of a JSON text."""
    if of is not None and given.get("kind") != of.value:
        raise _Fault(f"{table}.{group.value}", f'are of {of.value} alone: write kind = "{of.value}" beside them')
    prefixes, document, names = _keyed(given[group.value], f"{table}.{group.value}", f"{group.value[:-1]}.", "loss")
    return Mapped(names, prefixes, document)


def _keyed(given: Any, key: str, prefix: str, name: str) -> tuple[tuple[str, ...], Document | None, tuple[str, ...]]:
    """What has a key that is the end of a property's name, a property's name, or that of a member of a JSON text.

    Args:
        given: what the file says.
        key: where it says that.
        prefix: an example of a prefix.
        name: an example of a property's name.

    Returns:
        The prefixes, the document and the names.
    """
    if not isinstance(given, dict):
        raise _Fault(key, f'takes a table, such as {{prefix = "{prefix}"}} or {{properties = ["{name}"]}}')
    _known(given, ("prefix", "properties", "document"), key)
    if not given:
        raise _Fault(key, "is empty: it takes prefix, properties or document")
    wanted = f'how names begin, such as "{prefix}"'
    prefixes = _texts(given["prefix"], f"{key}.prefix", wanted) if "prefix" in given else ()
    names = _texts(given["properties"], f"{key}.properties", "names of properties") if "properties" in given else ()
    document = None
    if "document" in given:
        (text,) = _texts(given["document"], f"{key}.document", "the name of one declared property", most=1)
        document = Document(text)
    return prefixes, document, names


def _places(given: Any, key: str) -> tuple[Place, ...]:
    """Places of properties: `name` is the declared one of that name, else the custom one."""
    wanted = 'names of properties, such as "title", "properties.title" or "customProperties.title"'
    places: list[Place] = []
    for text in _texts(given, key, wanted):
        layer, dot, name = text.partition(".")
        if dot and layer in _LAYERS:
            if not name:
                raise _Fault(key, f"holds {text!r}, which names no property")
            places.append(_LAYERS[layer](name))
        else:
            places.extend(either(text))
    return tuple(places)


def _naming(given: Mapping[str, Any], name: str, table: str, example: str) -> Naming | None:
    """The property that names a workspace or a run, None where nothing is said of it.

    Without a layer it is the declared one where the type declares it.
    """
    if name not in given:
        return None
    key, wanted = f"{table}.{name}", f'the name of one property, such as "{example}" or "customProperties.{example}"'
    (text,) = _texts(given[name], key, wanted, most=1)
    layer, dot, property_ = text.partition(".")
    if not dot or layer not in _LAYERS:
        return Naming(text)
    if not property_:
        raise _Fault(key, f"holds {text!r}, which names no property")
    return Naming(property_, custom=_LAYERS[layer] is Custom)


def _texts(given: Any, key: str, wanted: str, most: int | None = None) -> tuple[str, ...]:
    """One text, or a list of them."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise _Fault(key, f"is missing: it takes {wanted}" if given is None else f"is {given!r}; it takes {wanted}")
    if most is not None and len(texts) > most:
        raise _Fault(key, f"is {given!r}; it takes {wanted}")
    return tuple(dict.fromkeys(texts))


def _one_of(given: Mapping[str, Any], name: str, choices: Mapping[str, Any], key: str) -> Any:
    if name not in given:
        return None
    said = given[name]
    found = choices.get(said) if isinstance(said, str) else None
    if found is None:
        raise _Fault(f"{key}.{name}", f"is {said!r}; it takes {_listed(choices)}{_meant(said, choices)}")
    return found


def _known(given: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    known = list(keys)
    for name in given:
        if name not in known:
            raise _Fault(where, f"has no {name!r}: it takes {_listed(known)}{_meant(name, known)}")


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _meant(said: Any, words: Iterable[str]) -> str:
    known = {word.lower(): word for word in words}
    near = difflib.get_close_matches(str(said).lower(), known, 1)
    return f"; did you mean {known[near[0]]}?" if near else ""


def _matches(pattern: str, name: str) -> bool:
    parts = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
    return re.fullmatch("".join(parts), name, re.DOTALL) is not None
