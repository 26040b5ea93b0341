"""Kubeflow Pipelines, first version, as its metadata writer records pods."""

from __future__ import annotations

from tests.writers.book import Book, main

RUN = "fraud-pipeline-9xw4z"


def write(book: Book) -> None:
    book.context_type("KfpRun", pipeline_name="STRING", run_id="STRING")
    declares = {"pipeline_name": "STRING", "run_id": "STRING", "component_id": "STRING"}
    for name in ("components.Read table@sha256=11", "components.Train@sha256=22"):
        book.execution_type(name, **declares)
    for name in ("CSV", "XGBoostModel", "NoType"):
        book.artifact_type(name)
    run = book.context("KfpRun", RUN, pipeline_name="fraud-pipeline", run_id=RUN)
    steps = {}
    for name, component in (("read", "components.Read table@sha256=11"), ("train", "components.Train@sha256=22")):
        steps[name] = book.execution(
            component,
            [run],
            pipeline_name=RUN,
            run_id=RUN,
            component_id=f"{name} table" if name == "read" else name,
            kfp_pod_name=f"{RUN}-{name}",
        )
    table = _artifact(book, "CSV", "table", run)
    book.writes(steps["read"], table)
    book.reads(steps["train"], table)
    book.writes(steps["train"], _artifact(book, "XGBoostModel", "model", run))


def _artifact(book: Book, type_: str, name: str, run: int) -> int:
    """An artifact whose name is a custom property."""
    values = {"name": name, "argo_artifact": f'{{"name": "{name}"}}', "pipeline_name": RUN, "run_id": RUN}
    return book.artifact(type_, f"minio://mlpipeline/artifacts/{name}.tgz", [run], status=None, **values)


if __name__ == "__main__":
    main(write)
