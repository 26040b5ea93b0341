"""Rows as columns, and columns as frames of pandas, Arrow and Polars.

Rows come page by page and leave nothing behind but their values, and equal texts are kept once, so what is held is the
columns and one page. An object of the schema's becomes a column for each of its keys: `labels.stage`,
`values.accuracy`, `hyperparameters.learning_rate`. A workspace, a run or another entity becomes its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineageql_client.decoding import time
from lineageql_client.errors import InvalidArgument, MissingExtra
from lineageql_client.generated.shapes import FIELDS, POSSIBLE

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

HEAVY = ("properties", "custom_properties", "producer", "workspaces")
"""Fields that are left out unless they are asked for: what is in them stands in others, or costs much to find."""
_KEPT = 50_000
"""Different texts of a column that are kept once each."""


class Columns:
    """Columns by name, each with a value or None for every row."""

    def __init__(self, row_type: str, wanted: Sequence[str] | None = None) -> None:
        """Makes columns for rows of a type; `wanted` names columns, or fields that stand for all their columns.

        Raises:
            InvalidArgument: a name is of no field of the type.
        """
        known = _fields_of(row_type)
        self._wanted = None if wanted is None else tuple(wanted)
        for name in self._wanted or ():
            if name.partition(".")[0] not in known:
                raise InvalidArgument(
                    f"there is no column {name!r}; there are {', '.join(sorted(known))}", argument="columns"
                )
        edges = "node" in {row[0] for row in FIELDS[row_type]}
        tops = known - set(HEAVY) if self._wanted is None else {name.partition(".")[0] for name in self._wanted}
        self.only: frozenset[str] | None = None if edges else frozenset(tops)
        """The fields to select; None for all."""
        self._tops = tops
        self._names = None if self._wanted is None else set(self._wanted)
        self._row_type = row_type
        self._length = 0
        self._values: dict[str, list[Any]] = {}
        self._texts: dict[str, dict[str, str]] = {}
        self._times: set[str] = set()
        # The columns of fields come first and in their order, be there values or not.
        for name in self._wanted if self._wanted is not None else (row[0] for row in _rows_of(row_type)):
            if name in known or self._wanted is not None:
                self._values.setdefault(name, [])
        for name in [name for name in self._values if self._wanted is None and (name not in tops or name == "node")]:
            del self._values[name]

    def __len__(self) -> int:
        return self._length

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Adds rows as they were answered."""
        for row in rows:
            self._add(row.get("__typename", self._row_type), row)
            self._length += 1
        for column in self._values.values():
            column.extend([None] * (self._length - len(column)))

    def _add(self, type_: str, row: Mapping[str, Any]) -> None:
        for own, _, key, kind in FIELDS[type_ if type_ in FIELDS else self._row_type]:
            value = row.get(key)
            if value is None:
                continue
            if own == "node":
                self._add(value.get("__typename", ""), value)
            elif own in self._tops:
                self._field(own, kind, value)

    def _field(self, own: str, kind: str, value: Any) -> None:
        if kind == "labels":
            for label in value:
                self._put(f"{own}.{label['key']}", label["value"])
        elif kind in ("", "*"):
            if isinstance(value, dict):
                for key, one in value.items():
                    self._put(f"{own}.{key}", one)
            else:
                self._put(own, value)
        elif kind == "BigInt":
            self._put(own, int(value))
        elif isinstance(value, dict):
            self._put(own, value.get("name"))
        elif isinstance(value, list):
            self._put(own, [one.get("name") if isinstance(one, dict) else one for one in value])
        else:
            if kind == "DateTime":
                self._times.add(own)
            self._put(own, value)

    def _put(self, name: str, value: Any) -> None:
        column = self._values.get(name)
        if column is None:
            if self._names is not None and name not in self._names and name.partition(".")[0] not in self._names:
                return
            column = self._values[name] = []
        missing = self._length - len(column)
        if missing > 0:
            column.extend([None] * missing)
        elif missing < 0:
            return  # an event's own field has the name of one of its node's, which comes first
        if type(value) is str:
            texts = self._texts.setdefault(name, {})
            value = texts.get(value) or (texts.setdefault(value, value) if len(texts) < _KEPT else value)
        column.append(value)

    @property
    def values(self) -> Mapping[str, Sequence[Any]]:
        """The columns. Those that stand for their keys' columns are there only where a value was no object."""
        empty = [
            name
            for name, column in self._values.items()
            if any(other.startswith(name + ".") for other in self._values) and all(one is None for one in column)
        ]
        return {name: column for name, column in self._values.items() if name not in empty}

    def to_pandas(self) -> pandas.DataFrame:
        """A frame of pandas: times with their zone, whole numbers as Int64 where some are missing."""
        try:
            import pandas
        except ImportError as error:
            raise _missing("pandas", "frames") from error
        series = {}
        for name, values in self.values.items():
            if name in self._times:
                series[name] = pandas.to_datetime(pandas.Series(values, dtype="object"), utc=True, format="ISO8601")
            elif _kind(values) == "integer":
                series[name] = pandas.Series(values, dtype="Int64")
            else:
                kinds = {"number": "float64", "boolean": "boolean"}
                series[name] = pandas.Series(values, dtype=kinds.get(_kind(values), "object"))
        return pandas.DataFrame(series, copy=False)

    def to_arrow(self) -> pyarrow.Table:
        """A table of Arrow; a column of several kinds of values holds their JSON texts."""
        try:
            import pyarrow
        except ImportError as error:
            raise _missing("pyarrow", "arrow") from error
        types = {
            "integer": pyarrow.int64(),
            "number": pyarrow.float64(),
            "boolean": pyarrow.bool_(),
            "text": pyarrow.string(),
            "nothing": pyarrow.null(),
        }
        arrays = {}
        for name, values in self.values.items():
            if name in self._times:
                arrays[name] = pyarrow.array(map(time, values), pyarrow.timestamp("ms", "UTC"))
            else:
                kind = _kind(values)
                arrays[name] = pyarrow.array(
                    _texts(values) if kind == "mixed" else values, types.get(kind, pyarrow.string())
                )
        return pyarrow.table(arrays)

    def to_polars(self) -> polars.DataFrame:
        """A frame of Polars; a column of several kinds of values holds their JSON texts."""
        try:
            import polars
        except ImportError as error:
            raise _missing("polars", "polars") from error
        types = {"integer": polars.Int64, "number": polars.Float64, "boolean": polars.Boolean, "nothing": polars.Null}
        series = []
        for name, values in self.values.items():
            if name in self._times:
                series.append(polars.Series(name, [time(one) for one in values], polars.Datetime("ms", "UTC")))
            else:
                kind = _kind(values)
                shown = _texts(values) if kind == "mixed" else values
                series.append(polars.Series(name, shown, types.get(kind, polars.String), strict=False))
        return polars.DataFrame(series)


def _rows_of(row_type: str) -> list[tuple[str, str, str, str]]:
    """The fields of a type and of all that it may be, in order."""
    rows = [row for row in FIELDS[row_type] if row[0] != "node"]
    for row in FIELDS[row_type]:
        if row[0] == "node":
            rows = [*_rows_of(row[3]), *rows]
    for possible in POSSIBLE.get(row_type, ()):
        rows += [row for row in FIELDS[possible] if row[0] not in {each[0] for each in rows}]
    return rows


def _fields_of(row_type: str) -> set[str]:
    return {row[0] for row in _rows_of(row_type)}


_KINDS = {bool: "boolean", int: "integer", float: "number", str: "text"}


def _kind(values: Sequence[Any]) -> str:
    """What all values of a column are."""
    types = set(map(type, values)) - {type(None)}
    kinds = {_KINDS.get(type_, "mixed") for type_ in types}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    if kinds == {"integer"} and any(value is not None and not -(2**63) <= value < 2**63 for value in values):
        return "mixed"
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "nothing"


def _texts(values: Sequence[Any]) -> list[str | None]:
    return [one if one is None or isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in values]


def _missing(library: str, extra: str) -> MissingExtra:
    return MissingExtra(f"{library} is not here: pip install 'lineageql-client[{extra}]'")
