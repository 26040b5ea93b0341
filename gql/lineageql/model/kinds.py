"""Kinds of artifacts, so that one filter finds models across writers."""

from __future__ import annotations

from lineageql.model.choice import Choice
from lineageql.model.nodes import NodeKind, NodeType


class ArtifactKind(Choice):
    """What an artifact is to its users, whoever wrote it."""

    MODEL = "MODEL"
    DATA_SET = "DATA_SET"
    METRICS = "METRICS"
    STATISTICS = "STATISTICS"
    OTHER = "OTHER"


_BY_BASE = {
    "mlmd.Model": ArtifactKind.MODEL,
    "mlmd.Dataset": ArtifactKind.DATA_SET,
    "mlmd.Metrics": ArtifactKind.METRICS,
    "mlmd.Statistics": ArtifactKind.STATISTICS,
}
_BY_NAME = {
    "kubeflow.org/alpha/model": ArtifactKind.MODEL,
    "system.Model": ArtifactKind.MODEL,
    "Model": ArtifactKind.MODEL,
    "SavedModel": ArtifactKind.MODEL,  # of MLMD's own guide, as is `DataSet`
    "PushedModel": ArtifactKind.MODEL,
    "google.VertexModel": ArtifactKind.MODEL,
    "google.UnmanagedContainerModel": ArtifactKind.MODEL,
    "google.BQMLModel": ArtifactKind.MODEL,
    "kf.CatalogModelArtifact": ArtifactKind.MODEL,
    "kf.ModelArtifact": ArtifactKind.MODEL,
    "odh.ModelArtifact": ArtifactKind.MODEL,
    "kubeflow.org/alpha/data_set": ArtifactKind.DATA_SET,
    "system.Dataset": ArtifactKind.DATA_SET,
    "DataSet": ArtifactKind.DATA_SET,
    "google.VertexDataset": ArtifactKind.DATA_SET,
    "google.BQTable": ArtifactKind.DATA_SET,
    "Examples": ArtifactKind.DATA_SET,
    "Dataset": ArtifactKind.DATA_SET,
    "Dataslice": ArtifactKind.DATA_SET,
    "kf.DataSet": ArtifactKind.DATA_SET,
    "kubeflow.org/alpha/metrics": ArtifactKind.METRICS,
    "ModelEvaluation": ArtifactKind.METRICS,
    "Metrics": ArtifactKind.METRICS,
    "Step_Metrics": ArtifactKind.METRICS,
    "kf.Metric": ArtifactKind.METRICS,
    "kf.MetricHistory": ArtifactKind.METRICS,
    "kf.CatalogMetricsArtifact": ArtifactKind.METRICS,
    "ExampleStatistics": ArtifactKind.STATISTICS,
    **_BY_BASE,
}
_BY_ENDS = {(prefix, "Metrics"): ArtifactKind.METRICS for prefix in ("system.", "google.")}
"""Families of types that grow: how their names begin and end."""


def kind_of(type_: NodeType) -> ArtifactKind:
    """The kind of the artifacts of a type: the one that users give it, else by its name, else by its base type."""
    if isinstance(type_.given_kind, ArtifactKind):
        return type_.given_kind
    if type_.name in _BY_NAME:
        return _BY_NAME[type_.name]
    for (prefix, suffix), kind in _BY_ENDS.items():
        if type_.name.startswith(prefix) and type_.name.endswith(suffix):
            return kind
    return next((_BY_BASE[base] for base in type_.bases if base in _BY_BASE), ArtifactKind.OTHER)


def is_metrics(type_: NodeType) -> bool:
    """Whether a type is one of artifacts that are metrics."""
    return type_.kind is NodeKind.ARTIFACT and kind_of(type_) is ArtifactKind.METRICS


def is_model(type_: NodeType) -> bool:
    """Whether a type is one of artifacts that are models."""
    return type_.kind is NodeKind.ARTIFACT and kind_of(type_) is ArtifactKind.MODEL


def base_of(kind: ArtifactKind) -> str | None:
    """The name of MLMD's base type for a kind; None for OTHER."""
    return next((name for name, base_kind in _BY_BASE.items() if base_kind is kind), None)
