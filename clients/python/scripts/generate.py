"""Writes the modules of the client that follow from schema.graphql: `make schema` runs it.

    generated/inputs.py     enums and inputs, as types for the checker of users' code
    generated/entities.py   frozen dataclasses of what is answered
    generated/shapes.py     tables: which fields each type has, how each is selected and read
    generated/roots.py      the methods of the clients, a pair for each field of Query and Mutation

`generate.py FOLDER` writes into another folder: a test compares.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    value_from_ast_untyped,
)

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "clients/python/src/lineageql_client/generated"
IMPORTS = (
    "from __future__ import annotations\n\nfrom collections.abc import Mapping, Sequence\n"
    "from datetime import datetime\n"
)
HEAD = "Generated from schema.graphql by clients/python/scripts/generate.py; edit neither."
# What is not read where a type stands inside an entity, because every row would repeat it.
BRIEF = {"EntityType": ("id", "name", "version")}
# What stands for an entity where another entity or an edge leads to it.
POINTING = ("LineageEdge", "RecordLineagePayload")
POINTED = (("Lineage", "roots"), ("RecordExecutionPayload", "inputs"), ("RecordExecutionPayload", "outputs"))
# What has so many nodes that these come without the entities they lead to.
BARE = ("LineageDiff", "NodeDifference")
# Classes of the package that add behaviour to types of the schema, by module.
BEHAVIOUR = {
    "Node": ("lineageql_client.entities", "NodeMethods"),
    "Entity": ("lineageql_client.entities", "EntityMethods"),
    "LineageNode": ("lineageql_client.entities", "LineageNodeMethods"),
    "Lineage": ("lineageql_client.lineage", "LineageMethods"),
    "LineagePath": ("lineageql_client.lineage", "LineagePathMethods"),
    "LineageDiff": ("lineageql_client.comparisons", "LineageDiffMethods"),
    "RunComparison": ("lineageql_client.comparisons", "RunComparisonMethods"),
}
SCALARS = {"ID": "str", "String": "str", "Int": "int", "Float": "float", "Boolean": "bool", "JSON": "Any"}
OUTPUTS = {**SCALARS, "DateTime": "datetime", "BigInt": "int"}
INPUTS = {**SCALARS, "ID": "str | Node", "DateTime": "datetime | str", "BigInt": "int"}
# Arguments that need no name where they are not needed; all others do.
POSITIONAL = ("roots", "where", "id")
PAGING = {"first", "after", "last", "before"}


def snake(name: str) -> str:
    """`mlmdId` is `mlmd_id`, and a word that Python keeps gets an underscore: `from_`."""
    text = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return text + "_" if keyword.iskeyword(text) else text


def title(name: str) -> str:
    return name[0].upper() + name[1:]


def _default_of(argument: Any) -> Any:
    """The default of an argument or an input's field, as it stands in the schema; None where there is none."""
    return argument.ast_node.default_value


def _given_type(field: Any) -> str:
    """The type of an input's field as its text; what has a default need not be given."""
    text = str(field.type)
    return text if _default_of(field) is None else text.removesuffix("!")


def document(text: str | None, indent: int = 4, after: Iterable[str] = ()) -> str:
    """A docstring."""
    more = list(after)
    body = (text or "").strip().replace("\\", "\\\\")
    lines = textwrap.wrap(body, 116 - indent - 6) or [""]
    pad = " " * indent
    if not more and len(lines) == 1:
        return f'{pad}"""{lines[0]}"""\n'
    return "".join(
        f"{line}\n" for line in (f'{pad}"""{lines[0]}', *(pad + line for line in [*lines[1:], *more]), f'{pad}"""')
    )


class Generator:
    """The modules of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.types = [type_ for name, type_ in schema.type_map.items() if not name.startswith("__")]
        roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
        self.outputs = [
            type_
            for type_ in self.types
            if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType))
            and type_ not in roots
            and not self.is_connection(type_)
            and type_.name not in ("PageInfo", "Label", "Subscription")
        ]
        self.aliased = self._aliased()

    # -- what a type is

    def is_connection(self, type_: Any) -> bool:
        return isinstance(type_, GraphQLObjectType) and type_.name.endswith("Connection") and "pageInfo" in type_.fields

    def is_entity(self, type_: Any) -> bool:
        if not isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
            return False
        return type_.name == "Node" or any(each.name == "Node" for each in type_.interfaces)

    def is_plain_edge(self, type_: GraphQLObjectType) -> bool:
        return set(type_.fields) == {"cursor", "node"}

    def parents(self, type_: GraphQLObjectType | GraphQLInterfaceType) -> list[GraphQLInterfaceType]:
        """The nearest interfaces of a type: those that no other of its interfaces has."""
        return [each for each in type_.interfaces if not any(each in other.interfaces for other in type_.interfaces)]

    def row_type(self, connection: Any) -> str:
        """The name of what the rows of a connection are read as: their nodes, or edges that say more."""
        edge = get_named_type(connection.fields["edges"].type)
        assert isinstance(edge, GraphQLObjectType)
        return str(get_named_type(edge.fields["node"].type)) if self.is_plain_edge(edge) else edge.name

    def read_fields(self, type_: GraphQLObjectType | GraphQLInterfaceType) -> dict[str, GraphQLField]:
        """The fields that are read with a type: those without arguments that are no connections."""
        found = {}
        for name, field in type_.fields.items():
            named = get_named_type(field.type)
            if field.args or self.is_connection(named) or name == "cursor":
                continue
            if not self.is_entity(type_) and not self.is_entity(named) and self._returns_to(named, type_):
                continue
            found[name] = field
        return found

    def _returns_to(self, named: Any, type_: Any) -> bool:
        return named is type_

    def methods(self, type_: GraphQLObjectType | GraphQLInterfaceType) -> dict[str, GraphQLField]:
        return {name: field for name, field in type_.fields.items() if self.is_connection(get_named_type(field.type))}

    def _aliased(self) -> set[str]:
        """Fields that two kinds of entities have with two types, which no one selection may ask for by one name."""
        seen: dict[str, set[str]] = {}
        for type_ in self.outputs:
            if self.is_entity(type_):
                for name, field in self.read_fields(type_).items():
                    seen.setdefault(name, set()).add(str(field.type))
        return {name for name, types in seen.items() if len(types) > 1}

    # -- how a field is read

    def pointed(self, type_: Any, name: str, field: GraphQLField) -> bool:
        """Whether a field is read as a `Ref`."""
        if not self.is_entity(get_named_type(field.type)):
            return False
        return self.is_entity(type_) or type_.name in POINTING[:1] or (type_.name, name) in POINTED

    def kind(self, type_: Any, name: str, field: GraphQLField) -> str:
        named = get_named_type(field.type)
        many = "*" if is_list_type(get_nullable_type(field.type)) else ""
        if named.name == "Label":
            return "labels"
        if self.pointed(type_, name, field):
            return many + "Ref"
        if isinstance(named, (GraphQLObjectType, GraphQLInterfaceType)):
            brief = "brief " if self.is_entity(type_) and named.name in BRIEF else ""
            # A lineage may have many thousands of nodes, and the service counts what each of them leads to.
            if self.is_entity(named) and not type_.name.endswith(("Edge", "Payload")):
                brief = "bare " if type_.name in BARE else "slim "
            return brief + many + named.name
        return many + named.name if named.name in ("DateTime", "BigInt") else many

    def python(self, type_: Any, name: str, field: GraphQLField) -> str:
        """The Python type of a field."""
        named = get_named_type(field.type)
        if named.name == "Label":
            return "dict[str, str]"
        inner = "Ref" if self.pointed(type_, name, field) else OUTPUTS.get(named.name, named.name)
        return self._wrapped(field.type, inner)

    def _wrapped(self, type_: Any, inner: str) -> str:
        if is_non_null_type(type_):
            nullable = type_.of_type
            return f"tuple[{self._wrapped(nullable.of_type, inner)}, ...]" if is_list_type(nullable) else inner
        wrapped = f"tuple[{self._wrapped(type_.of_type, inner)}, ...]" if is_list_type(type_) else inner
        return wrapped if wrapped == "Any" else f"{wrapped} | None"

    # -- inputs.py

    def input_type(self, type_: Any) -> str:
        """The Python type of an argument, with the short forms that `lineageql_client.arguments` knows."""
        nullable = get_nullable_type(type_)
        named = get_named_type(nullable)
        if is_list_type(nullable):
            item = get_nullable_type(nullable.of_type)
            if named.name in ("LabelFilter", "LabelInput"):
                return f"Sequence[{named.name}] | Mapping[str, str]"
            if named.name == "PropertyFilter":
                return "Sequence[PropertyFilter] | Mapping[str, Any]"
            one = f" | {named.name}" if isinstance(named, GraphQLEnumType) else ""
            return f"Sequence[{self.input_type(item)}]{one}"
        if named.name == "StringFilter":
            return "StringFilter | str"
        if named.name == "ContextFilter":
            return "ContextFilter | str | Node"
        if named.name.endswith("Order") and isinstance(named, GraphQLInputObjectType) and "field" in named.fields:
            return f"{named.name} | {get_named_type(named.fields['field'].type)}"
        return INPUTS.get(named.name, named.name)

    def inputs(self) -> Iterator[str]:
        yield f'"""The enums and inputs of the schema.\n\n{HEAD}\nThe keys of inputs are the schema\'s own names.\n'
        yield 'What is short for what: `lineageql_client.arguments`.\n"""\n\n'
        yield IMPORTS
        yield "from typing import TYPE_CHECKING, Any, Literal, TypedDict\n\n"
        yield "if TYPE_CHECKING:\n    from lineageql_client.generated.entities import Node\n\n"
        for type_ in self.types:
            if isinstance(type_, GraphQLEnumType):
                values = ", ".join(f'"{name}"' for name in type_.values)
                yield f"{type_.name} = Literal[{values}]\n" + document(type_.description, 0) + "\n"
        for type_ in self.types:
            if isinstance(type_, GraphQLInputObjectType):
                yield self._input(type_)

    def _input(self, type_: GraphQLInputObjectType) -> str:
        required, optional = [], []
        for name, field in type_.fields.items():
            needed = is_non_null_type(field.type) and _default_of(field) is None
            row = f'    "{name}": "{self.input_type(field.type)}{"" if needed else " | None"}",\n'
            row = row.replace("Any | None", "Any") if row.endswith(': "Any | None",\n') else row
            (required if needed else optional).append(row)
        body = "{\n" + "".join(optional) + "}"
        if not required:
            return (
                f'{type_.name} = TypedDict("{type_.name}", {body}, total=False)\n'
                + document(type_.description, 0)
                + "\n"
            )
        needed = "{\n" + "".join(required) + "}"
        text = f'_{type_.name}Needs = TypedDict("_{type_.name}Needs", {needed})\n'
        text += f'_{type_.name}Takes = TypedDict("_{type_.name}Takes", {body}, total=False)\n\n\n'
        return (
            text
            + f"class {type_.name}(_{type_.name}Needs, _{type_.name}Takes):\n"
            + document(type_.description)
            + "\n\n"
        )

    # -- entities.py

    def entities(self) -> Iterator[str]:
        yield f'"""What is answered. {HEAD}"""\n\n'
        yield "from __future__ import annotations\n\nfrom dataclasses import dataclass\nfrom datetime import datetime\n"
        yield "from typing import TYPE_CHECKING, Any, ClassVar\n\n"
        for name, (module, behaviour) in BEHAVIOUR.items():
            if name in self.schema.type_map:
                yield f"from {module} import {behaviour}\n"
        yield "from lineageql_client.entities import Ref\n\n"
        yield "if TYPE_CHECKING:\n    from typing_extensions import Unpack\n\n"
        enums = [type_.name for type_ in self.types if isinstance(type_, GraphQLEnumType)]
        inputs = [type_.name for type_ in self.types if isinstance(type_, GraphQLInputObjectType)]
        yield f"    from lineageql_client.generated.inputs import {', '.join((*enums, *inputs))}\n"
        yield "    from lineageql_client.pages import Pages\n\n\n"
        done: set[str] = set()
        waiting = list(self.outputs)
        while waiting:
            type_ = next(each for each in waiting if all(parent.name in done for parent in self.parents(each)))
            waiting.remove(type_)
            done.add(type_.name)
            yield self._entity(type_)

    def _entity(self, type_: GraphQLObjectType | GraphQLInterfaceType) -> str:
        parents = self.parents(type_)
        bases = [parent.name for parent in parents]
        if type_.name in BEHAVIOUR:
            bases.insert(0, BEHAVIOUR[type_.name][1])
        inherited = {name for parent in parents for name in parent.fields}
        text = (
            "@dataclass(frozen=True, repr=False, eq=False)\n" if self.is_entity(type_) else "@dataclass(frozen=True)\n"
        )
        text += (
            f"class {type_.name}{'(' + ', '.join(bases) + ')' if bases else ''}:\n" + document(type_.description) + "\n"
        )
        text += f'    TYPE: ClassVar[str] = "{type_.name}"\n'
        kept = BRIEF.get(type_.name)
        read = self.read_fields(type_)
        for name, field in sorted(read.items(), key=lambda item: kept is not None and item[0] not in kept):
            if name in inherited:
                continue
            python = self.python(type_, name, field)
            if kept is not None and name not in kept:
                python += " = None" if python == "Any" or python.endswith("None") else " | None = None"
            text += f"    {snake(name)}: {python}\n" + document(field.description)
        for name, field in self.methods(type_).items():
            if name not in inherited:
                text += "\n" + self._related(name, field)
        return text + "\n\n"

    def _related(self, name: str, field: GraphQLField) -> str:
        signature, arguments, _ = self._arguments(field)
        row = self.row_type(get_named_type(field.type))
        return (
            f"    def {snake(name)}(self, {signature}) -> Pages[{row}]:\n"
            + document(field.description, 8, self._short_words(field))
            + f'        return self._related("{name}", {arguments})\n'
        )

    def _short_words(self, field: GraphQLField) -> list[str]:
        filter_ = self._filter(field)
        return [] if filter_ is None else ["", f"Keywords are fields of {filter_} that must hold as well as `where`."]

    def _filter(self, field: GraphQLField) -> str | None:
        """The filter whose fields may be given as keywords too."""
        where = field.args.get("where")
        named = None if where is None else get_named_type(where.type)
        if not isinstance(named, GraphQLInputObjectType) or "and" not in named.fields:
            return None
        taken = {snake(name) for name in field.args} | {"limit", "page_size"}
        return None if taken & set(named.fields) else named.name

    def _arguments(self, field: GraphQLField) -> tuple[str, str, str]:
        """The parameters of a method, the mapping that it passes on, and the paging that it passes on."""
        paged = self.is_connection(get_named_type(field.type))
        given = {name: arg for name, arg in field.args.items() if not (paged and name in PAGING)}
        needed = {name: arg for name, arg in given.items() if self._needed(arg)}
        positional = [f"{snake(name)}: {self.input_type(arg.type)}" for name, arg in needed.items()]
        keywords = []
        for name, arg in given.items():
            if name not in needed:
                text = f"{snake(name)}: {self._optional(arg)} = {self._default(arg)}"
                (positional if name in POSITIONAL else keywords).append(text)
        if paged:
            keywords += ["limit: int | None = None", "page_size: int | None = None"]
        filter_ = self._filter(field)
        parts = [*positional, *(["*", *keywords] if keywords else [])]
        passed = ", ".join(f'"{name}": {snake(name)}' for name in given)
        mapping = "{" + passed + "}"
        paging = "limit, page_size" if paged else ""
        if filter_ is not None:
            parts.append(f"**short: Unpack[{filter_}]")
        arguments = mapping + (", short" if filter_ is not None else ", {}") + (f", {paging}" if paging else "")
        return ", ".join(parts), arguments, paging

    def _needed(self, arg: GraphQLArgument) -> bool:
        return is_non_null_type(arg.type) and _default_of(arg) is None

    def _optional(self, arg: GraphQLArgument) -> str:
        text = self.input_type(arg.type)
        return text if is_non_null_type(arg.type) else f"{text} | None"

    def _default(self, arg: GraphQLArgument) -> str:
        return repr(value_from_ast_untyped(_default_of(arg))) if is_non_null_type(arg.type) else "None"

    # -- roots.py

    def roots(self) -> Iterator[str]:
        yield f'"""The methods of both clients, a pair for each field of Query and Mutation.\n\n{HEAD}\n"""\n\n'
        yield IMPORTS
        yield "from typing import TYPE_CHECKING, Any\n\nfrom lineageql_client.reading import AsyncRoots, Roots\n\n"
        yield "if TYPE_CHECKING:\n    from typing_extensions import Unpack\n\n"
        outputs = [type_.name for type_ in self.outputs]
        enums = [type_.name for type_ in self.types if isinstance(type_, GraphQLEnumType)]
        inputs = [type_.name for type_ in self.types if isinstance(type_, GraphQLInputObjectType)]
        yield f"    from lineageql_client.generated.entities import {', '.join(outputs)}\n"
        yield f"    from lineageql_client.generated.inputs import {', '.join((*enums, *inputs))}\n"
        yield "    from lineageql_client.pages import AsyncPages, Pages\n\n\n"
        for asynchronous in (False, True):
            for name, root in (("Queries", self.schema.query_type), ("Mutations", self.schema.mutation_type)):
                assert root is not None
                prefix = "Async" if asynchronous else ""
                yield f"class {prefix}{name}({prefix}Roots):\n" + document(f"The fields of {root.name} as methods.")
                for field_name, field in root.fields.items():
                    yield "\n" + self._root(root.name, field_name, field, asynchronous)
                yield "\n\n"

    def _root(self, root: str, name: str, field: GraphQLField, asynchronous: bool) -> str:
        signature, arguments, paging = self._arguments(field)
        named = get_named_type(field.type)
        words = document(field.description, 8, self._short_words(field))
        if paging:
            pages = "AsyncPages" if asynchronous else "Pages"
            head = f"    def {snake(name)}(self, {signature}) -> {pages}[{self.row_type(named)}]:\n"
            return head + words + f'        return self._pages("{name}", {arguments})\n'
        inner = OUTPUTS.get(named.name, named.name)
        answer = self._wrapped(field.type, inner)
        lookup = self.is_entity(named) and not is_non_null_type(field.type)
        # A field that may be null is null where it failed, which is raised; but what is looked up may not be there.
        if answer.endswith(" | None") and not (lookup and not is_list_type(get_nullable_type(field.type))):
            answer = answer.removesuffix(" | None")
        answer = re.sub(r"^tuple\[(.*), \.\.\.\]$", r"list[\1]", answer)
        start, wait = ("async def", "await ") if asynchronous else ("def", "")
        text = f"    {start} {snake(name)}(self, {signature}) -> {answer}:\n" + words
        return (
            text + f'        found: {answer} = {wait}self._ask("{root}", "{name}", {arguments})\n        return found\n'
        )

    # -- shapes.py

    def shapes(self) -> Iterator[str]:
        yield f'"""Tables of the schema. {HEAD}"""\n\n'
        yield "from __future__ import annotations\n\nfrom collections.abc import Mapping\n\n"
        yield "FIELDS: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {\n"
        for type_ in self.outputs:
            yield f'    "{type_.name}": (\n'
            for name, field in self.read_fields(type_).items():
                key = name if name not in self.aliased else name + "_" + re.sub(r"\W", "", str(field.type))
                yield f'        ("{snake(name)}", "{name}", "{key}", "{self.kind(type_, name, field)}"),\n'
            yield "    ),\n"
        yield '}\n"""By type: of each field its name here, its name there, the key of its answer, and its kind."""\n\n'
        yield "BRIEF: Mapping[str, tuple[str, ...]] = {\n"
        for name, kept in BRIEF.items():
            yield f'    "{name}": {kept!r},\n'
        yield '}\n"""The fields that are read of a type inside an entity."""\n\n'
        yield "POSSIBLE: Mapping[str, tuple[str, ...]] = {\n"
        for type_ in self.outputs:
            if isinstance(type_, GraphQLInterfaceType):
                yield f'    "{type_.name}": {tuple(each.name for each in self.schema.get_possible_types(type_))!r},\n'
        yield '}\n"""The types of each interface."""\n\n'
        yield "CONNECTIONS: Mapping[str, tuple[str, bool, bool]] = {\n"
        for each in self.types:
            if self.is_connection(each):
                assert isinstance(each, GraphQLObjectType)
                edge = get_named_type(each.fields["edges"].type)
                assert isinstance(edge, GraphQLObjectType)
                facts = f'"{self.row_type(each)}", {self.is_plain_edge(edge)}, {"complete" in each.fields}'
                yield f'    "{each.name}": ({facts}),\n'
        yield '}\n"""By type: what its rows are, whether these are nodes, and whether it says if it is complete."""\n\n'
        yield "ROOTS: Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]] = {\n"
        for root in (self.schema.query_type, self.schema.mutation_type):
            assert root is not None
            yield f'    "{root.name}": {{\n'
            yield from (self._arguments_row(name, field) for name, field in root.fields.items())
            yield "    },\n"
        yield '}\n"""By root and field: its type, and the types of its arguments."""\n\n'
        yield "RELATED: Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]] = {\n"
        for type_ in self.outputs:
            if isinstance(type_, GraphQLObjectType) and self.methods(type_):
                yield f'    "{type_.name}": {{\n'
                yield from (self._arguments_row(name, field) for name, field in self.methods(type_).items())
                yield "    },\n"
        yield '}\n"""The same of the fields of entities that are connections."""\n\n'
        yield "INPUTS: Mapping[str, Mapping[str, str]] = {\n"
        for each in self.types:
            if isinstance(each, GraphQLInputObjectType):
                rows = ", ".join(f'"{name}": "{_given_type(field)}"' for name, field in each.fields.items())
                yield f'    "{each.name}": {{{rows}}},\n'
        yield '}\n"""By input: the types of its fields; those that end with `!` must be given."""\n\n'
        enums = {each.name: tuple(each.values) for each in self.types if isinstance(each, GraphQLEnumType)}
        yield "ENUMS: Mapping[str, tuple[str, ...]] = {\n"
        for name, values in enums.items():
            yield f'    "{name}": {values!r},\n'
        yield '}\n"""By enum: its values."""\n'

    def _arguments_row(self, name: str, field: GraphQLField) -> str:
        arguments = ", ".join(f'"{argument}": "{arg.type}"' for argument, arg in field.args.items())
        return f'        "{name}": ("{field.type}", {{{arguments}}}),\n'


def main(folder: Path) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    for scalar in schema.type_map.values():
        if isinstance(scalar, GraphQLScalarType) and not scalar.name.startswith("__") and scalar.name not in OUTPUTS:
            raise SystemExit(f"generate: the scalar {scalar.name} is new: give it a Python type in OUTPUTS and INPUTS")
    generator = Generator(schema)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in ("inputs", "entities", "roots", "shapes"):
        paths.append(folder / f"{name}.py")
        paths[-1].write_text("".join(getattr(generator, name)()), encoding="utf-8")
    init = folder / "__init__.py"
    init.write_text(f'"""{HEAD}"""\n', encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--quiet", "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    # Imports that a schema does not need go; the rest is put into the repository's style.
    for command in (["format"], ["check", "--fix", "--exit-zero"], ["format"]):
        done = subprocess.run([*ruff, *command, *config, *paths, init], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"generate: ruff failed: {done.stderr}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)
