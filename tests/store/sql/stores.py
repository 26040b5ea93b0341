"""Random stores of all writers' conventions, mixed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.store.sql.node_types import (
    COMMON,
    DATA_SET,
    KUBEFLOW,
    METRICS,
    MODEL,
    OTHERS,
    POD,
    REPORT,
    RUN,
    SDK_EXECUTION,
    SIMPLE,
    STEP,
    WORKSPACE,
)
from tests.store.sql.records import (
    ARTIFACT,
    CONTEXT,
    EXECUTION,
    EventRecord,
    NodeRecord,
    StoreRecord,
    StructValue,
    TypeRecord,
    Value,
)
from tests.store.sql.values import (
    DOUBLES,
    INTEGERS,
    ITEMS,
    LABELS,
    MALFORMED,
    NAMES,
    OWN_ITEMS,
    PROPERTIES,
    TEXTS,
    TIMES,
    VALUES,
    compact,
    few,
    sdk_meta,
)

RUN_NAMES = few(st.sampled_from(("r", "w/x", "%2F", "'", "é", "👍", "", 'a"b', "a\\b", "[1]")), "runs", 3)
SPACE_NAMES = ("w", "w/x", "it's %")
# Names as some writers make them: of a node and its pipeline, of what is owned, of a file and its hash.
_PAIRS = st.tuples(TEXTS, TEXTS)
_UUID = "0a1b2c3d-0000-4000-8000-00000000000F"
_COLUMNS = st.one_of(st.none(), TEXTS, _PAIRS.map(":".join), TEXTS.map(lambda text: f"12:{text}"))
_CONTEXT_NAMES = st.one_of(TEXTS.filter(bool), _PAIRS.map(".".join), TEXTS.map(lambda text: f"{_UUID}:{text}"))
TYPES = st.one_of(
    st.sampled_from((KUBEFLOW, KUBEFLOW + COMMON, COMMON)),
    st.lists(st.sampled_from(OTHERS), unique=True, min_size=1, max_size=2).map(lambda found: sum(found, COMMON)),
    st.lists(st.sampled_from(OTHERS), unique=True, max_size=3).map(lambda found: sum(found, KUBEFLOW)),
)
_INPUTS = st.dictionaries(
    st.sampled_from(("p", "q", "a", "a.b")),
    st.sampled_from((1.0, 0.5, -2.5, True, "a", "p", [1.0], {"b": 1.0}, {"b": {"c": "x"}}, None)),
    max_size=3,
)
SCORED = (
    "PushedModel",
    "system.Model",
    "google.ForecastingMetrics",
    "A step",
    "tfx.components.trainer.component.Trainer",
)
"""The types whose nodes have a text of items, which only a file of own types says."""
INPUTS = _INPUTS.map(lambda found: StructValue(tuple(found.items())))


def indexed(prefix: str, items: dict[str, Any]) -> dict[str, Value]:
    """The custom properties that LineageQL writes beside a document of items."""
    found: dict[str, Value] = {}

    def put(name: str, value: Any) -> None:
        if isinstance(value, (dict, list)):
            found[name] = StructValue(())
        elif value is not None:
            found[name] = value
        if type(value) is float:
            found[f"exact:{name}"] = compact(value)

    def walk(value: Any, path: str) -> None:
        for key, inner in value.items():
            if "." not in key:
                put(f"{prefix}-path:{path}.{key}", inner)
                if isinstance(inner, dict):
                    walk(inner, f"{path}.{key}")

    for name, value in items.items():
        put(f"{prefix}:{name}", value)
        if "." not in name and isinstance(value, dict):
            walk(value, name)
    return found


STATES = st.sampled_from((None, None, 0, 1, 2, 3, 4, 5, 6, 7, -1))


class _Builder:
    """Draws the parts of one store."""

    def __init__(self, draw: st.DrawFn, types: tuple[TypeRecord, ...], most: int) -> None:
        self.draw, self.types, self.most = draw, types, most
        self.sdk = WORKSPACE in types
        self.others = tuple(type_ for type_ in types if type_ not in KUBEFLOW)
        self.taken: set[tuple[Any, ...]] = set()
        self.attributions: set[tuple[int, int]] = set()
        self.associations: set[tuple[int, int]] = set()
        self.parents: set[tuple[int, int]] = set()
        self.contexts: list[NodeRecord] = []
        self.run_contexts: dict[tuple[str, str], int] = {}

    def free(self, *key: Any) -> Any:
        """The last part of the key, None where that is taken already: some columns are unique."""
        if key[-1] is None or key in self.taken:
            return None
        self.taken.add(key)
        return key[-1]

    def node(self, id_: int, type_: TypeRecord, **more: Any) -> NodeRecord:
        draw = self.draw
        column = draw(_COLUMNS) if type_.kind != CONTEXT else draw(_CONTEXT_NAMES)
        external = draw(st.sampled_from((None, None, "a", "'", "x" * 255, "é")))
        defaults: dict[str, Any] = {
            "name": self.free("name", type_.id, column),
            "external_id": self.free("external", type_.kind, external),
            "created": draw(TIMES),
            "updated": draw(TIMES),
        }
        if type_.kind != CONTEXT:
            defaults["state"] = draw(STATES)
        if type_.kind == ARTIFACT:
            defaults["uri"] = draw(st.none() | TEXTS)
        node = NodeRecord(id_, type_, **(defaults | more))
        return node if node.name is not None or type_.kind != CONTEXT else NodeRecord(id_, type_, f"context {id_}")

    # -- contexts

    def add_contexts(self) -> None:
        draw = self.draw
        if self.sdk:
            for name in draw(st.sampled_from((SPACE_NAMES[:2], SPACE_NAMES, SPACE_NAMES[2:], ()))):
                labels: Value = draw(st.none() | LABELS.map(compact) | MALFORMED)
                declared: dict[str, Value] = {"labels": labels, "description": draw(TEXTS)}
                self._add_context(WORKSPACE, name=name, declared=declared, custom=draw(PROPERTIES))
        kinds = [type_ for type_ in self.others if type_.kind == CONTEXT]
        if kinds:
            for type_ in draw(
                st.lists(st.sampled_from(kinds), min_size=draw(st.sampled_from((3, 4, 2, 0))), max_size=6)
            ):
                id_ = self._add_context(type_, declared=draw(PROPERTIES), custom=draw(PROPERTIES))
                for parent in draw(st.sets(st.integers(1, id_ - 1), max_size=2)) if id_ > 1 else ():
                    self.parents.add((id_, parent))

    def _add_context(self, type_: TypeRecord, **more: Any) -> int:
        id_ = len(self.contexts) + 1
        self.contexts.append(self.node(id_, type_, **more))
        return id_

    def run_context(self, space: int, name: str) -> int:
        """The context that LineageQL makes for a run; the same one for the same names."""
        workspace = str(self.contexts[space - 1].name)
        if (workspace, name) not in self.run_contexts:
            custom = self.draw(PROPERTIES) | {"__kf_workspace__": workspace, "__kf_run__": name}
            escaped = workspace.replace("%", "%25").replace("/", "%2F")
            id_ = self._add_context(RUN, name=f"{escaped}/{name}", custom=custom)
            self.parents.add((id_, space))
            self.run_contexts[workspace, name] = id_
        return self.run_contexts[workspace, name]

    # -- artifacts and executions

    def add_node(self, kind: int, id_: int) -> NodeRecord:
        draw = self.draw
        memberships = self.attributions if kind == ARTIFACT else self.associations
        if self.sdk and (not self.others or draw(st.booleans())):
            spaces = [context.id for context in self.contexts if context.type == WORKSPACE]
            space = draw(st.sampled_from(spaces)) if spaces and draw(st.integers(0, 4)) else None
            if space is not None and draw(st.booleans()):
                return self._own(kind, id_, space, memberships)
            return self._sdk(kind, id_, space, memberships)
        types = [type_ for type_ in (*self.others, *SIMPLE) if type_.kind == kind]
        type_, custom, declared = draw(st.sampled_from(types)), draw(PROPERTIES), draw(PROPERTIES)
        if type_.name.startswith("system.") and kind == EXECUTION:
            custom |= {"inputs": draw(VALUES | INPUTS | INPUTS)}
        if "value" in type_.declares:
            declared |= {"value": draw(VALUES)}
        if type_.name in SCORED:
            declared |= {"scores": draw(st.none() | ITEMS.map(json.dumps) | ITEMS.map(json.dumps) | MALFORMED)}
        plain = [context.id for context in self.contexts if context.type != RUN]
        for context in draw(st.lists(st.sampled_from(plain), max_size=2)) if plain else ():
            memberships.add((context, id_))
        if type_.name == "kf.ServeModel":
            served = st.integers(1, len(self.contexts) + 1) | st.sampled_from(("1", 1.0, True))
            for place in draw(st.sampled_from(((custom,), (declared,), (declared, custom)))):
                place["model_version_id"] = draw(served)
        return self.node(id_, type_, declared=declared, custom=custom)

    def _fields(self, names: tuple[str, ...]) -> dict[str, Value]:
        return {name: value for name in names if (value := self.draw(st.none() | TEXTS | VALUES)) is not None}

    def _sdk(self, kind: int, id_: int, space: int | None, memberships: set[tuple[int, int]]) -> NodeRecord:
        """As the Kubeflow Metadata SDK writes it."""
        draw = self.draw
        workspace = str(self.contexts[space - 1].name) if space else draw(st.sampled_from((*SPACE_NAMES, "nowhere")))
        custom: dict[str, Value] = draw(PROPERTIES) | {"__kf_workspace__": workspace}
        if draw(st.integers(0, 3)):
            custom["__kf_run__"] = draw(RUN_NAMES)
        if space is not None:
            memberships.add((space, id_))
        types = (MODEL, DATA_SET, METRICS, REPORT, POD) if kind == ARTIFACT else (SDK_EXECUTION, STEP)
        type_ = draw(st.sampled_from(types))
        declared = self._fields(tuple(n for n in type_.declares if n not in ("__ALL_META__", "create_time")))
        if kind == ARTIFACT:
            declared["__ALL_META__"] = draw(sdk_meta(workspace))
        if type_ is METRICS:
            declared["model_id"] = draw(st.sampled_from(("1", "2", "3", "", "a")))
        return self.node(id_, type_, declared=declared, custom=custom, uri=draw(TEXTS) if kind == ARTIFACT else None)

    def _own(self, kind: int, id_: int, space: int, memberships: set[tuple[int, int]]) -> NodeRecord:
        """As LineageQL records it."""
        draw = self.draw
        custom: dict[str, Value] = {"__kf_workspace__": str(self.contexts[space - 1].name)}
        memberships.add((space, id_))
        if draw(st.booleans()) and (run := draw(RUN_NAMES)):
            custom["__kf_run__"] = run
            if draw(st.booleans()) or kind == ARTIFACT:
                memberships.add((self.run_context(space, run), id_))
        labels = draw(LABELS)
        custom |= {f"label:{key}": value for key, value in labels.items()}
        kwargs = draw(st.dictionaries(NAMES.filter(lambda n: ":" not in n and "__" not in n), VALUES, max_size=2))
        custom |= kwargs
        for name, exact in draw(st.dictionaries(st.sampled_from(("p", "q")), INTEGERS | DOUBLES, max_size=1)).items():
            custom |= {name: 0.125, f"exact:{name}": compact(exact)}
        if draw(st.integers(0, 9)) == 0:
            custom["exact:p"] = draw(st.sampled_from(("", "{", "null", "[1]", "1 2", "x", 5)))
        type_ = draw(st.sampled_from((MODEL, DATA_SET, METRICS) if kind == ARTIFACT else (SDK_EXECUTION, STEP)))
        declared = self._fields(tuple(n for n in ("name", "description", "version", "owner") if n in type_.declares))
        if kind != ARTIFACT:
            custom |= draw(st.dictionaries(st.sampled_from(("time:start", "time:end")), TIMES.map(float), max_size=2))
        if kind == ARTIFACT:
            shown = {name: value for name, value in kwargs.items() if isinstance(value, (str, int, float))}
            items = {MODEL: "hyperparameters", METRICS: "values"}
            member, found = items.get(type_, "values"), draw(OWN_ITEMS)
            meta = {"labels": labels or None, "workspace": None, member: found, "kwargs": shown}
            declared["__ALL_META__"] = compact(meta)
            if type_ in items and draw(st.integers(0, 3)):  # earlier releases wrote the document alone
                declared["__ALL_META__"] = compact(meta).replace(":", ": ", 1)
                custom |= indexed({MODEL: "parameter", METRICS: "value"}[type_], found)
        return self.node(id_, type_, declared=declared, custom=custom)

    def events(self, artifacts: int, executions: int) -> tuple[EventRecord, ...]:
        if not artifacts or not executions:
            return ()
        ends = st.tuples(
            st.integers(1, artifacts), st.integers(1, executions), st.sampled_from((3, 4, 3, 4, 1, 2, 5, 6, 7))
        )
        least = self.draw(st.sampled_from((2, 4, 0)))
        found = self.draw(st.lists(ends, unique=True, min_size=min(least, artifacts), max_size=2 * self.most))
        paths = st.sampled_from(((), (), ("port",), (0,), ("a", 1), ("é",)))
        return tuple(
            EventRecord(place + 1, *end, time=self.draw(st.none() | TIMES), path=self.draw(paths))
            for place, end in enumerate(found)
        )


@st.composite
def stores(draw: st.DrawFn, most: int = 6, types: st.SearchStrategy[tuple[TypeRecord, ...]] = TYPES) -> StoreRecord:
    """A store of up to `most` artifacts and as many executions, of these types."""
    build = _Builder(draw, drawn := draw(types), most)
    build.add_contexts()
    sizes = st.sampled_from((most // 2, most, most - 1, most - 2, 1, 0))
    artifacts = [build.add_node(ARTIFACT, id_ + 1) for id_ in range(draw(sizes))]
    executions = [build.add_node(EXECUTION, id_ + 1) for id_ in range(draw(sizes))]
    return StoreRecord(
        types=drawn,
        artifacts=tuple(artifacts),
        executions=tuple(executions),
        contexts=tuple(build.contexts),
        events=build.events(len(artifacts), len(executions)),
        attributions=frozenset(build.attributions),
        associations=frozenset(build.associations),
        parents=frozenset(build.parents),
    )
