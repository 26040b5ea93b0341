"""model-registry over models that a pipeline made: two versions of a model, and what serves the first in two places."""

from __future__ import annotations

from tests.writers.book import Book, main


def write(book: Book) -> None:
    for name in ("kf.RegisteredModel", "kf.ModelVersion", "kf.ServingEnvironment"):
        book.context_type(name)
    book.context_type("kf.InferenceService", model_version_id="INT", desired_state="STRING")
    book.artifact_type("kf.ModelArtifact")
    book.artifact_type("kf.DocArtifact")
    book.artifact_type("system.Dataset")
    book.execution_type("system.ContainerExecution")
    book.execution_type("kf.ServeModel", model_version_id="INT")
    book.execution_type("odh.ServeModel")
    data = book.artifact("system.Dataset", "s3://d/payments", display_name="payments")
    registered = book.context("kf.RegisteredModel", "fraud")
    versions = []
    for number in (1, 2):
        version = book.context("kf.ModelVersion", f"{registered}:v{number}", parent=registered)
        train = book.execution("system.ContainerExecution", status="COMPLETE", display_name="train")
        book.reads(train, data, "data")
        model = book.artifact("kf.ModelArtifact", f"s3://m/v{number}", [version], called=f"{version}:fraud-v{number}")
        book.writes(train, model, "model")
        book.artifact("kf.DocArtifact", f"https://d/v{number}", [version], called=f"{version}:card")
        versions.append(version)
    for place, type_ in (("prod-eu", "kf.ServeModel"), ("prod-us", "odh.ServeModel")):
        environment = book.context("kf.ServingEnvironment", place)
        service = book.context(
            "kf.InferenceService",
            f"{environment}:fraud-{place}",
            parent=environment,
            registered_model_id=registered,
            model_version_id=versions[0],
            desired_state="DEPLOYED",
            runtime="triton",
        )
        called = f"{service}:serve-{place}"
        book.execution(type_, [service], called=called, status="RUNNING", model_version_id=versions[0])


if __name__ == "__main__":
    main(write)
