"""Drafts that the tests start from."""

from __future__ import annotations

from typing import Any

from lineageql.model.conventions.kubeflow import DATA_SET_TYPE, METRICS_TYPE, MODEL_TYPE
from lineageql.model.drafts import ArtifactDraft


def model(version: str | None = "v1", **more: Any) -> ArtifactDraft:
    return ArtifactDraft("model", MODEL_TYPE, **{"name": "MNIST", "uri": "gcs://models/mnist", **more}, version=version)


def data_set(version: str | None = "v1", **more: Any) -> ArtifactDraft:
    facts = {"name": "digits", "uri": "gcs://data/digits", **more}
    return ArtifactDraft("dataSet", DATA_SET_TYPE, **facts, version=version)


def metrics(**more: Any) -> ArtifactDraft:
    return ArtifactDraft("metrics", METRICS_TYPE, **{"name": "scores", "uri": "gcs://scores/1.json", **more})


def custom(type_: str, **more: Any) -> ArtifactDraft:
    return ArtifactDraft("custom", type_, **{"name": "thing", "uri": "gcs://things/1", **more})
