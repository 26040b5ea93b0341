"""A small store to try things on: three workspaces, whose lineage crosses from one to another.

`fraud-detection` makes a model from a month's payments, three months in a row;
`chargebacks` trains on its features; `mnist-tutorial` is the example of the
Kubeflow Metadata SDK. Everything in it has a name or an external id of its own,
so that recording it again changes nothing. In a new store the ids come out the
same every time, and the ready-made operations in `queries/` name some of them:
each monthly run makes seven artifacts, of which the fifth is the model.

`TIMES` says when each execution is to have been, from November 2025 to May 2026,
so that filters by time and `asOf` have something to tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone

from lineageql.catalog.recording import Recording
from lineageql.model.conventions.kubeflow import DATA_SET_TYPE, METRICS_TYPE, MODEL_TYPE
from lineageql.model.drafts import (
    ArtifactDraft,
    ArtifactTypeDraft,
    ExecutionDraft,
    ExecutionRecord,
    JSONObject,
    LabelPairs,
    PortArtifact,
    RunDraft,
    WorkspaceDraft,
)
from lineageql.model.entities import ExecutionState
from lineageql.model.identity import Ref
from lineageql.model.kinds import ArtifactKind

FRAUD, CHARGEBACKS, MNIST = "fraud-detection", "chargebacks", "mnist-tutorial"
WORKSPACES = frozenset({FRAUD, CHARGEBACKS, MNIST, "tutorial"})
"""The workspaces of the demonstration and of the tutorial in `queries/`."""
REPORT_TYPE, DRIFT_TYPE, ENDPOINT_TYPE = "EvaluationReport", "DriftStatistics", "Endpoint"
DEPLOYMENT = "Deployment"
_BUCKET = "s3://lineage-demo"

_MONTHS: Mapping[str, JSONObject] = {
    "2026-01": {
        "stage": "archived",
        "rows": 1_204_311,
        "hyperparameters": {"learning_rate": 0.1, "max_depth": 6, "rounds": 400, "scale_pos_weight": 48.5},
        "training": {"auc": 0.9412, "log_loss": 0.0893},
        "validation": {"auc": 0.9127, "precision_at_1_percent": 0.614, "recall_at_1_percent": 0.387},
        "shifts": {"amount": 0.012, "country": 0.031, "merchant_category": 0.02},
    },
    "2026-02": {
        "stage": "production",
        "rows": 1_187_902,
        "hyperparameters": {"learning_rate": 0.05, "max_depth": 8, "rounds": 900, "scale_pos_weight": 48.5},
        "training": {"auc": 0.9655, "log_loss": 0.0671},
        "validation": {"auc": 0.9318, "precision_at_1_percent": 0.668, "recall_at_1_percent": 0.421},
        "shifts": {"amount": 0.009, "country": 0.027, "merchant_category": 0.035},
    },
    "2026-03": {
        "stage": "canary",
        "rows": 1_391_475,
        "hyperparameters": {"learning_rate": 0.03, "max_depth": 8, "rounds": 1600, "scale_pos_weight": 52.25},
        "training": {"auc": 0.9701, "log_loss": 0.0628},
        "validation": {"auc": 0.9386, "precision_at_1_percent": 0.691, "recall_at_1_percent": 0.439},
        "shifts": {"amount": 0.014, "country": 0.044, "merchant_category": 0.051},
    },
}
_STEPS = {"make features": "03:10", "split": "03:40", "train": "04:00", "evaluate": "06:30"}
_MINUTES = {
    "make features": 24,
    "split": 7,
    "train": 95,
    "evaluate": 18,
    "backtest": 12,
    "training": 31,
    "evaluation": 4,
    "watch drift": 3,
    "review": 55,
}
"""How long each step took; what is not here goes on still."""
_PREFIX = "lineageql-demo"


def _times() -> dict[str, int]:
    times = {
        f"{MNIST}/run-1/training": "2025-11-03T09:00",
        f"{MNIST}/run-1/evaluation": "2025-11-03T09:40",
        f"{MNIST}//serving model v0.0.1": "2025-11-04T12:00",
        f"{MNIST}/run-2/training": "2025-12-08T09:00",
        f"{MNIST}/run-2/evaluation": "2025-12-08T09:40",
        f"{MNIST}//serving model v0.0.2": "2025-12-09T12:00",
        f"{FRAUD}/monthly-2026-03-first-try/train": "2026-04-02T03:45",
        f"{FRAUD}/serving/serve 2026-02": "2026-03-09T10:00",
        f"{FRAUD}/serving/serve 2026-03": "2026-04-20T10:00",
        f"{CHARGEBACKS}/forecast-2026-04/train": "2026-05-04T08:00",
        f"{CHARGEBACKS}/forecast-2026-04/backtest": "2026-05-04T09:15",
    }
    # A month's payments are there on the second of the next.
    for month, after in (("2026-01", "2026-02"), ("2026-02", "2026-03"), ("2026-03", "2026-04")):
        times |= {f"{FRAUD}/monthly-{month}/{step}": f"{after}-02T{hour}" for step, hour in _STEPS.items()}
        times[f"{FRAUD}/reviews/watch drift {month}"] = f"{after}-03T08:00"
        times[f"{FRAUD}/reviews/review {month}"] = f"{after}-05T14:00"
    utc = timezone.utc
    return {
        f"{_PREFIX}/{name}": int(datetime.fromisoformat(text).replace(tzinfo=utc).timestamp() * 1000)
        for name, text in times.items()
    }


TIMES: Mapping[str, int] = _times()
"""When each execution was, in milliseconds since the epoch, by its external id."""

_TEAM, _OTHER_TEAM = ("team", "risk"), ("team", "shop")


async def record_demonstration(recording: Recording) -> None:
    """Records what of the demonstration is not there yet.

    Raises:
        LineageQLError: what `Recording` raises.
    """
    features = [await _month(recording, month) for month in _MONTHS]
    await recording.create_artifact_type(ArtifactTypeDraft(REPORT_TYPE, properties={"passed": "BOOLEAN"}))
    shifts = {"features": "INT", "largest_shift": "DOUBLE", "by_feature": "STRUCT"}
    await recording.create_artifact_type(ArtifactTypeDraft(DRIFT_TYPE, ArtifactKind.STATISTICS, shifts))
    await recording.create_artifact_type(ArtifactTypeDraft(ENDPOINT_TYPE, properties={"replicas": "INT"}))
    await _reviews(recording)
    await _serving(recording)
    await _chargebacks(recording, features)
    await _mnist(recording)


# -- fraud-detection


async def _month(recording: Recording, month: str) -> Ref:
    """Records a month's run, from the payments to the model's metrics; answers its features."""
    draft = WorkspaceDraft(FRAUD, "Scores card payments while they are authorized", [_TEAM, ("tier", "critical")])
    workspace = await recording.create_workspace(draft)
    run, facts = f"monthly-{month}", _MONTHS[month]
    about = f"Makes a model of the payments of {month}"
    await recording.create_run(workspace.ref, RunDraft(run, about, [("pipeline", "monthly")]))
    query = f"SELECT * FROM payments WHERE month = '{month}'"
    raw = _data("payments", month, query=query, labels=[("pii", "yes")], customs={"rows": facts["rows"]})
    features = _data("features", month, labels=[_TEAM], customs={"columns": 214})
    train, test = (_data(f"{part}-set", month) for part in ("train", "test"))
    parts = [PortArtifact(train, "train"), PortArtifact(test, "test")]
    made = await recording.record_lineage(
        [
            _record(FRAUD, run, "make features", [raw], [features], customs={"code": "features.py@4c1d7e0"}),
            _record(FRAUD, run, "split", [features], parts, customs={"seed": 17, "share": 0.8}),
            _record(FRAUD, run, "train", [PortArtifact(train, "examples")], [PortArtifact(_model(month), "model")]),
        ]
    )
    # The metrics name the model and its data by their ids, which these have now.
    model, (train_ref, test_ref) = made[2].outputs[0], made[1].outputs
    uri = f"{_BUCKET}/metrics/fraud-model/{month}"
    scores = _metrics(f"{uri}/training.json", month, "training", facts["training"], (model, train_ref), [_TEAM])
    await recording.log_output(made[2].execution, PortArtifact(scores, "metrics"))
    scores = _metrics(f"{uri}/validation.json", month, "validation", facts["validation"], (model, test_ref), [_TEAM])
    evaluation = [PortArtifact(model, "model"), PortArtifact(test_ref, "examples")]
    await recording.record_execution(_record(FRAUD, run, "evaluate", evaluation, [PortArtifact(scores, "metrics")]))
    return made[0].outputs[0]


async def _reviews(recording: Recording) -> None:
    """What was looked at beside the monthly runs, and an attempt that failed."""
    merchants = _data("merchants", "2026")
    records = []
    for month, facts in _MONTHS.items():
        shifts = facts["shifts"]
        measured = {"features": 214, "largest_shift": max(shifts.values()), "by_feature": shifts}
        uri = f"{_BUCKET}/drift/{month}.json"
        drift = ArtifactDraft("custom", DRIFT_TYPE, "drift", uri, month, properties=measured)
        features = _data("features", month)
        records.append(_record(FRAUD, "reviews", f"watch drift {month}", [features, merchants], [drift]))
        passed = {"passed": facts["validation"]["auc"] > 0.92}
        uri = f"{_BUCKET}/reports/{month}.html"
        report = ArtifactDraft("custom", REPORT_TYPE, "model report", uri, month, properties=passed)
        records.append(_record(FRAUD, "reviews", f"review {month}", [_model(month)], [report]))
    error = {"error": "out of memory after 1211 rounds", "exit_code": 137}
    train = _data("train-set", "2026-03")
    records.append(
        _record(FRAUD, "monthly-2026-03-first-try", "train", [train], [], state=ExecutionState.FAILED, customs=error)
    )
    await recording.record_lineage(records)


async def _serving(recording: Recording) -> None:
    records = []
    for month, percent in (("2026-02", 95), ("2026-03", 5)):
        endpoint = ArtifactDraft(
            "custom",
            ENDPOINT_TYPE,
            f"fraud-scoring-{month}",
            f"https://scoring.example.org/fraud/{month}",
            properties={"replicas": 12 if percent > 50 else 2},
            labels=[_TEAM],
        )
        ends = [PortArtifact(_model(month), "model")], [PortArtifact(endpoint, "endpoint")]
        share = {"traffic_percent": percent}
        records.append(
            _record(
                FRAUD,
                "serving",
                f"serve {month}",
                *ends,
                kind=DEPLOYMENT,
                state=ExecutionState.RUNNING,
                customs=share,
            )
        )
    await recording.record_lineage(records)


def _model(month: str) -> ArtifactDraft:
    facts = _MONTHS[month]
    return ArtifactDraft(
        "model",
        MODEL_TYPE,
        "fraud-model",
        f"{_BUCKET}/models/fraud-model/{month}",
        month,
        owner="risk@example.org",
        description="Scores the risk that a payment is fraudulent",
        facts={
            "model_type": "gradient boosted trees",
            "training_framework": {"name": "xgboost", "version": "2.1.4"},
            "hyperparameters": facts["hyperparameters"],
        },
        labels=[("stage", facts["stage"]), _TEAM],
    )


# -- the other workspaces


async def _chargebacks(recording: Recording, features: Sequence[Ref]) -> None:
    """Another team trains on the first team's features, which stay in their own workspace."""
    run = "forecast-2026-04"
    await recording.create_workspace(WorkspaceDraft(CHARGEBACKS, "Forecasts next month's chargebacks", [_OTHER_TEAM]))
    model = ArtifactDraft(
        "model",
        MODEL_TYPE,
        "chargeback-forecast",
        f"{_BUCKET}/models/chargeback-forecast/v1",
        "v1",
        facts={"model_type": "linear regression", "hyperparameters": {"l2": 0.001}},
        labels=[("stage", "production"), _OTHER_TEAM],
    )
    trained = await recording.record_execution(
        _record(CHARGEBACKS, run, "train", features, [PortArtifact(model, "model")])
    )
    about, uri = (trained.outputs[0], features[-1]), f"{_BUCKET}/metrics/chargeback-forecast/v1.json"
    scores = _metrics(uri, "v1", "validation", {"mape": 0.083, "bias": -0.0041}, about, [_OTHER_TEAM])
    await recording.record_execution(_record(CHARGEBACKS, run, "backtest", about, [scores]))


async def _mnist(recording: Recording) -> None:
    about = [("tutorial", "kubeflow-metadata")]
    await recording.create_workspace(WorkspaceDraft(MNIST, "The example of the Kubeflow Metadata SDK", about))
    data = ArtifactDraft(
        "dataSet",
        DATA_SET_TYPE,
        "mytable-dump",
        "file://path/to/dataset",
        "v1.0.0",
        facts={"query": "SELECT * FROM mytable"},
    )
    for number, rate in ((1, 0.5), (2, 0.1)):
        run, version = f"run-{number}", f"v0.0.{number}"
        model = ArtifactDraft(
            "model",
            MODEL_TYPE,
            "MNIST",
            "gcs://my-bucket/mnist",
            version,
            facts={
                "model_type": "neural network",
                "training_framework": {"name": "tensorflow", "version": "v1.0"},
                "hyperparameters": {"learning_rate": rate, "layers": [10, 3, 1], "early_stop": True},
            },
            labels=[("mylabel", "l1")],
        )
        trained = await recording.record_execution(_record(MNIST, run, "training", [data], [model]))
        ends, uri = (trained.outputs[0], trained.inputs[0]), f"gcs://my-bucket/mnist-eval-{number}.csv"
        scores = _metrics(
            uri, version, "validation", {"accuracy": round(0.93 + number / 100, 2)}, ends, [("mylabel", "l1")]
        )
        evaluated = _record(MNIST, run, "evaluation", trained.outputs, [scores])
        served = _record(MNIST, None, f"serving model {version}", trained.outputs, [])
        await recording.record_lineage([evaluated, served])


# -- what they share


def _record(
    workspace: str,
    run: str | None,
    name: str,
    inputs: Iterable[Ref | ArtifactDraft | PortArtifact],
    outputs: Iterable[ArtifactDraft | PortArtifact],
    *,
    kind: str | None = None,
    state: ExecutionState | None = None,
    customs: JSONObject | None = None,
) -> ExecutionRecord:
    external_id = "/".join((_PREFIX, workspace, run or "", name))
    start, minutes = TIMES[external_id], _MINUTES.get(name.rstrip("-0123456789 "))
    execution = ExecutionDraft(
        name,
        kind,
        state=state,
        start_time=start,
        end_time=None if minutes is None else start + minutes * 60_000,
        custom_properties=customs or {},
        external_id=external_id,
    )
    ports = [
        [item if isinstance(item, PortArtifact) else PortArtifact(item) for item in items]
        for items in (inputs, outputs)
    ]
    return ExecutionRecord(workspace, execution, run, *ports)


def _data(
    name: str, version: str, query: str | None = None, labels: LabelPairs = (), customs: JSONObject | None = None
) -> ArtifactDraft:
    return ArtifactDraft(
        "dataSet",
        DATA_SET_TYPE,
        name,
        f"{_BUCKET}/data/{name}/{version}",
        version,
        owner="risk@example.org",
        facts={} if query is None else {"query": query},
        labels=labels,
        custom_properties=customs or {},
    )


def _metrics(
    uri: str, version: str, kind: str, values: JSONObject, about: tuple[Ref, Ref], labels: LabelPairs
) -> ArtifactDraft:
    """Metrics of a model on a data set; an external id tells them, as metrics are always new without one."""
    return ArtifactDraft(
        "metrics",
        METRICS_TYPE,
        f"{kind} metrics",
        uri,
        version,
        facts={"metrics_type": kind, "values": values},
        model=about[0],
        data_set=about[1],
        labels=labels,
        external_id=f"{_PREFIX}/{uri}",
    )
