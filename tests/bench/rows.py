"""The table of what is measured: on each line a GraphQL operation and the ml-metadata job that does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineageql.model.identity import EntityKind, global_id
from tests.bench import operations as ops
from tests.bench.building import Facts
from tests.bench.pipelines import Root, workspace_name

Arguments = Callable[[Facts], Mapping[str, Any]]
MOST_HOPS = 100
"""How many steps ml-metadata's lineage goes, whatever it is asked for."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: how the command line calls it.
        title: what it is; may hold `{nodes}`, the size of the closure that it walks.
        operation: what LineageQL runs, with these variables.
        job: what ml-metadata runs, by its name in `jobs.JOBS`, with these arguments.
        skip: how many rows of the list LineageQL has paged over before, to know the variable `after`.
        root: the artifact whose closure it walks.
        sql: the bare statement of a closure that it is held against too.
        note: what the reader of the figures should know.
    """

    name: str
    title: str
    operation: str
    variables: Arguments
    job: str
    arguments: Arguments
    skip: Callable[[Facts], int] = field(default=lambda _: 0)
    root: Callable[[Facts], Root] | None = None
    sql: str = ops.UPSTREAM_SQL
    note: str = ""

    def title_for(self, facts: Facts) -> str:
        """The title with the sizes of this store."""
        return self.title if self.root is None else self.title.format(nodes=f"{self.root(facts).nodes:,}")

    def comparable(self, facts: Facts) -> bool:
        """Whether ml-metadata can give the whole answer."""
        return self.root is None or self.root(facts).hops <= MOST_HOPS


def _label(key: str, value: str) -> str:
    """ml-metadata's test of a label, which LineageQL records as a custom property too."""
    return f"custom_properties.`label:{key}`.string_value = '{value}'"


_MODEL = "type = 'kubeflow.org/alpha/model'"
_TWO_LABELS = f"{_label('team', 'fraud')} AND {_label('stage', 'prod')}"
_LABELS = [{"key": "team", "eq": "fraud"}, {"key": "stage", "eq": "prod"}]
_ONE_O_CLOCK = ("2026-01-01T01:00:00.000Z", 1_767_229_200_000)
_CLOSURE_NOTE = "ml-metadata walks 100 steps and no further; these are less deep"


def _deep(facts: Facts) -> int:
    return max(0, min(99_900, facts.size - 100))


def _spread(facts: Facts) -> list[int]:
    return [1 + place * facts.size // 1_000 for place in range(min(1_000, facts.size))]


def _closure(place: int) -> Callable[[Facts], Root]:
    return lambda facts: facts.closures[min(place, len(facts.closures) - 1)]


def _walk(
    name: str,
    title: str,
    operation: str,
    job: str,
    root: Callable[[Facts], Root],
    *,
    sql: str = ops.UPSTREAM_SQL,
    note: str = _CLOSURE_NOTE,
) -> Row:
    def variables(facts: Facts) -> Mapping[str, Any]:
        found = root(facts)
        return {"root": global_id(EntityKind.ARTIFACT, found.artifact), "nodes": found.nodes}

    def arguments(facts: Facts) -> Mapping[str, Any]:
        return {"root": root(facts).artifact}

    return Row(name, title, operation, variables, job, arguments, root=root, sql=sql, note=note)


ROWS = (
    # What was asked for first.
    Row(
        "labels",
        "100 models by two labels",
        ops.PAGE,
        lambda _: {"where": {"kind": ["MODEL"], "labels": _LABELS}, "first": 100},
        "page",
        lambda _: {"limit": 100, "filter": f"{_MODEL} AND {_TWO_LABELS}"},
    ),
    Row(
        "properties",
        "1,000 artifacts with all properties",
        ops.EVERYTHING + ops.ALL,
        lambda _: {"first": 1_000},
        "everything",
        lambda _: {"limit": 1_000},
    ),
    Row(
        "nested",
        "workspace, 20 runs, executions, outputs, consumers: five levels",
        ops.NESTED,
        lambda _: {"workspace": workspace_name(2), "runs": 20},
        "levels",
        lambda _: {"workspace": workspace_name(2), "runs": 20},
    ),
    _walk("closure", "upstream closure of {nodes} nodes", ops.CLOSURE, "closure", _closure(0)),
    # The same by other ways.
    Row(
        "properties-by-id",
        "1,000 artifacts with all properties, by their ids",
        ops.EVERYTHING_BY_ID + ops.ALL,
        lambda facts: {"ids": [global_id(EntityKind.ARTIFACT, id_) for id_ in _spread(facts)]},
        "everything by id",
        lambda facts: {"ids": _spread(facts)},
    ),
    _walk("closure-edges", "the same closure, only its edges", ops.EDGES, "edges", _closure(0)),
    _walk("closure-counts", "the same closure, only how many nodes it has", ops.COUNTS, "counts", _closure(0)),
    # At scale.
    Row(
        "page-labels",
        "first page of 100 by two labels",
        ops.PAGE,
        lambda _: {"where": {"labels": _LABELS}, "first": 100},
        "page",
        lambda _: {"limit": 100, "filter": _TWO_LABELS},
    ),
    Row(
        "page-time",
        "first page of 100 by kind and create time, latest first",
        ops.PAGE,
        lambda _: {
            "where": {"kind": ["MODEL"], "createTime": {"before": _ONE_O_CLOCK[0]}},
            "orderBy": {"field": "CREATE_TIME", "direction": "DESC"},
            "first": 100,
        },
        "page",
        lambda _: {
            "limit": 100,
            "by_time": True,
            "filter": f"{_MODEL} AND create_time_since_epoch < {_ONE_O_CLOCK[1]}",
        },
    ),
    Row(
        "page-producer",
        "first page of 100 models by a nested producedBy",
        ops.PAGE,
        lambda _: {
            "where": {"kind": ["MODEL"], "producedBy": {"name": {"eq": "train"}, "labels": _LABELS}},
            "first": 100,
        },
        "page by producer",
        lambda _: {
            "limit": 100,
            "type": "kubeflow.org/alpha/model",
            "executions": f"properties.name.string_value = 'train' AND {_TWO_LABELS}",
        },
        note="ml-metadata's filters reach no execution: its executions, then their events, then the artifacts",
    ),
    Row(
        "page-1000",
        "1,000th page of 100",
        ops.PAGE,
        lambda _: {"first": 100},
        "page",
        lambda facts: {"limit": 100, "filter": f"id > {_deep(facts)}"},
        skip=_deep,
        note="ml-metadata's Python client shows no page token: a test of the id does for one",
    ),
    Row(
        "total",
        "totalCount of two labels",
        ops.TOTAL,
        lambda _: {"where": {"labels": _LABELS}},
        "total",
        lambda _: {"filter": _TWO_LABELS},
        note="ml-metadata counts nothing: all matches are fetched",
    ),
    Row(
        "facets",
        "facets of a label under a kind and another label",
        ops.FACETS,
        lambda _: {"where": {"kind": ["MODEL"], "labels": _LABELS[:1]}, "key": "stage"},
        "facets",
        lambda _: {"filter": f"{_MODEL} AND {_label('team', 'fraud')}"},
        note="ml-metadata counts nothing: all matches are fetched",
    ),
    _walk("closure-20000", "upstream closure of {nodes} nodes", ops.CLOSURE, "closure", _closure(1)),
    _walk(
        "closure-20000-ids",
        "the same closure, only its ids and edges",
        ops.IDS,
        "ids",
        _closure(1),
        sql=ops.UPSTREAM_EDGES_SQL,
        note="the bare statement gives ids and edges too",
    ),
    _walk("closure-100000", "upstream closure of {nodes} nodes, only how many", ops.COUNTS, "counts", _closure(2)),
    _walk(
        "chain",
        "a chain of models, each trained from the one before: {nodes} nodes",
        ops.COUNTS,
        "counts",
        lambda facts: facts.chain,
        note="as deep as a lineage gets; ml-metadata's answer ends after 100 steps and does not say so",
    ),
)
