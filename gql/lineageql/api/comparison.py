"""The types of paths, differences and comparisons."""

from __future__ import annotations

import strawberry

from lineageql.api.connections import later
from lineageql.api.context import Info
from lineageql.api.lineage import LineageEdge, edges_of
from lineageql.api.scalars import JSON
from lineageql.api.types import LineageNode, Run
from lineageql.catalog import paths


@strawberry.type(description="A shortest directed path between two nodes.")
class LineagePath:
    found: bool = strawberry.field(description="Whether there is a path.")
    complete: bool = strawberry.field(
        description="Whether the search was whole: where false and nothing was found, a bound ended it before it knew."
    )

    @strawberry.field(description="The nodes of the path, from the one end to the other; empty where none was found.")
    def steps(self, info: Info, parent: strawberry.Parent[paths.LineagePath]) -> list[LineageNode]:
        return later(info.context.loaders.entity_by_ref.load_many(parent.steps))  # type: ignore[no-any-return]

    @strawberry.field(description="The events between the nodes, in the same order.")
    async def edges(self, info: Info, parent: strawberry.Parent[paths.LineagePath]) -> list[LineageEdge]:
        return await edges_of(info, parent.edges)  # type: ignore[return-value]


@strawberry.type(description="A field in which two nodes differ.")
class FieldDifference:
    field: str = strawberry.field(
        description="The field: `version`, `labels.stage`, `hyperparameters.lr`, `values.acc`; of a step "
        "`parameters.lr`; `metrics.evaluation.acc` of the metrics that were written with the node."
    )
    left: JSON | None = strawberry.field(description="Its value on the left; null where there is none.")
    right: JSON | None = strawberry.field(description="Its value on the right; null where there is none.")


@strawberry.type(description="Two nodes that play the same part, and what differs between them.")
class NodeDifference:
    left: LineageNode = strawberry.field(description="The node of the left lineage.")
    right: LineageNode = strawberry.field(description="The node of the right lineage.")
    differences: list[FieldDifference] = strawberry.field(description="What differs, by field.")


@strawberry.type(
    description="What the lineages of two nodes share. Nodes that only one has play the same part where they stand at "
    "the same port of the same part of a run, have the same kind and name, or both."
)
class LineageDiff:
    only_left: list[LineageNode] = strawberry.field(description="What only the left lineage has, nearest first.")
    only_right: list[LineageNode] = strawberry.field(description="What only the right lineage has, nearest first.")
    both: list[LineageNode] = strawberry.field(description="What both have.")
    changed: list[NodeDifference] = strawberry.field(
        description="The two nodes themselves where they differ, then those that play the same part and differ."
    )
    complete: bool = strawberry.field(description="Whether both lineages are whole.")


@strawberry.type(description="One field of several runs.")
class ComparisonRow:
    section: str = strawberry.field(description="`parameters`, `metrics`, `inputs` or `outputs`.")
    field: str = strawberry.field(
        description="The step, model or metrics, a dot, and the parameter, value or port; of the run itself the "
        "parameter alone. A step inside others is called by its way, such as `for-loop-1[0]/train`; several of one "
        "name are numbered."
    )
    values: list[JSON | None] = strawberry.field(
        description="Its value in each run, in their order; null where it lacks it."
    )
    same: bool = strawberry.field(description="Whether it is the same in all.")


@strawberry.type(description="Runs side by side.")
class RunComparison:
    runs: list[Run] = strawberry.field(description="The runs, in the order of their ids.")
    rows: list[ComparisonRow] = strawberry.field(description="The rows, by section, then by field.")
