"""Kubeflow Pipelines, second version: a pipeline whose later runs hit the cache in every step."""

from __future__ import annotations

from tests.writers.book import Book, main

LATER = 5


def write(book: Book) -> None:
    for name in ("system.Pipeline", "system.PipelineRun"):
        book.context_type(name)
    book.execution_type("system.ContainerExecution")
    for name in ("system.Dataset", "system.Model"):
        book.artifact_type(name)
    pipeline = book.context("system.Pipeline", "nightly")
    first = [pipeline, book.context("system.PipelineRun", "night-1", parent=pipeline)]
    rows = book.artifact("system.Dataset", "s3://nightly/rows", first, display_name="rows")
    model = book.artifact("system.Model", "s3://nightly/model", first, display_name="model")
    ingest = book.execution("system.ContainerExecution", first, status="COMPLETE", display_name="ingest")
    book.writes(ingest, rows, "rows")
    train = book.execution("system.ContainerExecution", first, status="COMPLETE", display_name="train")
    book.reads(train, rows, "rows")
    book.writes(train, model, "model")
    for night in range(2, LATER + 2):
        contexts = [pipeline, book.context("system.PipelineRun", f"night-{night}", parent=pipeline)]
        for step, made_by, reads, writes in (("ingest", ingest, None, rows), ("train", train, rows, model)):
            cached = book.execution(
                "system.ContainerExecution",
                contexts,
                status="CACHED",
                display_name=step,
                cached_execution_id=str(made_by),
            )
            if reads is not None:
                book.reads(cached, reads, "rows")
            book.writes(cached, writes, step)


if __name__ == "__main__":
    main(write)
