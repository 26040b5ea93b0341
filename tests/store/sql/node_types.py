"""The types that writers register, as far as their conventions differ by them."""

from __future__ import annotations

from tests.store.sql.records import ARTIFACT, CONTEXT, EXECUTION, TypeRecord

_META = ("name", "create_time", "description", "version", "owner", "__ALL_META__")

SDK_EXECUTION = TypeRecord(
    10, EXECUTION, "kubeflow.org/alpha/execution", declares=("name", "create_time", "description")
)
MODEL = TypeRecord(11, ARTIFACT, "kubeflow.org/alpha/model", declares=(*_META, "model_type"))
DATA_SET = TypeRecord(12, ARTIFACT, "kubeflow.org/alpha/data_set", declares=(*_META, "query"))
METRICS = TypeRecord(13, ARTIFACT, "kubeflow.org/alpha/metrics", declares=(*_META, "model_id"))
REPORT = TypeRecord(14, ARTIFACT, "Report", declares=_META, bases=(4,))
POD = TypeRecord(15, ARTIFACT, "kubeflow.org/Pod/v1", declares=("name", "version", "object"))
STEP = TypeRecord(16, EXECUTION, "My step", declares=("name", "__ALL_META__"))
WORKSPACE = TypeRecord(17, CONTEXT, "kubeflow.org/alpha/workspace", declares=("description", "labels"))
RUN = TypeRecord(18, CONTEXT, "kubeflow.org/alpha/run", declares=("description",))
KUBEFLOW = (SDK_EXECUTION, MODEL, DATA_SET, METRICS, REPORT, POD, STEP, WORKSPACE, RUN)

# Types that every store may have; where some writer's contexts are, that writer adopts those it might have made.
COMMON = (
    TypeRecord(20, ARTIFACT, "PushedModel"),
    TypeRecord(21, ARTIFACT, "Examples", declares=("p", "version"), bases=(1,)),
    TypeRecord(22, ARTIFACT, "Examples", version="2"),
    TypeRecord(23, ARTIFACT, "it's `odd` %_\\\"", bases=(2,)),
    TypeRecord(24, ARTIFACT, "Dataset"),
    TypeRecord(25, ARTIFACT, "google.ForecastingMetrics", bases=(2,)),
    TypeRecord(26, ARTIFACT, "SavedModel"),
    TypeRecord(30, EXECUTION, "A step"),
    TypeRecord(31, EXECUTION, "é.Trainer", declares=("state", "p"), bases=(5,)),
    TypeRecord(40, CONTEXT, "Experiment"),
    TypeRecord(41, CONTEXT, "Trial"),
    TypeRecord(42, CONTEXT, "node"),
)
SIMPLE = (TypeRecord(1, ARTIFACT, "mlmd.Dataset"), TypeRecord(5, EXECUTION, "mlmd.Train"))

KFP_V2 = (
    TypeRecord(50, ARTIFACT, "system.Model"),
    TypeRecord(51, EXECUTION, "system.ContainerExecution"),
    TypeRecord(52, CONTEXT, "system.Pipeline"),
    TypeRecord(53, CONTEXT, "system.PipelineRun"),
    TypeRecord(54, ARTIFACT, "system.Metrics"),
)
_STEP = ("pipeline_name", "run_id", "component_id")
KFP_V1 = (TypeRecord(60, EXECUTION, "component", declares=_STEP), TypeRecord(61, CONTEXT, "KfpRun"))
TFX = (
    TypeRecord(70, EXECUTION, "tfx.components.trainer.component.Trainer"),
    TypeRecord(71, EXECUTION, "CsvExampleGen", declares=(*_STEP, "pipeline_root", "state")),
    TypeRecord(72, CONTEXT, "pipeline"),
    TypeRecord(73, CONTEXT, "pipeline_run"),
    TypeRecord(74, CONTEXT, "run", declares=("pipeline_name", "run_id")),
)
MODEL_REGISTRY = (
    TypeRecord(80, ARTIFACT, "kf.ModelArtifact"),
    TypeRecord(81, EXECUTION, "kf.ServeModel"),
    TypeRecord(82, CONTEXT, "kf.RegisteredModel"),
    TypeRecord(83, CONTEXT, "kf.ModelVersion"),
    TypeRecord(84, CONTEXT, "kf.ServingEnvironment"),
    TypeRecord(85, CONTEXT, "kf.InferenceService"),
    TypeRecord(86, ARTIFACT, "kf.Metric", declares=("value",)),
    TypeRecord(87, ARTIFACT, "kf.Parameter", declares=("value",)),
)
CMF = (
    TypeRecord(90, EXECUTION, "Train-execution", declares=("Context_Type", "Context_ID", "Pipeline_Type")),
    TypeRecord(91, CONTEXT, "Parent_Context"),
    TypeRecord(92, CONTEXT, "Pipeline_Stage"),
)
OTHERS = (KFP_V2, KFP_V1, TFX, MODEL_REGISTRY, CMF)
"""The writers beside the Kubeflow Metadata SDK and those who have no convention of their own."""
