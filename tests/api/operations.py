"""Random operations, made of the schema itself: most are valid, and many hold values that are wrong.

A field that stands twice in an answer must be the same field with the same arguments. So an alias is made of these:
whatever meets under one name can be merged, wherever it stands.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

MOST_FIELDS = 18
"""How many fields one operation has, about."""


@dataclass
class Known:
    """What a store holds, to ask for it.

    Args:
        ids: global ids by the kind of what they are of.
        cursors: cursors of several listings.
        texts: names, keys and values of labels, uris.
    """

    ids: Mapping[str, Sequence[str]]
    cursors: Sequence[str]
    texts: Sequence[str]


@dataclass
class Drawn:
    """An operation, as a client would send it."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {"query": self.query, "variables": self.variables}


def operations(
    schema: GraphQLSchema, known: Known, random: Random, *, mutation: bool = False, most: int = 4
) -> Iterator[Drawn]:
    """Operations that ask for what is known, and for what is not there: one document, with several sets of variables.

    To validate a document takes longer than to run it most times.
    """
    drawing = _Operation(schema, known, random)
    query = drawing.document(mutation)
    for _ in range(most if drawing.declared else 1):
        yield Drawn(query, drawing.values())


# Wrong ones among them: of nothing, of a type, of half a kind, in another spelling, of no alphabet.
_ODD_IDS = (
    "QXJ0aWZhY3Q6OTk5OTk5",
    "RXhlY3V0aW9uOjk5OTk5OQ",
    "VHlwZTox",
    "QXJ0aWZhY3Q6",
    "QXJ0aWZhY3Q6MQ==",
    "",
    "é",
    "1",
)
_ODD_CURSORS = ("", "no", "AAAA", "W10", "eyJhIjoxfQ", "WzEsMl0", "é")
_SELECTORS = (
    "team=fraud",
    "team in (fraud,x),!retired",
    "tier!=gold",
    "",
    "owner",
    "a=",
    "in (",
    "a in ()",
    "!!x",
    "a>1",
)
_TIMES = ("2026-01-01T00:00:00Z", "2026-02-01", "2027-01-01T00:00+01:00", "1969-01-01", "2026-02-30", "now", "")
_SIZES = (0, 1, 1, 1, 2, 2, 3, 5, 20, -1, 21, 2147483647)
_WHOLE = (0, 1, 2, 3, 5, 40, -1, 2147483647)
_JSON = (1, 1.0, True, False, "x", "", 0.5, -1, 2**53, None, [1, "a"], {"a": {"b": [None]}}, "NaN")
_WRONG: tuple[Any, ...] = ("x", 1, 1.5, True, [], {}, [[1]], {"a": 1}, 2**40, "A" * 300)

_KINDS_OF_ROOT = {"from": "lineage", "to": "lineage", "roots": "lineage", "left": "lineage", "right": "lineage"}
_KINDS_OF_TYPE = {
    "WorkspaceFilter": "Workspace",
    "RunFilter": "Run",
    "ExecutionFilter": "Execution",
    "ArtifactFilter": "Artifact",
    "ArtifactInput": "Artifact",
    "UpdateExecutionInput": "Execution",
    "CreateRunInput": "Workspace",
}
_KINDS_OF_NAME = {"workspaceId": "Workspace", "runId": "Run", "executionId": "Execution", "artifactId": "Artifact"}
_KINDS_OF_FIELD = {"workspace": "Workspace", "run": "Run", "compareRuns": "Run"} | {
    "execution": "Execution",
    "artifact": "Artifact",
}


class _Operation:
    def __init__(self, schema: GraphQLSchema, known: Known, random: Random) -> None:
        self.schema = schema
        self.known = known
        self.random = random
        self.ids = [id_ for some in known.ids.values() for id_ in some]
        self.favourites = {kind: random.choice(ids) for kind, ids in known.ids.items()}
        """What is asked for again and again, so that several fields wait for the same."""
        self.fields = random.randrange(3, MOST_FIELDS)
        self.variables: dict[str, Callable[[], Any]] = {}
        self.declared: list[str] = []
        self.fragments: dict[str, tuple[Any, str]] = {}
        self.plain: dict[str, str] = {}
        self.wrong = random.choice((0.0, 0.02, 0.08))
        """How often a value is wrong."""
        self.cursors = random.choice((0.05, 0.05, 0.4))
        """How often a page begins at a cursor, which is mostly that of another listing: loaders refuse it."""
        self.wildness = random.choice((0.0, 0.0, 0.0, 0.0, 0.05))
        """How often a rule of validation is not kept."""

    def document(self, mutation: bool) -> str:
        root = self.schema.mutation_type if mutation else self.schema.query_type
        assert root is not None
        body = self.selection(root, self.random.choice((3, 5, 7, 9, 13)))
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        named = "".join(f"\nfragment {name} on {type_.name} {text}" for name, (type_, text) in self.fragments.items())
        return f"{'mutation' if mutation else 'query'} Drawn{declared} {body}{named}"

    def values(self) -> dict[str, Any]:
        """Values for the variables, of which some are missing, null or of another type."""
        found: dict[str, Any] = {}
        for name, draw in self.variables.items():
            drawn = self.random.random()
            if drawn < 0.2:
                if drawn < 0.1:
                    found[name] = None
            else:
                found[name] = self.random.choice(_WRONG) if drawn < 0.2 + self.wrong else draw()
        return found

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # -- selections

    def selection(self, type_: Any, depth: int) -> str:
        parts = []
        for _ in range(self.random.choice((1, 1, 2, 2, 3, 4))):
            self.fields -= 1
            drawn = self.random.random()
            if drawn < 0.12 and depth > 1:
                parts.append(self.inline(type_, depth))
            elif drawn < 0.24 and depth > 1:
                parts.append(self.spread(type_, depth))
            else:
                parts.append(self.field(type_, depth))
            if self.fields < 0:
                break
        if self.chance(0.1):
            parts.append(self.random.choice(parts))
        return "{ " + " ".join(parts) + " }"

    def field(self, type_: Any, depth: int) -> str:
        if self.chance(0.05):
            return "__typename" + self.directive()
        names = list(type_.fields)
        if depth <= 1 or self.fields <= 0:
            names = [name for name in names if is_leaf_type(get_named_type(type_.fields[name].type))] or names
        elif self.chance(0.6):  # else most would be leaves
            names = [name for name in names if not is_leaf_type(get_named_type(type_.fields[name].type))] or names
        name = self.random.choice(names)
        found: GraphQLField = type_.fields[name]
        arguments = self.arguments(found, name)
        selected = ""
        named: Any = get_named_type(found.type)
        if not is_leaf_type(named):
            selected = " " + (self.selection(named, depth - 1) if depth > 0 else "{ __typename }")
        return f"{self.alias(name, found, arguments)}{name}{arguments}{self.directive()}{selected}"

    def alias(self, name: str, found: GraphQLField, arguments: str) -> str:
        said = f"{found.type}{arguments}"
        if self.plain.setdefault(name, said) == said and not self.chance(0.2):
            return ""
        return "" if self.chance(self.wildness) else f"{name[:4]}_{zlib.crc32(said.encode()):x}: "

    def directive(self) -> str:
        if not self.chance(0.06):
            return ""
        name = self.random.choice(("skip", "include"))
        condition = GraphQLNonNull(self.schema.type_map["Boolean"])  # type: ignore[type-var]
        value = self.value(condition, "if", "") if self.chance(0.5) else self.random.choice(("true", "false"))
        return f" @{name}(if: {value})"

    def conditions(self, type_: Any) -> list[Any]:
        """The types that a fragment within this one may be on."""
        possible = {one.name for one in self.possible(type_)}
        return [
            one
            for one in self.schema.type_map.values()
            if isinstance(one, (GraphQLObjectType, GraphQLInterfaceType))
            and not one.name.startswith("__")
            and possible & {each.name for each in self.possible(one)}
        ]

    def possible(self, type_: Any) -> Sequence[GraphQLObjectType]:
        return [type_] if isinstance(type_, GraphQLObjectType) else list(self.schema.get_possible_types(type_))

    def inline(self, type_: Any, depth: int) -> str:
        if self.chance(0.2):
            return f"...{self.directive()} {self.selection(type_, depth)}"
        on = self.random.choice(self.conditions(type_))
        return f"... on {on.name}{self.directive()} {self.selection(on, depth)}"

    def spread(self, type_: Any, depth: int) -> str:
        fitting = {one.name for one in self.conditions(type_)}
        known = [name for name, (on, _) in self.fragments.items() if on.name in fitting]
        if known and self.chance(0.6):
            name = self.random.choice(known)
        else:
            on = self.random.choice(self.conditions(type_))
            text = self.selection(on, min(depth, 4))
            name = f"F{len(self.fragments)}"
            self.fragments[name] = on, text
        return f"...{name}{self.directive()}"

    # -- arguments

    def arguments(self, found: GraphQLField, name: str) -> str:
        given = []
        for argument, declared in found.args.items():
            needed = is_non_null_type(declared.type) and declared.default_value is Undefined
            sized = argument == "first" and self.chance(0.6)
            if needed or sized or self.chance(self.likely(argument, name)):
                given.append(f"{argument}: {self.value(declared.type, argument, name, declared)}")
        return f"({', '.join(given)})" if given else ""

    def likely(self, argument: str, name: str) -> float:
        if name in ("artifact", "execution", "workspace", "run"):  # one of them
            return {"id": 0.8, "workspace": 0.3}.get(argument, 0.1)
        return {"where": 0.3, "after": self.cursors, "before": 0.05, "last": 0.05}.get(argument, 0.15)

    def value(
        self, type_: Any, name: str, owner: str, declared: GraphQLArgument | GraphQLInputField | None = None
    ) -> str:
        """A value as it stands in the document, which may be a variable."""
        if self.chance(0.3):
            return self.variable(type_, name, owner, declared)
        return literal(self.input(type_, name, owner, 2))

    def variable(self, type_: Any, name: str, owner: str, declared: Any) -> str:
        variable = f"v{len(self.declared)}"
        said, default = str(type_), ""
        has_default = declared is not None and declared.default_value is not Undefined
        if is_non_null_type(type_) and (has_default or self.chance(0.15)):
            # A variable that may be null is taken where something else stands in for it.
            said = said.removesuffix("!")
            if not has_default:
                default = f" = {literal(self.input(type_, name, owner, 2))}"
        elif self.chance(0.2):
            default = f" = {literal(self.input(type_, name, owner, 2))}"
        self.variables[variable] = lambda: plain(self.input(type_, name, owner, 3))
        if self.wildness and self.chance(self.wildness):
            said = self.random.choice(("String", "Int", "[ID!]", "Boolean!", "Nothing"))
        self.declared.append(f"${variable}: {said}{default}")
        return f"${variable}"

    def input(self, type_: Any, name: str, owner: str, depth: int) -> Any:
        """A value in Python's terms; names of enums are `Name`."""
        if not is_non_null_type(type_) and self.chance(0.04):
            return None
        type_ = get_nullable_type(type_)
        if is_list_type(type_):
            many = self.random.choice((1, 1, 2, 3, 0)) if name != "ids" or owner != "compareRuns" else 2
            items = [self.input(type_.of_type, name, owner, depth) for _ in range(many)]
            return items[0] if many == 1 and self.chance(0.1) else items
        if isinstance(type_, GraphQLInputObjectType):
            return self.object(type_, depth)
        if self.chance(self.wrong * 0.3):
            return self.random.choice(_WRONG)
        if isinstance(type_, GraphQLEnumType):
            return Name(self.random.choice(list(type_.values)))
        return self.scalar(type_.name, name, owner)

    def object(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        fields = type_.fields
        if type_.is_one_of and not self.chance(self.wildness):
            chosen = [self.random.choice(list(fields))]
        else:
            needed = [
                name for name, one in fields.items() if is_non_null_type(one.type) and one.default_value is Undefined
            ]
            free = [name for name in fields if name not in needed]
            if depth <= 1:
                free = [
                    name for name in free if not isinstance(get_named_type(fields[name].type), GraphQLInputObjectType)
                ]
            more = self.random.sample(free, min(len(free), self.random.choice((0, 1, 1, 2))))
            chosen = [name for name in fields if name in needed or name in more]
        found = {}
        for name in chosen:
            inner = fields[name].type
            if type_.is_one_of:
                inner = GraphQLNonNull(inner)  # type: ignore[type-var]
            found[name] = self.input(inner, name, type_.name, depth - 1)
        return found

    def scalar(self, type_: str, name: str, owner: str) -> Any:
        random = self.random
        if type_ == "ID":
            return self.id(name, owner)
        if type_ == "Int":
            return random.choice(_SIZES if name in ("first", "last") else _WHOLE)
        if type_ == "Float":
            return random.choice((0, 1, 0.5, -1.0))
        if type_ == "Boolean":
            return self.chance(0.5)
        if type_ == "BigInt":
            return random.choice((1, 1, 2, 3, 5, "4", 0, -1, 999_999, 2**63 - 1))
        if type_ == "DateTime":
            return random.choice(_TIMES[:4] if not self.chance(self.wrong) else _TIMES)
        if type_ == "JSON":
            return {"p": 1, "q": "x"} if name in ("customProperties", "values") else random.choice(_JSON)
        assert type_ == "String", type_
        if name in ("after", "before"):
            return random.choice(self.known.cursors if self.chance(0.7) else _ODD_CURSORS)
        if name == "labelSelector":
            return random.choice(_SELECTORS[:5] if not self.chance(self.wrong) else _SELECTORS)
        return (
            random.choice(self.known.texts) if self.chance(0.8) else random.choice(("", "x", "é\U0001f600", "a" * 70))
        )

    def id(self, name: str, owner: str) -> str:
        if self.chance(self.wrong):
            return self.random.choice(_ODD_IDS)
        kind = (
            _KINDS_OF_ROOT.get(name)
            or _KINDS_OF_NAME.get(name)
            or _KINDS_OF_TYPE.get(owner)
            or _KINDS_OF_FIELD.get(owner)
        )
        if kind == "lineage":
            kind = self.random.choice(("Artifact", "Execution"))
        if kind is None or self.chance(self.wrong * 2):
            return self.random.choice(self.ids)
        return self.favourites[kind] if self.chance(0.5) else self.random.choice(self.known.ids[kind])


class Name(str):
    """A value of an enum."""


def literal(value: Any) -> str:
    """A value as GraphQL writes it."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return list(map(plain, value))
    return str(value) if isinstance(value, Name) else value
