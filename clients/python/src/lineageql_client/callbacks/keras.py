"""Keras: a callback for `model.fit(…, callbacks=[…])`. Of the extra `keras`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from lineageql_client.callbacks.training import Training


class LineageCallback(keras.callbacks.Callback):  # type: ignore[misc, unused-ignore]
    """Records a training; the arguments are those of `Training`.

    A training that raises is recorded as failed where the call stands in `with` of the callback.
    """

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__()
        self.training = Training(name, framework="keras", version_of_framework=keras.__version__, **options)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self.training.begin(self._parameters())

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self.training.epoch(logs or {})

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self.training.end(type(self.model).__name__, weights=int(self.model.count_params()))

    def _parameters(self) -> dict[str, Any]:
        found = {name: value for name, value in (self.params or {}).items() if value is not None}
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            config = optimizer.get_config()
            found["optimizer"] = config.pop("name", type(optimizer).__name__)
            found.update({f"optimizer.{name}": one for name, one in config.items() if one is not None})
        loss = getattr(self.model, "loss", None)
        if loss is not None:
            found["loss"] = loss if isinstance(loss, str) else type(loss).__name__
        found.pop("verbose", None)
        return found

    def __enter__(self) -> LineageCallback:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.training.__exit__(kind, error, trace)
