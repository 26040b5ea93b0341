"""A pipeline of Kubeflow's whose steps write types of MLMD's own guide, of Google's cloud and of a model catalogue."""

from __future__ import annotations

from tests.writers.book import Book, main

TYPES = {
    "MODEL": (
        *("google.VertexModel", "google.UnmanagedContainerModel", "google.BQMLModel"),
        *("kf.CatalogModelArtifact", "SavedModel", "system.Model"),
    ),
    "DATA_SET": ("google.VertexDataset", "google.BQTable", "DataSet", "system.Dataset"),
    "METRICS": (
        *("google.ClassificationMetrics", "google.RegressionMetrics", "google.ForecastingMetrics"),
        *("kf.CatalogMetricsArtifact", "kf.MetricHistory", "system.SlicedClassificationMetrics", "system.Metrics"),
    ),
    "OTHER": ("google.VertexEndpoint", "google.Metrics.Archive", "acme.Metrics", "system.Artifact", "system.HTML"),
}
"""The types by the kind that their users see in them; those without one say how far the rules for names go."""


def write(book: Book) -> None:
    for name in ("system.Pipeline", "system.PipelineRun"):
        book.context_type(name)
    book.execution_type("system.ContainerExecution")
    pipeline = book.context("system.Pipeline", "tables")
    contexts = [pipeline, book.context("system.PipelineRun", "0a6f1d6e", parent=pipeline)]
    for types in TYPES.values():
        for name in types:
            book.artifact_type(name)
            step = book.execution("system.ContainerExecution", contexts, status="COMPLETE", display_name=f"make {name}")
            book.writes(step, book.artifact(name, f"gs://tables/{name}", contexts), "made")


if __name__ == "__main__":
    main(write)
