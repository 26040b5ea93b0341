"""One training, whichever library trains: the execution, its inputs, metrics by epoch, and the model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from lineageql_client import metadata
from lineageql_client.steps import home_of
from lineageql_client.values import plain

_GREATER = ("acc", "auc", "f1", "precision", "recall", "score", "r2", "map", "ndcg", "iou", "dice", "bleu", "rouge")


class Training:
    """Records a training as one execution.

    Args:
        name: the execution's name, and the model's where that has none of its own.
        workspace: where it belongs; that of the `with` around it if None.
        run: its run.
        data: the data sets that it reads; a text is the uri of one.
        uri: where the model is going to lie.
        version: the model's version.
        parameters: hyperparameters beside those that the library tells.
        greater_is_better: of metrics by name, whether the greatest value is the best. If a metric is not in it, its
            name decides: `accuracy`, `auc`, `f1` and their like are better when they are greater, all else when less.
        labels: the model's labels.
    """

    def __init__(
        self,
        name: str,
        *,
        framework: str,
        version_of_framework: str | None = None,
        workspace: metadata.Workspace | None = None,
        run: metadata.Run | None = None,
        data: metadata.DataSet | str | Iterable[metadata.DataSet | str] | None = None,
        uri: str | None = None,
        version: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        greater_is_better: Mapping[str, bool] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.framework = {"name": framework, "version": version_of_framework}
        self._home = (workspace, run)
        self._data = list(data_sets(data))
        self.uri = uri
        self.version = version
        self.labels = labels
        self.parameters: dict[str, Any] = dict(parameters or {})
        self._greater = dict(greater_is_better or {})
        self.by_epoch: dict[str, list[Any]] = {}
        """The values of each metric, one an epoch; None where an epoch had none."""
        self._epochs = 0
        self.execution: metadata.Execution | None = None
        """The execution, once the training has begun."""
        self.model: metadata.Model | None = None
        """The model, once the training has ended."""
        self.metrics: metadata.Metrics | None = None
        """The metrics, once the training has ended."""

    def begin(self, parameters: Mapping[str, Any] | None = None) -> None:
        """Records that it runs. Once more is nothing."""
        self.parameters.update(parameters or {})
        if self.execution is not None:
            return
        workspace, run = home_of(*self._home)
        self.execution = metadata.Execution(self.name, workspace, run, parameters=self.parameters)
        self.execution.__enter__()
        for data in self._data:
            self.execution.log_input(data, port="data")

    def epoch(self, values: Mapping[str, Any]) -> None:
        """Takes the metrics of one epoch."""
        for name, value in values.items():
            series = self.by_epoch.setdefault(name, [])
            series.extend([None] * (self._epochs - len(series)))
            series.append(plain(value))
        self._epochs += 1
        for series in self.by_epoch.values():
            series.extend([None] * (self._epochs - len(series)))

    def best(self, name: str) -> tuple[Any, int] | None:
        """The best value of a metric and its epoch, from 0; None where it has no number."""
        numbers = [(value, epoch) for epoch, value in enumerate(self.by_epoch.get(name, ())) if _is_number(value)]
        if not numbers:
            return None
        greater = self._greater.get(name, any(word in name.lower() for word in _GREATER))
        # Of equal ones the first.
        return max(numbers, key=lambda one: one[0]) if greater else min(numbers, key=lambda one: one[0])

    def values(self) -> dict[str, Any]:
        """The last and the best value of each metric."""
        found: dict[str, Any] = {}
        for name, series in self.by_epoch.items():
            last = next((value for value in reversed(series) if value is not None), None)
            best = self.best(name)
            found[name] = last
            if best is not None and len(series) > 1:
                found[f"best_{name}"] = best[0]
        return found

    def end(self, model_type: str | None = None, parameters: Mapping[str, Any] | None = None, **facts: Any) -> None:
        """Records the model and the metrics, and that it is complete. Once more is nothing."""
        if self.execution is None or self.model is not None:
            return
        self.parameters.update(parameters or {})
        execution = self.execution
        self.model = execution.log_output(
            metadata.Model(
                uri=self.uri or f"unsaved:{execution.external_id}",
                name=self.name,
                version=self.version,
                model_type=model_type,
                training_framework={name: value for name, value in self.framework.items() if value is not None},
                hyperparameters=plain(self.parameters),
                labels=self.labels,
                **facts,
            ),
            port="model",
        )
        values = self.values()
        if values:
            best = {name: found[1] for name in self.by_epoch if (found := self.best(name)) is not None}
            epochs: dict[str, Any] = {"by_epoch": self.by_epoch, "best_epoch": best} if self._epochs > 1 else {}
            self.metrics = execution.log_output(
                metadata.Metrics(
                    uri=f"{self.model.uri}#metrics",
                    name=f"{self.name} metrics",
                    model_id=str(self.model.id),
                    metrics_type=metadata.Metrics.TRAINING,
                    values=values,
                    **epochs,
                ),
                port="metrics",
            )
        execution.__exit__(None, None, None)

    def fail(self, error: BaseException) -> None:
        """Records that it failed. After its end this is nothing."""
        if self.execution is not None and self.model is None and self.execution.state == "RUNNING":
            self.execution.__exit__(type(error), error, error.__traceback__)

    def __enter__(self) -> Training:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.fail(error)


def data_sets(data: metadata.DataSet | str | Iterable[metadata.DataSet | str] | None) -> Iterable[metadata.DataSet]:
    """Data sets, from what a user names them by."""
    if data is None:
        return
    for one in [data] if isinstance(data, (str, metadata.DataSet)) else data:
        if isinstance(one, str):
            yield metadata.DataSet(uri=one, name=one.rstrip("/").rpartition("/")[2] or one)
        else:
            yield one


def in_memory(name: str, *arrays: Any) -> metadata.DataSet:
    """A reference to data that has no uri: the SHA-256 of what it holds, so the same data is the same data set."""
    digest = hashlib.sha256()
    for array in arrays:
        if array is not None:
            digest.update(_bytes(array))
    shape = list(getattr(arrays[0], "shape", None) or [len(arrays[0])])
    return metadata.DataSet(uri=f"sha256:{digest.hexdigest()}", name=name, shape=shape, kind=type(arrays[0]).__name__)


def _bytes(array: Any) -> bytes:
    if hasattr(array, "to_numpy"):  # pandas and polars
        columns = [str(name) for name in getattr(array, "columns", ())]
        return repr(columns).encode() + _bytes(array.to_numpy())
    if hasattr(array, "tocsr"):  # a sparse matrix
        compressed = array.tocsr()
        return b"".join(_bytes(part) for part in (compressed.data, compressed.indices, compressed.indptr))
    if hasattr(array, "tobytes") and getattr(getattr(array, "dtype", None), "hasobject", True) is False:
        return f"{array.dtype}{array.shape}".encode() + bytes(array.tobytes())
    values: Sequence[Any] = array.tolist() if hasattr(array, "tolist") else list(array)
    return repr(values).encode()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
