"""What the records of a store mean, said anew from the conventions' description and not from the code.

Source: the table of writers in the design, and the descriptions of the schema.
"""

from __future__ import annotations

import json
import math
from typing import Any

from tests.store.sql.records import ARTIFACT, CONTEXT, EXECUTION, NodeRecord, ProtoValue, StructValue, Value

ARTIFACT_STATE_WORDS = {
    "pending": 1,
    "published": 2,
    "live": 2,
    "marked_for_deletion": 3,
    "deleted": 4,
    "abandoned": 5,
    "reference": 6,
}
STATE_WORDS = {
    "new": 1,
    "running": 2,
    "complete": 3,
    "completed": 3,
    "succeeded": 3,
    "failed": 4,
    "cached": 5,
    "canceled": 6,
    "cancelled": 6,
}
KINDS = {
    "kubeflow.org/alpha/model": "MODEL",
    "PushedModel": "MODEL",
    "Model": "MODEL",
    "system.Model": "MODEL",
    "kf.ModelArtifact": "MODEL",
    "mlmd.Model": "MODEL",
    "kubeflow.org/alpha/data_set": "DATA_SET",
    "Examples": "DATA_SET",
    "Dataset": "DATA_SET",
    "mlmd.Dataset": "DATA_SET",
    "kubeflow.org/alpha/metrics": "METRICS",
    "kf.Metric": "METRICS",
    "system.Metrics": "METRICS",
    "mlmd.Metrics": "METRICS",
    "mlmd.Statistics": "STATISTICS",
    "ExampleStatistics": "STATISTICS",
    **dict.fromkeys(("google.VertexModel", "google.BQMLModel", "kf.CatalogModelArtifact", "SavedModel"), "MODEL"),
    **dict.fromkeys(("google.VertexDataset", "google.BQTable", "DataSet"), "DATA_SET"),
    **dict.fromkeys(("google.ForecastingMetrics", "system.FutureMetrics", "kf.MetricHistory"), "METRICS"),
}
BASES = {1: "DATA_SET", 2: "MODEL", 3: "METRICS", 4: "STATISTICS"}
BOOKKEEPING = {"__kf_workspace__", "__kf_run__", "__ALL_META__"}


def kubeflow(node: NodeRecord) -> bool:
    """Whether a node's type is the Kubeflow Metadata SDK's, or made in its manner."""
    return node.type.name.startswith("kubeflow.org/") or "__ALL_META__" in node.type.declares


def written(value: Any) -> str | None:
    """A JSON value where a text is wanted: a text as it is, anything else as compact JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def text_of(value: Value) -> str | None:
    """A property where a field holds a text: bytes and objects are none."""
    if isinstance(value, (bytes, StructValue, ProtoValue)):
        return None
    if isinstance(value, str) and value.startswith("mlmd-struct::"):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has none
    return written(0.0 if isinstance(value, float) and value == 0 else value)  # SQLite has no negative zero


def document(value: Value) -> dict[str, Any]:
    """The JSON object in a text; an empty one where there is none."""
    try:
        found = json.loads(value, parse_constant=str) if isinstance(value, str) else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def all_meta(node: NodeRecord, member: str) -> dict[str, Any]:
    """An object inside `__ALL_META__`."""
    found = document(node.declared.get("__ALL_META__")).get(member)
    return found if isinstance(found, dict) else {}


def labels_of(node: NodeRecord) -> dict[str, str]:
    """Labels: those in the SDK's texts, and over them those in properties of their own."""
    found: dict[str, Any] = {}
    if kubeflow(node):
        found = document(node.declared.get("labels")) if node.type.kind == CONTEXT else all_meta(node, "labels")
    labels = {key: text for key, text in ((key, written(value)) for key, value in found.items()) if text is not None}
    for name, value in node.custom.items():
        # Labels are texts: of an object, that is the text that MLMD keeps for it.
        text = value.text if isinstance(value, StructValue) else value
        if name.startswith("label:") and isinstance(text, str):
            labels[name.removeprefix("label:")] = text
    return labels


def first_text(*texts: str | None) -> str | None:
    """The first text that is not empty."""
    return next((text for text in texts if text), None)


def either(node: NodeRecord, name: str) -> str | None:
    """A text from a declared property, else from a custom one."""
    return first_text(text_of(node.declared.get(name)), text_of(node.custom.get(name)))


def state_of(node: NodeRecord) -> int:
    """A state as MLMD's number; it may be only a word, but for artifacts of the Kubeflow Metadata SDK."""
    number = node.state if node.state is not None and 0 <= node.state <= 6 else 0
    if number or (node.type.kind == ARTIFACT and kubeflow(node)):
        return number
    words = STATE_WORDS if node.type.kind == EXECUTION else ARTIFACT_STATE_WORDS
    return words.get((either(node, "state") or "").lower(), 0)


def moments_of(node: NodeRecord, clocked: tuple[set[int], set[int]]) -> tuple[int | None, int | None]:
    """When an execution began and ended: as LineageQL recorded it, else as its writer's executions tell it."""
    found: list[int | None] = []
    for name, states, told in zip(("start", "end"), clocked, (node.created, node.updated), strict=True):
        value = node.custom.get(f"time:{name}")
        if isinstance(value, float) and abs(value) <= 2**53 and value == int(value):
            found.append(int(value))
        else:
            found.append(told or None if state_of(node) in states else None)
    return found[0], found[1]


def kind_of(node: NodeRecord) -> str:
    """The kind of an artifact: by its type's name, else by that of the type's base."""
    named = KINDS.get(node.type.name)
    return named or next((BASES[base] for base in node.type.bases if base in BASES), "OTHER")


OTHER = object()
"""The value of a property that is there, and is neither text, number nor boolean."""


def property_of(node: NodeRecord, name: str, bookkeeping: bool) -> Any:
    """A property to be tested: the declared one, else the custom one, else the SDK's keyword argument.

    Bookkeeping is shown among the custom properties, where a custom one of the same name goes before it.
    """
    for layer in (node.custom, node.declared) if bookkeeping else (node.declared, node.custom):
        found = _stored(node, layer, name)
        if found is not None:
            return found
    if kubeflow(node) and node.type.kind == ARTIFACT:
        value = all_meta(node, "kwargs").get(name)
        return OTHER if isinstance(value, (dict, list)) else value
    return None


def _stored(node: NodeRecord, layer: dict[str, Value], name: str) -> Any:
    kept = ("value:", "value-path:", "parameter:", "parameter-path:")
    hidden = kubeflow(node) and (name in BOOKKEEPING or name.startswith(kept))
    if hidden or name in ("time:start", "time:end") or name.startswith(("label:", "exact:")) or layer.get(name) is None:
        return None
    exact = node.custom.get(f"exact:{name}")
    if isinstance(exact, str):
        try:
            number = json.loads(exact)
        except ValueError:
            number = None
        if number is not None:
            return number if isinstance(number, (int, float)) else OTHER
    value = layer[name]
    plain = isinstance(value, (str, int, float)) and not (isinstance(value, str) and value.startswith("mlmd-struct::"))
    return value if plain else OTHER


METRIC_TYPES, PARAMETER_TYPES = ("kf.Metric", "kf.MetricHistory"), ("kf.Parameter",)
NO_PARAMETERS = {
    "TFX": {"pipeline_name", "pipeline_root", "run_id", "component_id", "checksum_md5"},
    "KFP_V1": {"pipeline_name", "run_id", "component_id", "kfp_pod_name", "cache_key"},
    "CMF": {"Python_Env"},
    "MODEL_REGISTRY": {"model_version_id"},
}


def item_of(
    node: NodeRecord, group: str, item: str, writer: str, name: str, bookkeeping: set[str], kind: str | None
) -> Any:
    """A metric value or a parameter, by its name or its path; `name` is the node's own, `kind` an artifact's."""
    artifact = node.type.kind == ARTIFACT
    values = group == "values"
    hidden = item.startswith("__") or item in bookkeeping
    if not artifact and (values or node.type.kind != EXECUTION):
        return None
    if artifact and writer == "MODEL_REGISTRY" and node.type.name in (METRIC_TYPES if values else PARAMETER_TYPES):
        return _layered(node, "value") if item == name else None
    if artifact and kind != ("METRICS" if values else "MODEL"):
        return None
    if artifact and writer == "KUBEFLOW":
        return _along(all_meta(node, "values" if values else "hyperparameters"), item)
    if values:
        number = None if hidden else _layered(node, item)
        is_number = isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
        return number if is_number else None
    if artifact:
        return None if hidden or writer != "MODEL_REGISTRY" else _stored(node, node.custom, item)
    if writer == "KFP_V2":
        struct = node.custom.get("inputs")
        return _along(dict(struct.fields), item) if isinstance(struct, StructValue) else None
    if hidden:
        return None
    if writer == "KUBEFLOW":
        return _stored(node, node.custom, item)
    if item in ("name", "description", "state", "create_time") or item in NO_PARAMETERS.get(writer, ()):
        return None
    return _stored(node, node.custom, item) if writer in ("CMF", "MODEL_REGISTRY") else _layered(node, item)


def mapped_item(
    node: NodeRecord, item: str, names: tuple[str, ...], prefixes: tuple[str, ...], document_name: str
) -> Any:
    """An item where a file of own types says that it stands: in properties, else in a declared property's JSON."""

    def stored(item: str) -> Any:
        wanted = [*([item] if item in names else []), *(prefix + item for prefix in prefixes)]
        return next((found for name in wanted if (found := _layered(node, name)) is not None), None)

    found, members = stored(item), document(node.declared.get(document_name))
    if found is not None:
        return found
    below = item not in members or members[item] is None
    return None if below and "." in item and stored(item.partition(".")[0]) is not None else _along(members, item)


def _layered(node: NodeRecord, name: str) -> Any:
    found = _stored(node, node.declared, name)
    return _stored(node, node.custom, name) if found is None else found


def _along(members: dict[str, Any], name: str) -> Any:
    """The member of a name, else the one below the members that the parts of the name are."""
    found: Any = members.get(name)
    if found is None and "." in name:
        found = members
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    return OTHER if isinstance(found, (dict, list)) else found


def run_name_of(node: NodeRecord) -> tuple[str, str] | None:
    """The run that an execution of the SDK's convention names, with its workspace."""
    workspace, run = node.custom.get("__kf_workspace__"), node.custom.get("__kf_run__")
    if kubeflow(node) and isinstance(workspace, str) and isinstance(run, str) and run:
        return workspace, run
    return None
