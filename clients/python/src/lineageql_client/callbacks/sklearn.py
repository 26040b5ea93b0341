"""scikit-learn: records an estimator that was fitted. Of the extra `sklearn`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sklearn import __version__
from sklearn.base import BaseEstimator

from lineageql_client import metadata
from lineageql_client.callbacks.training import Training, data_sets, in_memory


def record(
    estimator: BaseEstimator,
    X: Any = None,
    y: Any = None,
    *,
    workspace: metadata.Workspace | None = None,
    run: metadata.Run | None = None,
    name: str | None = None,
    uri: str | None = None,
    version: str | None = None,
    data: metadata.DataSet | str | Iterable[metadata.DataSet | str] | None = None,
    metrics: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Training:
    """Records a fitted estimator, its parameters, the data it was fitted on, and how well it does there.

    Args:
        estimator: a fitted estimator, pipeline or search.
        X: what it was fitted on. With `y` its `score` is recorded.
        y: the targets.
        workspace: where it belongs; that of the `with` around the call if None.
        run: its run.
        name: the name of the execution and the model; the class's if None.
        uri: where the model lies.
        version: the model's version.
        data: the data sets that X came from. If None, X is named by what it holds.
        metrics: further metrics by name.
        labels: the model's labels.

    Returns:
        What was recorded: its `execution`, `model` and `metrics`.
    """
    title = name or type(estimator).__name__
    inputs = list(data_sets(data))
    if not inputs and X is not None:
        inputs = [in_memory(f"{title} data", X, y)]
    training = Training(
        title,
        framework="scikit-learn",
        version_of_framework=__version__,
        workspace=workspace,
        run=run,
        data=inputs,
        uri=uri,
        version=version,
        labels=labels,
    )
    with training:
        training.begin(_parameters(estimator))
        values = dict(metrics or {})
        if X is not None and y is not None and hasattr(estimator, "score"):
            values.setdefault("score", estimator.score(X, y))
        best = getattr(estimator, "best_score_", None)  # of a search
        if best is not None:
            values.setdefault("best_score", best)
        if values:
            training.epoch(values)
        found = getattr(estimator, "best_params_", None)
        training.end(type(estimator).__name__, {f"best.{key}": one for key, one in (found or {}).items()})
    return training


def _parameters(estimator: Any) -> dict[str, Any]:
    """All parameters, those of nested estimators by their paths; a nested estimator itself is its class's name."""
    return {
        name: type(value).__name__ if isinstance(value, BaseEstimator) else _said(value)
        for name, value in estimator.get_params(deep=True).items()
        if name != "steps"
    }


def _said(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and any(_holds_estimator(one) for one in value):
        return [repr(one)[:200] for one in value]
    return value


def _holds_estimator(value: Any) -> bool:
    return isinstance(value, BaseEstimator) or (isinstance(value, tuple) and any(map(_holds_estimator, value)))
