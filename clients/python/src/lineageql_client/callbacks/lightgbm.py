"""LightGBM: a callback for `lightgbm.train(…, callbacks=[…])` and for its estimators. Of the extra `lightgbm`."""

from __future__ import annotations

from typing import Any

import lightgbm

from lineageql_client.callbacks.training import Training


class LineageCallback:
    """Records a training; the arguments are those of `Training`.

    LightGBM does not tell its callbacks when it ends early or fails, so the call stands in `with` of the callback:

        with LineageCallback("fraud", workspace=workspace, data="s3://payments") as callback:
            booster = lightgbm.train(parameters, data, valid_sets=[held_back], callbacks=[callback])
    """

    order = 5  # before early stopping, which ends an iteration by an exception
    before_iteration = False

    def __init__(self, name: str, **options: Any) -> None:
        self.training = Training(name, framework="lightgbm", version_of_framework=lightgbm.__version__, **options)
        self._kind = "Booster"

    def __call__(self, env: Any) -> None:
        self.training.begin(env.params)
        self._kind = type(env.model).__name__
        # A result is (data, metric, value, greater is better), with the deviation behind it in cross-validation.
        results = env.evaluation_result_list or []
        for data, metric, _, greater, *_ in results:
            self.training._greater.setdefault(f"{data}-{metric}", bool(greater))
        self.training.epoch({f"{data}-{metric}": value for data, metric, value, *_ in results})

    def __enter__(self) -> LineageCallback:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            self.training.end(self._kind)
        else:
            self.training.fail(error)
