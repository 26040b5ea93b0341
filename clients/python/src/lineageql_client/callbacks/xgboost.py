"""XGBoost: a callback for `xgboost.train(…, callbacks=[…])` and for its estimators. Of the extra `xgboost`."""

from __future__ import annotations

import json
from typing import Any

import xgboost

from lineageql_client.callbacks.training import Training


class LineageCallback(xgboost.callback.TrainingCallback):  # type: ignore[misc, unused-ignore]
    """Records a training; the arguments are those of `Training`.

    A training that raises is recorded as failed where the call stands in `with` of the callback:

        with LineageCallback("fraud", workspace=workspace, data="s3://payments") as callback:
            booster = xgboost.train(parameters, matrix, callbacks=[callback])
    """

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__()
        self.training = Training(name, framework="xgboost", version_of_framework=xgboost.__version__, **options)

    def before_training(self, model: Any) -> Any:
        self.training.begin()
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self.training.epoch(
            {
                f"{data}-{metric}": series[-1] if not isinstance(series[-1], tuple) else series[-1][0]
                for data, metrics in evals_log.items()
                for metric, series in metrics.items()
            }
        )
        return False

    def after_training(self, model: Any) -> Any:
        self.training.end(type(model).__name__, _parameters(model))
        return model

    def __enter__(self) -> LineageCallback:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.training.__exit__(kind, error, trace)


def _parameters(model: Any) -> dict[str, Any]:
    """What the booster was trained with, as it says itself."""
    save = getattr(model, "save_config", None)
    if save is None:
        return {}
    found: dict[str, Any] = {}
    _leaves(json.loads(save()).get("learner", {}), found)
    return found


def _leaves(config: Any, found: dict[str, Any]) -> None:
    for name, value in config.items():
        if isinstance(value, dict):
            _leaves(value, found)
        elif isinstance(value, str) and name not in ("name",):
            found.setdefault(name, _number(value))


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
