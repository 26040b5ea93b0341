"""Callbacks, each with its real library."""

from __future__ import annotations

from typing import Any

import pytest

from lineageql_client import metadata
from lineageql_client.callbacks.training import Training

from .conftest import library


def shown(workspace: metadata.Workspace, training: Training) -> tuple[Any, Any, Any, list[Any]]:
    """What a training recorded, read back: its execution, model, metrics and inputs."""
    client = workspace.client
    assert training.execution is not None
    execution = client.execution(mlmd_id=training.execution.id)
    assert execution is not None
    outputs = {event.port: event.node for event in execution.outputs()}
    inputs = [event.node for event in execution.inputs()]
    return execution, outputs["model"], outputs.get("metrics"), inputs


def test_last_and_best(workspace: metadata.Workspace) -> None:
    training = Training("t", framework="none", workspace=workspace, greater_is_better={"odd": True}, data="s3://a/b/c")
    training.begin({"rate": 0.1})
    training.begin({"ignored": 1})
    for epoch in (
        {"loss": 3.0, "accuracy": 0.2, "odd": 1},
        {"loss": 1.0, "accuracy": 0.9, "odd": 0},
        {"loss": float("nan")},
    ):
        training.epoch(epoch)
    training.epoch({"late": 5, "loss": 2})
    training.end("kind")
    training.end("again")
    training.fail(RuntimeError("too late"))
    execution, model, metrics, inputs = shown(workspace, training)
    assert (execution.state, execution.custom_properties["rate"]) == ("COMPLETE", 0.1)
    assert (model.name, model.model_type, model.training_framework) == ("t", "kind", {"name": "none"})
    assert model.uri == f"unsaved:{execution.external_id}"
    assert metrics.model.id == model.id
    assert metrics.values == {
        "loss": 2,
        "best_loss": 1.0,
        "accuracy": 0.9,
        "best_accuracy": 0.9,
        "odd": 0,
        "best_odd": 1,
        "late": 5,
        "best_late": 5,
    }
    assert metrics.custom_properties["by_epoch"]["loss"] == [3.0, 1.0, "NaN", 2]
    assert metrics.custom_properties["by_epoch"]["late"] == [None, None, None, 5]
    assert metrics.custom_properties["best_epoch"] == {"loss": 1, "accuracy": 1, "odd": 0, "late": 3}
    assert [(data.uri, data.name) for data in inputs] == [("s3://a/b/c", "c")]


def test_sklearn(workspace: metadata.Workspace) -> None:
    library("sklearn")
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from lineageql_client.callbacks.sklearn import record

    X, y = load_iris(return_X_y=True)
    estimator = LogisticRegression(C=0.5, max_iter=500).fit(X, y)
    run = metadata.Run(workspace, "run")
    training = record(estimator, X, y, run=run, uri="file:///models/iris", metrics={"folds": 5})
    execution, model, metrics, (data,) = shown(workspace, training)
    assert (execution.name, execution.state, execution.run.name) == ("LogisticRegression", "COMPLETE", "run")
    assert (model.uri, model.model_type) == ("file:///models/iris", "LogisticRegression")
    assert (model.hyperparameters["C"], model.hyperparameters["max_iter"]) == (0.5, 500)
    assert metrics.values == {"folds": 5, "score": pytest.approx(estimator.score(X, y))}
    assert data.custom_properties["shape"] == [150, 4]
    # The same data is the same data set, other data is another.
    again = record(estimator, X.copy(), y, workspace=workspace)
    assert shown(workspace, again)[3][0].id == data.id
    other = record(estimator, X[1:], y[1:], workspace=workspace)
    assert shown(workspace, other)[3][0].id != data.id
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=2).fit(X, y)
    with workspace:
        training = record(search, data="s3://iris", name="search")
    _, model, metrics, (data,) = shown(workspace, training)
    assert model.hyperparameters["best.logisticregression__C"] in (0.1, 1.0)
    assert model.hyperparameters["estimator__logisticregression"] == "LogisticRegression"
    assert metrics.values["best_score"] == pytest.approx(search.best_score_)
    assert data.uri == "s3://iris"


def test_xgboost(workspace: metadata.Workspace) -> None:
    numpy = library("numpy", "xgboost")
    import xgboost

    from lineageql_client.callbacks.xgboost import LineageCallback

    X = numpy.random.default_rng(1).normal(size=(80, 3))
    matrix = xgboost.DMatrix(X, label=(X[:, 0] > 0).astype(int))
    with LineageCallback("booster", workspace=workspace, data="s3://x", uri="file:///b.json") as callback:
        parameters = {"max_depth": 2, "eta": 0.5, "objective": "binary:logistic", "eval_metric": ["logloss", "auc"]}
        evals: dict[str, Any] = {}
        xgboost.train(parameters, matrix, 5, [(matrix, "train")], callbacks=[callback], evals_result=evals)
    execution, model, metrics, _ = shown(workspace, callback.training)
    assert execution.state == "COMPLETE"
    assert (model.hyperparameters["max_depth"], model.hyperparameters["eta"]) == (2, 0.5)
    assert metrics.custom_properties["by_epoch"]["train-logloss"] == pytest.approx(evals["train"]["logloss"])
    assert metrics.values["best_train-logloss"] == pytest.approx(min(evals["train"]["logloss"]))
    assert metrics.values["best_train-auc"] == pytest.approx(max(evals["train"]["auc"]))
    with pytest.raises(xgboost.core.XGBoostError), LineageCallback("bad", workspace=workspace) as callback:
        xgboost.train({"objective": "none:such"}, matrix, 1, callbacks=[callback])
    assert callback.training.execution is None or callback.training.execution.state == "FAILED"
    estimator = xgboost.XGBClassifier(n_estimators=3, callbacks=[LineageCallback("sk", workspace=workspace)])
    estimator.fit(X, (X[:, 0] > 0).astype(int), eval_set=[(X, (X[:, 0] > 0).astype(int))], verbose=False)
    assert workspace.client.executions(workspace=workspace.name, name="sk").first().state == "COMPLETE"  # type: ignore[union-attr]


def test_lightgbm(workspace: metadata.Workspace) -> None:
    numpy = library("numpy", "lightgbm")
    import lightgbm

    from lineageql_client.callbacks.lightgbm import LineageCallback

    X = numpy.random.default_rng(1).normal(size=(200, 3))
    data = lightgbm.Dataset(X, label=(X[:, 0] > 0).astype(int))
    parameters = {"objective": "binary", "metric": ["auc", "binary_logloss"], "num_leaves": 4, "verbose": -1}
    evals: dict[str, Any] = {}
    with LineageCallback("gbm", workspace=workspace, data="s3://x") as callback:
        stop = lightgbm.early_stopping(2, verbose=False)
        keep = lightgbm.record_evaluation(evals)
        lightgbm.train(parameters, data, 30, valid_sets=[data], valid_names=["v"], callbacks=[callback, stop, keep])
    execution, model, metrics, _ = shown(workspace, callback.training)
    assert (execution.state, model.hyperparameters["num_leaves"]) == ("COMPLETE", 4)
    assert metrics.values["best_v-auc"] == pytest.approx(max(evals["v"]["auc"]))
    assert metrics.values["best_v-binary_logloss"] == pytest.approx(min(evals["v"]["binary_logloss"]))
    assert metrics.custom_properties["by_epoch"]["v-auc"] == pytest.approx(evals["v"]["auc"])

    def broken(env: Any) -> None:
        raise RuntimeError("no more")

    broken.order = 50  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError), LineageCallback("bad", workspace=workspace) as callback:
        lightgbm.train(parameters, data, 3, callbacks=[callback, broken])
    assert callback.training.execution is not None
    assert callback.training.execution.state == "FAILED"


@pytest.mark.long
def test_keras(workspace: metadata.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    backend = "torch" if importlib.util.find_spec("torch") else "jax"
    monkeypatch.setenv("KERAS_BACKEND", backend)
    library(backend)
    keras = library("keras")
    import numpy

    from lineageql_client.callbacks.keras import LineageCallback

    X = numpy.random.default_rng(1).normal(size=(64, 3)).astype("float32")
    y = (X[:, 0] > 0).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    callback = LineageCallback("net", workspace=workspace, uri="file:///net.keras")
    history = model.fit(X, y, epochs=3, validation_split=0.25, verbose=0, callbacks=[callback])
    execution, found, metrics, _ = shown(workspace, callback.training)
    assert (execution.state, found.model_type, found.uri) == ("COMPLETE", "Sequential", "file:///net.keras")
    assert found.hyperparameters["epochs"] == 3
    assert found.hyperparameters["optimizer"] == "adam"
    assert found.hyperparameters["optimizer.learning_rate"] == pytest.approx(0.01)
    assert found.custom_properties["weights"] == model.count_params()
    assert metrics.custom_properties["by_epoch"]["val_loss"] == pytest.approx(history.history["val_loss"])
    assert metrics.values["best_accuracy"] == pytest.approx(max(history.history["accuracy"]))
    with pytest.raises(ValueError), LineageCallback("bad", workspace=workspace) as callback:  # noqa: PT011
        model.fit(numpy.zeros((4, 7)), numpy.zeros(4), verbose=0, callbacks=[callback])
    assert callback.training.execution is None or callback.training.execution.state == "FAILED"


def test_lightning(workspace: metadata.Workspace, tmp_path: Any) -> None:
    # The index has no wheel of PyTorch that is small and for every machine, so CI goes without.
    torch = pytest.importorskip("torch")
    lightning = pytest.importorskip("lightning")

    from lineageql_client.callbacks.lightning import LineageCallback

    class Net(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self, rate: float = 0.1) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(3, 1)
            self.seen: list[float] = []

        def training_step(self, batch: Any, index: int) -> Any:
            loss = ((self.layer(batch[0]).squeeze() - batch[1]) ** 2).mean()
            self.log("loss", loss, on_epoch=True, on_step=False)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)

    X = torch.randn(32, 3)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, X[:, 0]), batch_size=8)
    quiet = {"enable_progress_bar": False, "logger": False, "accelerator": "cpu", "default_root_dir": str(tmp_path)}
    callback = LineageCallback("net", workspace=workspace, data="s3://x")
    lightning.Trainer(max_epochs=3, callbacks=[callback], **quiet).fit(Net(), loader)
    execution, model, metrics, _ = shown(workspace, callback.training)
    assert (execution.state, model.model_type) == ("COMPLETE", "Net")
    assert model.hyperparameters == {"max_epochs": 3, "rate": 0.1}
    assert model.uri.startswith(f"file://{tmp_path}")
    assert model.custom_properties["weights"] == 4
    by_epoch = metrics.custom_properties["by_epoch"]["loss"]
    assert len(by_epoch) == 3
    assert metrics.values == {"loss": by_epoch[-1], "best_loss": min(by_epoch)}

    class Broken(Net):
        def training_step(self, batch: Any, index: int) -> Any:
            raise RuntimeError("no more")

    callback = LineageCallback("bad", workspace=workspace)
    with pytest.raises(RuntimeError, match="no more"):
        lightning.Trainer(max_epochs=1, callbacks=[callback], **quiet).fit(Broken(), loader)
    assert callback.training.execution is not None
    assert callback.training.execution.state == "FAILED"
