"""model-registry while it kept its data in MLMD: models, their versions, what serves them, and experiments."""

from __future__ import annotations

from tests.writers.book import Book, main


def write(book: Book) -> None:
    book.context_type("kf.RegisteredModel", description="STRING", owner="STRING", state="STRING")
    book.context_type("odh.RegisteredModel", description="STRING")
    book.context_type("kf.ModelVersion", description="STRING", author="STRING", model_name="STRING", state="STRING")
    book.context_type("kf.ServingEnvironment", description="STRING")
    book.context_type("kf.InferenceService", registered_model_id="INT", serving_environment_id="INT", runtime="STRING")
    book.context_type("kf.Experiment", description="STRING", owner="STRING")
    book.context_type("kf.ExperimentRun", description="STRING", status="STRING")
    book.artifact_type(
        "kf.ModelArtifact",
        description="STRING",
        model_format_name="STRING",
        model_format_version="STRING",
        storage_key="STRING",
    )
    book.artifact_type("kf.DocArtifact", description="STRING")
    book.artifact_type("kf.DataSet", description="STRING", digest="STRING")
    book.artifact_type("kf.Metric", value="DOUBLE", step="INT")
    book.artifact_type("kf.Parameter", value="STRING", parameter_type="STRING")
    book.execution_type("kf.ServeModel", description="STRING", model_version_id="INT")
    _models(book)
    _experiments(book)


def _models(book: Book) -> None:
    fraud = book.context("kf.RegisteredModel", "fraud", description="finds fraud", owner="ada", team="risk")
    book.context("odh.RegisteredModel", "old")
    for number in (1, 2):
        version = book.context(
            "kf.ModelVersion", f"{fraud}:v{number}", parent=fraud, author="ada", model_name="fraud", state="LIVE"
        )
        book.artifact(
            "kf.ModelArtifact",
            f"s3://models/fraud/v{number}",
            [version],
            called=f"{version}:fraud-onnx",
            model_format_name="onnx",
            model_format_version="1",
            accuracy=0.9 + number / 100,
            reviewed="",
        )
        book.artifact(
            "kf.DocArtifact", f"https://docs.example/fraud/v{number}", [version], called=f"{version}:README: a"
        )
    # An artifact of no version has a UUID for an owner.
    book.artifact("kf.ModelArtifact", "s3://models/lone", called="3a8f4a34-4d0f-4b0e-9f0a-0f7a0b1c2d3e:lone")
    serving = book.context("kf.ServingEnvironment", "prod")
    service = book.context(
        "kf.InferenceService", f"{serving}:fraud-svc", parent=serving, registered_model_id=fraud, runtime="triton"
    )
    book.execution("kf.ServeModel", [service], called=f"{service}:serve", status="RUNNING", model_version_id=version)


def _experiments(book: Book) -> None:
    tuning = book.context("kf.Experiment", "tuning", owner="grace")
    run = book.context("kf.ExperimentRun", f"{tuning}:lr-0.1", parent=tuning, status="RUNNING")
    book.artifact("kf.DataSet", "s3://data/fraud.csv", [run], called=f"{run}:fraud.csv", digest="d1")
    book.artifact("kf.Metric", "", [run], called=f"{run}:auc", value=0.875, step=3)
    book.artifact("kf.Parameter", "", [run], called=f"{run}:lr", value="0.1", parameter_type="number")


if __name__ == "__main__":
    main(write)
