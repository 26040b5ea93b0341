"""Comparisons: runs side by side, and what two lineages differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineageql_client import tables
from lineageql_client.errors import MissingExtra, warn_incomplete

if TYPE_CHECKING:
    import pandas

    from lineageql_client.generated.entities import ComparisonRow, LineageNode, NodeDifference, Run


class RunComparisonMethods:
    """What `client.compare_runs([…])` answers: a row for each field, a value of it for each run."""

    if TYPE_CHECKING:
        runs: tuple[Run, ...]
        rows: tuple[ComparisonRow, ...]

    @property
    def differences(self) -> list[ComparisonRow]:
        """The rows that are not the same in all runs."""
        return [row for row in self.rows if not row.same]

    def to_pandas(self) -> pandas.DataFrame:
        """A frame: sections and fields by row, runs by column; of the extra `frames`."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtra("pandas is not here: pip install 'lineageql-client[frames]'") from error
        index = pandas.MultiIndex.from_tuples(
            [(row.section, row.field) for row in self.rows], names=["section", "field"]
        )
        columns = {
            _unlike(self.runs, place): pandas.Series(
                [row.values[place] for row in self.rows], index=index, dtype="object"
            )
            for place in range(len(self.runs))
        }
        return pandas.DataFrame(columns, index=index)

    def _repr_html_(self) -> str:
        head = ["section", "field", *(_unlike(self.runs, place) for place in range(len(self.runs))), "same"]
        body = ([row.section, row.field, *row.values, "yes" if row.same else "no"] for row in self.rows)
        return tables.table(head, body)


class LineageDiffMethods:
    """What `client.lineage_diff(…)` answers."""

    if TYPE_CHECKING:
        only_left: tuple[LineageNode, ...]
        only_right: tuple[LineageNode, ...]
        both: tuple[LineageNode, ...]
        changed: tuple[NodeDifference, ...]
        complete: bool

    def __post_init__(self) -> None:
        if not self.complete:
            warn_incomplete("this difference", stacklevel=9)

    def _repr_html_(self) -> str:
        lines: list[list[Any]] = [["only left", node.name, "", "", ""] for node in self.only_left]
        lines += [["only right", node.name, "", "", ""] for node in self.only_right]
        lines += [
            ["changed", pair.left.name, found.field, found.left, found.right]
            for pair in self.changed
            for found in pair.differences
        ]
        note = f"{len(self.both):,} nodes are in both" + ("" if self.complete else "; not complete")
        return tables.table(["", "node", "field", "left", "right"], lines, note)


def _unlike(runs: tuple[Run, ...], place: int) -> str:
    """A run's name, with its workspace's where another run has the same."""
    run = runs[place]
    if sum(other.name == run.name for other in runs) == 1:
        return run.name
    return f"{run.workspace.name if run.workspace is not None else run.id}/{run.name}"
