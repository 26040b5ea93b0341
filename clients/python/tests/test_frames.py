"""Frames: the same rows as pages give, in columns."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from lineageql_client import AsyncClient, Client
from lineageql_client.errors import InvalidArgument
from lineageql_client.frames import Columns
from lineageql_client.generated.entities import Metrics, Model

from .conftest import Service, library


def test_columns_hold_what_pages_hold(client: Client) -> None:
    rows = client.artifacts().all()
    columns = client.artifacts(page_size=7).columns()
    values = columns.values
    assert len(columns) == len(rows)
    assert {len(column) for column in values.values()} == {len(rows)}
    for place, row in enumerate(rows):
        assert values["mlmd_id"][place] == row.mlmd_id
        assert values["id"][place] == row.id
        assert values["type"][place] == row.type.name
        assert values["workspace"][place] == (None if row.workspace is None else row.workspace.name)
        for name, column in values.items():
            top, _, key = name.partition(".")
            if key:
                holder = getattr(row, top, None)
                assert column[place] == (holder.get(key) if isinstance(holder, dict) else None), name
    accuracies = [row.values["auc"] for row in rows if isinstance(row, Metrics) and "auc" in row.values]
    assert [value for value in values["values.auc"] if value is not None] == accuracies
    assert "properties" not in {name.partition(".")[0] for name in values}


def test_columns_that_are_asked_for(client: Client) -> None:
    wanted = ["name", "labels.stage", "hyperparameters", "labels.nothing", "create_time"]
    columns = client.artifacts(kind="MODEL").columns(wanted)
    rows = client.artifacts(kind="MODEL").all()
    assert list(columns.values)[:2] == ["name", "labels.stage"]
    assert {name for name in columns.values if name.startswith("hyperparameters.")} == {
        f"hyperparameters.{key}" for row in rows if isinstance(row, Model) for key in row.hyperparameters or {}
    }
    assert set(columns.values["labels.nothing"]) == {None}
    assert not any(name.startswith("labels.team") for name in columns.values)
    assert client.artifacts().columns(["properties.version"]).values["properties.version"]
    with pytest.raises(InvalidArgument, match=r"no column 'nmae'.*name"):
        client.artifacts().columns(["nmae"])
    empty = client.artifacts(name="nothing").columns()
    assert len(empty) == 0
    assert "name" in empty.values


def test_events_and_runs_have_columns_too(client: Client) -> None:
    execution = client.executions(name="train").first()
    assert execution is not None
    columns = execution.outputs().columns()
    assert list(columns.values["event_type"]) == ["OUTPUT"] * len(columns)
    assert list(columns.values["name"]) == [event.node.name for event in execution.outputs()]
    assert list(client.runs().columns().values["name"]) == [run.name for run in client.runs()]
    model = client.artifacts(kind="MODEL").first()
    assert model is not None
    assert list(model.upstream().columns().values["hops"]) == [edge.hops for edge in model.upstream()]


def test_pandas(client: Client) -> None:
    pandas = library("pandas")
    frame = client.artifacts().to_pandas()
    rows = client.artifacts().all()
    assert list(frame["name"]) == [row.name for row in rows]
    assert list(frame["create_time"]) == [row.create_time for row in rows]
    assert str(frame["create_time"].dtype.tz) == "UTC"
    assert str(frame["mlmd_id"].dtype) == "Int64"
    assert frame["values.auc"].dtype == "float64"
    best = frame.sort_values("values.auc").iloc[-1] if False else frame.loc[frame["values.auc"].idxmax()]
    assert best["values.auc"] == max(
        row.values["auc"] for row in rows if isinstance(row, Metrics) and "auc" in row.values
    )
    comparison = client.compare_runs(client.runs(workspace="fraud-detection", limit=2).all())
    shown = comparison.to_pandas()
    assert isinstance(shown, pandas.DataFrame)
    assert shown.shape == (len(comparison.rows), 2)
    assert list(shown.iloc[0]) == list(comparison.rows[0].values)


def test_arrow(client: Client) -> None:
    library("pyarrow")
    table = client.artifacts(page_size=7).to_arrow()
    rows = client.artifacts().all()
    assert table.num_rows == len(rows)
    assert table["name"].to_pylist() == [row.name for row in rows]
    assert table["create_time"].to_pylist() == [row.create_time for row in rows]
    layers = [json.loads(value) for value in table["hyperparameters.layers"].to_pylist() if value is not None]
    models = [row.hyperparameters or {} for row in rows if isinstance(row, Model)]
    assert layers == [found["layers"] for found in models if "layers" in found]


async def test_polars(client: Client, demo: Service) -> None:
    library("polars")
    frame = client.artifacts().to_polars()
    rows = client.artifacts().all()
    assert frame["name"].to_list() == [row.name for row in rows]
    assert frame["create_time"].to_list() == [row.create_time for row in rows]
    async with AsyncClient(demo.url) as twin:
        assert (await twin.artifacts().to_polars()).equals(frame)


def row(number: int, **properties: Any) -> dict[str, Any]:
    return {"__typename": "CustomArtifact", "name": f"n{number}", "mlmdId": number, "customProperties": properties}


def mixed() -> Columns:
    columns = Columns("Artifact", ["name", "custom_properties"])
    columns.add([row(1, a=1, b="x", c=True, d=[1], e=2**70, f=1)])
    columns.add([row(2, a=0.5, b=3, c=False, d={"k": None}, e=1), row(3), row(4, late="l")])
    return columns


def test_columns_of_several_kinds() -> None:
    values = mixed().values
    assert values["custom_properties.a"] == [1, 0.5, None, None]
    assert values["custom_properties.late"] == [None, None, None, "l"]
    library("pyarrow")
    table = mixed().to_arrow().to_pydict()
    assert table["custom_properties.a"] == [1.0, 0.5, None, None]
    assert table["custom_properties.b"] == ["x", "3", None, None]
    assert table["custom_properties.c"] == [True, False, None, None]
    assert table["custom_properties.d"] == ["[1]", '{"k": null}', None, None]
    assert table["custom_properties.e"] == [str(2**70), "1", None, None]
    library("polars")
    assert mixed().to_polars().to_dict(as_series=False) == table
    library("pandas")
    frame = mixed().to_pandas()
    assert frame["custom_properties.d"][0] == [1]
    assert math.isnan(frame["custom_properties.a"][2])
    assert frame["custom_properties.f"].isna().sum() == 3
    assert frame["custom_properties.e"][0] == 2**70
