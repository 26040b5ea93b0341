"""`docs/conventions.md` says what the code does: its tables are printed from the conventions themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lineageql.model.conventions import CONVENTIONS, convention_of, conventions_of
from lineageql.model.conventions.convention import (
    Column,
    Convention,
    Custom,
    Declared,
    Place,
    Role,
    TypeAndId,
    UriTail,
)
from lineageql.model.conventions.places import ContextSuffix, EventKey, HashedName, OwnedName, TypeName
from lineageql.model.kinds import _BY_ENDS, _BY_NAME, ArtifactKind
from lineageql.model.nodes import NodeKind, NodeType, PropertyType
from lineageql.model.predicates import Field

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"
CONTEXTS = {
    "kubeflow": ("kubeflow.org/alpha/workspace", "kubeflow.org/alpha/run"),
    "kfp-v2": ("system.Pipeline", "system.PipelineRun"),
    "kfp-v1": ("KfpRun",),
    "tfx": ("pipeline", "pipeline_run", "run", "node", "component_run", "execution_cache"),
    "model-registry": (
        *("kf.RegisteredModel", "odh.RegisteredModel", "kf.ModelVersion", "kf.ServingEnvironment"),
        *("kf.InferenceService", "kf.Experiment", "kf.ExperimentRun"),
    ),
    "cmf": ("Parent_Context", "Pipeline_Stage"),
    "generic": (),
}
ROLES = {Role.WORKSPACE: "workspace", Role.RUN: "run", Role.NEITHER: "neither"}


def said(place: Place) -> str:
    match place:
        case Column(name):
            return f"MLMD's {name}"
        case Declared(name, True) | Custom(name, True):
            return f"`{name}` without `:<time>`"
        case Declared(name) | Custom(name):
            return f"`{name}`"
        case UriTail():
            return "the uri's last part"
        case TypeAndId():
            return "type and id"
        case TypeName(None):
            return "the type's name"
        case TypeName():
            return "the type's last word"
        case OwnedName():
            return "MLMD's name without `<id>:`"
        case HashedName():
            return "MLMD's name before `:<uri>`"
        case EventKey():
            return "the event's key"
        case ContextSuffix(part, whole):
            return f"what the `{part}` context's name adds to the `{whole}` context's"


def places(convention: Convention, kind: NodeKind, field: Field) -> str:
    found = dict.fromkeys(said(place) for place in convention.places(kind, field))
    return ", else ".join(found) or "–"


def names() -> str:
    rows = ["| convention | an artifact's name | an execution's name | ports |", "| --- | --- | --- | --- |"]
    for convention in CONVENTIONS:
        artifact, execution = (places(convention, kind, Field.NAME) for kind in (NodeKind.ARTIFACT, NodeKind.EXECUTION))
        ports = "the path's first key" if convention.ports else "none"
        rows.append(f"| {convention.name} | {artifact} | {execution} | {ports} |")
    return "\n".join(rows)


def fields() -> str:
    head = "| convention | version | owner | an artifact's state | an execution's state | parent |"
    rows = [head, "| --- | --- | --- | --- | --- | --- |"]
    for convention in CONVENTIONS:
        version, owner = (places(convention, NodeKind.ARTIFACT, field) for field in (Field.VERSION, Field.OWNER))
        kinds = (NodeKind.ARTIFACT, NodeKind.EXECUTION)
        words = [places(convention, kind, Field.STATE).replace("–", "") for kind in kinds]
        artifact, execution = (f"MLMD's state, else {word}" if word else "MLMD's state" for word in words)
        parent = ", ".join(said(place) for place in convention.parent) or "–"
        rows.append(f"| {convention.name} | {version} | {owner} | {artifact} | {execution} | {parent} |")
    return "\n".join(rows)


def contexts() -> str:
    rows = ["| convention | context type | what it is |", "| --- | --- | --- |"]
    for convention in CONVENTIONS:
        for name in CONTEXTS[convention.name]:
            role = convention.role(NodeType(1, NodeKind.CONTEXT, name))
            rows.append(f"| {convention.name} | `{name}` | {ROLES[role]} |")
    return "\n".join(rows)


def kinds() -> str:
    rows = ["| kind | types and base types |", "| --- | --- |"]
    for kind in ArtifactKind:
        found = [f"`{name}`" for name, its in _BY_NAME.items() if its is kind]
        found += [f"`{prefix}…{suffix}`" for (prefix, suffix), its in _BY_ENDS.items() if its is kind]
        rows.append(f"| {kind.value} | {', '.join(found) or 'all others'} |")
    return "\n".join(rows)


@pytest.mark.parametrize("table", [names, fields, contexts, kinds])
def test_the_page_holds_the_table(table: object) -> None:
    assert callable(table)
    assert table() in PAGE.read_text(encoding="utf-8"), f"\n{table()}\n"


def test_every_convention_is_on_the_page() -> None:
    headings = re.findall(r"^### .*\(`([a-z0-9-]+)`\)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [convention.name for convention in CONVENTIONS]


def test_the_last_convention_takes_what_is_left() -> None:
    assert convention_of(NodeType(1, NodeKind.ARTIFACT, "what nobody knows")).name == "generic"


def of_store(*types: tuple[NodeKind, str] | tuple[NodeKind, str, tuple[str, ...]]) -> dict[str, str]:
    made = [
        NodeType(id_, kind, name, properties=dict.fromkeys(*rest, PropertyType.STRING) if rest else {})
        for id_, (kind, name, *rest) in enumerate(types, 1)
    ]
    found = conventions_of(made)
    return {type_.name: found[type_.id].name for type_ in made}


A, E, C = NodeKind.ARTIFACT, NodeKind.EXECUTION, NodeKind.CONTEXT


def test_a_type_without_an_owner_belongs_to_the_writer_that_is_there() -> None:
    assert of_store((A, "Mine"), (E, "Step"), (C, "run")) == {"Mine": "generic", "Step": "generic", "run": "generic"}
    assert of_store((A, "Mine"), (C, "system.Pipeline"))["Mine"] == "kfp-v2"
    assert of_store((A, "Mine"), (E, "Step"), (C, "pipeline"), (C, "pipeline_run")) == {
        "Mine": "tfx",
        "Step": "tfx",
        "pipeline": "tfx",
        "pipeline_run": "tfx",
    }
    assert of_store((A, "Mine"), (C, "KfpRun"), (C, "system.Pipeline"))["Mine"] == "kfp-v1"
    assert of_store((A, "Model"), (A, "Mine"), (C, "Parent_Context")) == {
        "Model": "cmf",
        "Mine": "generic",
        "Parent_Context": "cmf",
    }
    # Types that LineageQL registers are its own, whatever else is in the store; MLMD's own are nobody's.
    assert of_store((A, "Mine", ("name", "__ALL_META__")), (C, "pipeline_run"))["Mine"] == "kubeflow"
    assert of_store((A, "mlmd.Model"), (C, "pipeline_run"))["mlmd.Model"] == "generic"


def test_execution_types_that_declare_steps_are_told_apart() -> None:
    step = ("pipeline_name", "run_id", "component_id")
    assert of_store((E, "components.Train", step))["components.Train"] == "kfp-v1"
    assert of_store((E, "my.Component", (*step, "pipeline_root")))["my.Component"] == "tfx"


def test_every_writer_is_named_where_writers_are() -> None:
    root = PAGE.parents[1]
    names = [convention.name for convention in CONVENTIONS]
    page = root / "gql/lineageql/web/static/explorer/kinds.js"
    shown = page.read_text(encoding="utf-8").partition("export const WRITERS = {\n")[2].partition("\n};")[0]
    assert re.findall(r'^  "?([\w-]+)"?: ', shown, re.MULTILINE) == names
    schema = (root / "schema.graphql").read_text(encoding="utf-8")
    described = re.search(r"By the writer whose convention[^.]*\.", schema)
    assert described is not None
    assert re.findall(r"`([\w-]+)`", described[0]) == names
