"""What executions read and write, as the Kubeflow Metadata SDK has it: data sets, models, metrics, and users' own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from lineageql_client.errors import ServiceError
from lineageql_client.reading import new_id
from lineageql_client.values import named, plain, texts

if TYPE_CHECKING:
    from lineageql_client.client import Client
    from lineageql_client.recording import Handle


class Artifact:
    """What executions read and write. A class of your own has ARTIFACT_TYPE_NAME and `serialization`.

    `serialization()` answers an object with `uri`, `properties` and `custom_properties`: ml-metadata's `Artifact`, or a
    `Serialized`. Its type is made where there is none.
    """

    ARTIFACT_TYPE_NAME: ClassVar[str]

    _handle: Handle | None = None
    _given_id: int | None = None

    def serialization(self) -> Any:
        """What is to be stored."""
        raise NotImplementedError(f"{type(self).__name__} must have the method serialization()")

    @staticmethod
    def is_duplicated(a: Any, b: Any) -> bool:
        """Whether two, as `serialization` gives them, are the same artifact, which is then not recorded again."""
        return False

    @property
    def id(self) -> int | None:
        """MLMD's id; None before it is logged."""
        return self._given_id if self._handle is None else self._handle.id

    @id.setter
    def id(self, value: int | None) -> None:
        self._given_id, self._handle = value, None

    @property
    def node_id(self) -> str:
        """The global id."""
        if self._handle is None:
            raise ValueError("this artifact was not logged yet, so it has no id.")
        return node_id_of(self._handle)

    def __repr__(self) -> str:
        members = {"id": self.id, **{name: one for name, one in vars(self).items() if not name.startswith("_")}}
        shown = ", ".join(f"{name}={one!r}" for name, one in members.items())
        return f"{type(self).__qualname__}({shown})"


class Serialized:
    """What an artifact of a class of your own stores, without ml-metadata.

    Args:
        uri: where it lies.
        properties: values by name, which become declared properties of its type.
        custom_properties: further values by name.
    """

    def __init__(
        self,
        uri: str,
        properties: Mapping[str, Any] | None = None,
        custom_properties: Mapping[str, Any] | None = None,
        type_id: int | None = None,
    ) -> None:
        self.uri = uri
        self.properties = dict(properties or {})
        self.custom_properties = dict(custom_properties or {})
        self.type_id = type_id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Serialized) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class Described(Artifact):
    """A data set, a model or metrics."""

    _MEMBER: ClassVar[str]
    _FACTS: ClassVar[Mapping[str, str]]
    """The members of the class, by the names of the schema."""

    uri: str
    name: str
    description: str | None
    owner: str | None
    labels: Mapping[str, str] | None
    kwargs: Mapping[str, Any]

    def _describe(
        self,
        uri: str | None,
        name: str | None,
        workspace: str | None,
        description: str | None,
        owner: str | None,
        labels: Mapping[str, str] | None,
        kwargs: Mapping[str, Any],
    ) -> None:
        self.uri = text(uri, "uri")
        self.workspace = workspace
        self.name = text(name, "name")
        self.description = description
        self.owner = owner
        self.labels = labels
        self.create_time = now()
        self.kwargs = kwargs

    def serialization(self) -> Serialized:
        """Its texts, as the SDK declares them."""
        names = ("name", "create_time", "description", "query", "version", "owner", "model_type", "metrics_type")
        members = ((name, getattr(self, name, None)) for name in (*names, "data_set_id", "model_id"))
        return Serialized(self.uri, named(members))

    @staticmethod
    def is_duplicated(a: Any, b: Any) -> bool:
        """Whether type, uri, name, version and workspace are equal."""
        one, other = _Read(a), _Read(b)
        return (
            getattr(a, "type_id", None) == getattr(b, "type_id", None)
            and one.uri == other.uri
            and all(one.properties.get(name) == other.properties.get(name) for name in ("name", "version"))
            and one.custom_properties.get("__kf_workspace__") == other.custom_properties.get("__kf_workspace__")
        )

    def _draft(self, recorder: Any) -> Mapping[str, Any]:
        """It as an ArtifactInput."""
        made = named(
            (
                *((theirs, plain(getattr(self, ours))) for theirs, ours in self._FACTS.items()),
                ("name", self.name),
                ("uri", self.uri),
                ("description", self.description),
                ("owner", self.owner),
                ("labels", texts(self.labels, "labels")),
                ("customProperties", given_values(self.kwargs)),
            )
        )
        return {self._MEMBER: made}


class DataSet(Described):
    """A data set.

    Args:
        uri: where it lies.
        name: its name.
        workspace: kept here, and not recorded: an artifact belongs to the workspace of its execution.
        description: what it is.
        owner: whose it is.
        version: which of its versions it is.
        query: how it was fetched from its source.
        labels: texts by key.
        kwargs: values of your own.

    Raises:
        ValueError: uri or name is missing or no text.
    """

    ARTIFACT_TYPE_NAME = "kubeflow.org/alpha/data_set"
    _MEMBER = "dataSet"
    _FACTS: ClassVar[Mapping[str, str]] = {"version": "version", "query": "query"}

    def __init__(
        self,
        uri: str | None = None,
        name: str | None = None,
        workspace: str | None = None,
        description: str | None = None,
        owner: str | None = None,
        version: str | None = None,
        query: str | None = None,
        labels: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self._describe(uri, name, workspace, description, owner, labels, kwargs)
        self.version = version
        self.query = query


class Model(Described):
    """A model; the arguments are a DataSet's, and these.

    Args:
        model_type: what sort of model it is.
        training_framework: what trained it.
        hyperparameters: values by name.
    """

    ARTIFACT_TYPE_NAME = "kubeflow.org/alpha/model"
    _MEMBER = "model"
    _FACTS: ClassVar[Mapping[str, str]] = {
        "version": "version",
        "modelType": "model_type",
        "trainingFramework": "training_framework",
        "hyperparameters": "hyperparameters",
    }

    def __init__(
        self,
        uri: str | None = None,
        name: str | None = None,
        workspace: str | None = None,
        description: str | None = None,
        owner: str | None = None,
        version: str | None = None,
        model_type: str | None = None,
        training_framework: Any = None,
        hyperparameters: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self._describe(uri, name, workspace, description, owner, labels, kwargs)
        self.version = version
        self.model_type = model_type
        self.training_framework = training_framework
        self.hyperparameters = hyperparameters


class Metrics(Described):
    """Metrics of a model or a step; the arguments are a DataSet's, and these.

    Args:
        data_set_id: the `id` of the data set that it was measured on, as a text.
        model_id: the `id` of the model that was measured, as a text.
        metrics_type: `Metrics.TRAINING`, `VALIDATION`, `TESTING` or `PRODUCTION`.
        values: numbers by name.
    """

    ARTIFACT_TYPE_NAME = "kubeflow.org/alpha/metrics"
    TRAINING = "training"
    VALIDATION = "validation"
    TESTING = "testing"
    PRODUCTION = "production"
    _MEMBER = "metrics"
    _FACTS: ClassVar[Mapping[str, str]] = {"metricsType": "metrics_type", "values": "values"}

    def __init__(
        self,
        uri: str | None = None,
        name: str | None = None,
        workspace: str | None = None,
        description: str | None = None,
        owner: str | None = None,
        data_set_id: str | int | None = None,
        model_id: str | int | None = None,
        metrics_type: str | None = None,
        values: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self._describe(uri, name, workspace, description, owner, labels, kwargs)
        self.data_set_id = data_set_id
        self.model_id = model_id
        self.metrics_type = metrics_type
        self.values = values

    @staticmethod
    def is_duplicated(a: Any, b: Any) -> bool:
        """No: metrics are always new."""
        return False

    def _draft(self, recorder: Any) -> Mapping[str, Any]:
        made = dict(super()._draft(recorder)["metrics"])
        for theirs, ours in (("modelId", "model_id"), ("dataSetId", "data_set_id")):
            given = getattr(self, ours)
            if given is not None:
                try:
                    made[theirs] = recorder.named(int(given))
                except ValueError as error:
                    raise ValueError(
                        f"'{ours}' is {given!r}; it takes the id of an artifact that was logged, as in "
                        f"str(artifact.id)."
                    ) from error
        return {"metrics": {**made, "externalId": new_id()}}


# -- classes of users' own


class _Read:
    """What a serialization holds, be it ml-metadata's or ours, as values of Python."""

    def __init__(self, serialized: Any) -> None:
        self.uri: str = serialized.uri
        self.properties = _unpacked(serialized.properties)
        self.custom_properties = _unpacked(serialized.custom_properties)


def _unpacked(values: Any) -> dict[str, Any]:
    return {name: _value(values[name]) for name in values}


def _value(value: Any) -> Any:
    """A value, out of ml-metadata's `Value` where it is in one."""
    which = getattr(value, "WhichOneof", None)
    if which is None:
        return value
    member = which("value")
    return None if member is None else getattr(value, member)


_DECLARED = {str: "STRING", bool: "BOOLEAN", int: "INT", float: "DOUBLE", dict: "STRUCT", list: "STRUCT"}
_OWN = ("name", "create_time", "description", "owner", "version")


def draft_of(artifact: Any, client: Client, workspace: str) -> Mapping[str, Any]:
    """An artifact as an ArtifactInput, for an execution of a workspace."""
    recorder = client.recorder
    if isinstance(artifact, Described) and type(artifact).serialization is Described.serialization:
        return artifact._draft(recorder)
    type_name = getattr(artifact, "ARTIFACT_TYPE_NAME", None)
    if not isinstance(type_name, str) or not callable(getattr(artifact, "serialization", None)):
        raise ValueError(
            f"{artifact!r} is no artifact: it takes a Model, DataSet, Metrics, or a class with ARTIFACT_TYPE_NAME and "
            "serialization()."
        )
    serialized = artifact.serialization()
    found = _Read(serialized)
    for reserved in ("__kf_workspace__", "__kf_run__"):
        if reserved in found.custom_properties:
            raise ValueError(f"custom_properties contains reserved key {reserved}")
    there = _duplicate(artifact, serialized, found, type_name, client, workspace)
    if there is not None:
        return {"id": there}
    values = {name: plain(value) for name, value in found.properties.items() if value is not None and value != ""}
    declared = _declare(recorder, client, type_name, values)
    own = {name: values[name] for name in _OWN if name in values and name != "create_time"}
    made = named(
        (
            ("type", type_name),
            ("uri", found.uri),
            (
                "name",
                own.pop("name", None) or getattr(artifact, "name", None) or found.uri.rstrip("/").rpartition("/")[2],
            ),
            *own.items(),
            ("properties", {name: values[name] for name in values if name in declared} or None),
            ("labels", texts(getattr(artifact, "labels", None), "labels")),
            (
                "customProperties",
                {
                    **{name: one for name, one in values.items() if name not in declared and name not in _OWN},
                    **plain(found.custom_properties),
                }
                or None,
            ),
        )
    )
    return {"custom": made}


def _declare(recorder: Any, client: Client, type_name: str, values: Mapping[str, Any]) -> set[str]:
    """Which values are declared properties of a type, which is made where there is none."""
    wanted = {name: _DECLARED[type(value)] for name, value in values.items() if name not in _OWN}
    try:
        there = next((one for one in client.types("ARTIFACT") if one.name == type_name and not one.version), None)
    except ServiceError:
        there = None  # the spool will tell
    if there is None:
        recorder.artifact_type({"name": type_name, "properties": wanted})
        return set(wanted)
    return {name for name in wanted if there.properties.get(name) == wanted[name]}


def _duplicate(
    artifact: Any, serialized: Any, found: _Read, type_name: str, client: Client, workspace: str
) -> str | None:
    """The global id of an artifact of this uri that the class takes for the same."""
    own = getattr(type(artifact), "is_duplicated", Artifact.is_duplicated)
    if own is Artifact.is_duplicated:
        return None
    for candidate in client.artifacts(uri=found.uri, type=type_name, workspace=workspace):
        other = _like(serialized, candidate.uri, candidate.properties, candidate.custom_properties)
        if own(_like(serialized, found.uri, found.properties, found.custom_properties), other):
            return candidate.id
    return None


def _like(model: Any, uri: str | None, properties: Mapping[str, Any], customs: Mapping[str, Any]) -> Any:
    """A serialization of the sort of another: ml-metadata's or ours."""
    if isinstance(model, Serialized):
        return Serialized(uri or "", properties, customs)
    made = type(model)(uri=uri)
    for target, values in ((made.properties, properties), (made.custom_properties, customs)):
        for name, value in values.items():
            if isinstance(value, bool):
                target[name].bool_value = value
            elif isinstance(value, int):
                target[name].int_value = value
            elif isinstance(value, float):
                target[name].double_value = value
            elif isinstance(value, str):
                target[name].string_value = value
    return made


# -- small things


def text(value: Any, what: str) -> str:
    if type(value) is not str or not value:
        raise ValueError(f"'{what}' must be set and in string type.")
    return value


def given_values(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Values of a user's own as JSON; None is none."""
    found = {name: one for name, one in plain(values or {}).items() if one is not None}
    return found or None


def now() -> str:
    """The time as the SDK writes it."""
    return datetime.now(timezone.utc).replace(tzinfo=None).isoformat("T") + "Z"


def node_id_of(handle: Handle) -> str:
    if handle.node_id is None:
        raise ValueError("this is not recorded yet, so it has no global id: it waits in a batch or in the spool.")
    return handle.node_id


def bind(artifact: Any, handle: Handle) -> None:
    """Gives an artifact its id."""
    if isinstance(artifact, Artifact):
        artifact._handle = handle
    else:
        artifact.id = handle.id
