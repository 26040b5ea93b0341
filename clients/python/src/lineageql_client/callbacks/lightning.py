"""PyTorch Lightning: a callback for `Trainer(callbacks=[…])`. Of the extra `lightning`."""

from __future__ import annotations

from typing import Any

import lightning

from lineageql_client.callbacks.training import Training


class LineageCallback(lightning.Callback):  # type: ignore[misc, unused-ignore]
    """Records a training, on the first process of several; the arguments are those of `Training`.

    Where no `uri` is given, the model's is that of the best checkpoint, else of the last.
    """

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__()
        version = lightning.__version__
        self.training = Training(name, framework="pytorch-lightning", version_of_framework=version, **options)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.is_global_zero:
            self.training.begin({"max_epochs": trainer.max_epochs, **dict(getattr(pl_module, "hparams", {}) or {})})

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        # Validation of an epoch comes before this, so its metrics are there too.
        if trainer.is_global_zero:
            self.training.epoch(dict(trainer.callback_metrics))

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.is_global_zero:
            return
        saved = getattr(trainer, "checkpoint_callback", None)
        path = getattr(saved, "best_model_path", "") or getattr(saved, "last_model_path", "")
        if self.training.uri is None and path:
            self.training.uri = f"file://{path}"
        weights = sum(parameter.numel() for parameter in pl_module.parameters())
        self.training.end(type(pl_module).__name__, weights=weights)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        if trainer.is_global_zero:
            self.training.fail(exception)
