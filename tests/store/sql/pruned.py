"""What of a store a caller may see, as a store of its own: plain records are left out, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from lineageql.model.identity import EntityKind, Ref
from lineageql.model.predicates import Field
from tests.store.sql.oracle import RUN_TYPE, WORKSPACE_TYPE, Oracle
from tests.store.sql.records import NodeRecord, StoreRecord
from tests.store.sql.writers import Writer

NAMES = ("__kf_workspace__", "__kf_run__")


def pruned(store: StoreRecord, patterns: Iterable[str]) -> StoreRecord:
    """The part of a store that is in workspaces whose names match; the pattern "" stands for what is in none."""
    wanted = set(patterns)
    oracle = Oracle(store)
    spaces = {
        id_
        for id_, space in oracle.workspaces.items()
        if any(fnmatchcase(str(space.fields[Field.NAME]), pattern) for pattern in wanted if pattern)
    }

    def seen(around: set[int]) -> bool:
        return bool(around & spaces) if around else "" in wanted

    def named(node: NodeRecord) -> set[int]:
        name = node.custom.get("__kf_workspace__")
        return {c.id for c in store.contexts if c.type.name == WORKSPACE_TYPE and c.name == name}

    def above(node: NodeRecord) -> set[int]:
        if node.type.name == RUN_TYPE:
            return named(node)
        found = {parent for child, parent in store.parents if child == node.id}
        if oracle.writer(node) is Writer.TFX and node.declared.get("pipeline_name"):
            pipelines = [c for c in store.contexts if c.type.name == "pipeline"]
            found |= {c.id for c in pipelines if c.name == node.declared["pipeline_name"]}
        return found & oracle.workspaces.keys()

    contexts = {
        node.id for node in store.contexts if (node.id in spaces if node.id in oracle.workspaces else seen(above(node)))
    }
    artifacts = {n.id for n in store.artifacts if seen({s.ref.key for s in oracle.spaces(store.attributions, n.id)})}
    executions = {n.id for n in store.executions if seen({s.ref.key for s in oracle.spaces(store.associations, n.id)})}

    kubeflow = {type_ for type_ in store.types if oracle.writers.get(type_.id) is Writer.KUBEFLOW}

    def without_names(node: NodeRecord) -> NodeRecord:
        """A node without the names of a workspace and a run that are hidden."""
        if seen(named(node)) or not any(type_.kind == node.type.kind for type_ in kubeflow):
            return node
        return replace(node, custom={k: v for k, v in node.custom.items() if k not in NAMES})

    return replace(
        store,
        artifacts=tuple(without_names(node) for node in store.artifacts if node.id in artifacts),
        executions=tuple(without_names(node) for node in store.executions if node.id in executions),
        contexts=tuple(node for node in store.contexts if node.id in contexts),
        events=tuple(e for e in store.events if e.artifact in artifacts and e.execution in executions),
        attributions=frozenset(p for p in store.attributions if p[0] in contexts and p[1] in artifacts),
        associations=frozenset(p for p in store.associations if p[0] in contexts and p[1] in executions),
        parents=frozenset(p for p in store.parents if set(p) <= contexts),
    )


def hidden(store: StoreRecord, seen: StoreRecord) -> set[Ref]:
    """The artifacts and executions that are in one store and not in the other."""
    found = set()
    for kind, all_, some in (
        (EntityKind.ARTIFACT, store.artifacts, seen.artifacts),
        (EntityKind.EXECUTION, store.executions, seen.executions),
    ):
        found |= {Ref(kind, id_) for id_ in {n.id for n in all_} - {n.id for n in some}}
    return found
