"""The surface of the Kubeflow Metadata SDK 0.3.1, over LineageQL.

    from lineageql_client import metadata

    store = metadata.Store("http://127.0.0.1:8000")
    workspace = metadata.Workspace(store, "fraud")
    run = metadata.Run(workspace, "nightly")
    with metadata.Execution("train", workspace, run) as execution:
        data = execution.log_input(metadata.DataSet(name="payments", uri="s3://payments/2026-11"))
        execution.log_output(metadata.Model(name="fraud", uri="s3://models/7"))

What the SDK writes this writes, and more: the run as a context of its own, the kind of the types, labels and numbers
where filters find them; `with` adds the state, start and end of an execution. Objects have MLMD's whole-number `id`,
as with the SDK; the global id is `node_id`. An `id` below zero is that of something that is still to be recorded, in
a batch or from the spool: it stands for it in this process.
"""

from __future__ import annotations

import datetime as _datetime
import functools as _functools
import inspect as _inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from lineageql_client.client import Client
from lineageql_client.errors import InvalidArgument, LineageQLError, ReadOnly, note
from lineageql_client.generated.shapes import INPUTS as _INPUTS
from lineageql_client.reading import new_id
from lineageql_client.values import named, plain, texts

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from lineageql_client.raw_store import RawStore
    from lineageql_client.recording import Handle

    P = ParamSpec("P")

R = TypeVar("R")
A = TypeVar("A", bound="Artifact")

_current: ContextVar[Workspace | Run | Execution | None] = ContextVar("lineageql_metadata", default=None)
# Where the service has no field for it yet, the times of an execution are custom properties of these names.
_TIMES = {"startTime": "start_time", "endTime": "end_time"}


class Store:
    """A LineageQL service to record in.

    Args:
        url: its address, such as `http://127.0.0.1:8000`; or a `Client`, which is then used.
        token: a bearer token, or a function that gives one.
        spool: a folder for what cannot be recorded while the service is away.
        options: further options of `Client`.

    Raises:
        ValueError: the address is none of HTTP, as where it is that of MLMD's gRPC service.
    """

    def __init__(
        self,
        url: str | Client | None = None,
        grpc_port: int | None = None,
        *,
        token: str | Callable[[], str] | None = None,
        spool: str | Path | None = None,
        grpc_host: str | None = None,
        root_certificates: bytes | None = None,
        private_key: bytes | None = None,
        certificate_chain: bytes | None = None,
        **options: Any,
    ) -> None:
        if grpc_host is not None or grpc_port is not None:
            host = grpc_host or (url if isinstance(url, str) else None) or "127.0.0.1"
            raise ValueError(
                f"LineageQL is asked by HTTP and not by MLMD's gRPC: write metadata.Store('http://{host}:8000'), "
                "with the address that `lineageql serve` prints."
            )
        if root_certificates is not None or private_key is not None or certificate_chain is not None:
            raise ValueError(
                "certificates are given as an SSL context: metadata.Store('https://…', verify=ssl_context)."
            )
        if isinstance(url, Client):
            self.client = url
        elif url is None:
            raise ValueError("'url' must be set: metadata.Store('http://127.0.0.1:8000').")
        else:
            self.client = Client(url, token=token, spool=spool, **options)

    @property
    def store(self) -> RawStore:
        """What the SDK has here is MLMD's own client; this is as much of it as its users need."""
        from lineageql_client.raw_store import RawStore

        return RawStore(self.client)

    def batch(self) -> AbstractContextManager[None]:
        """Records as one what is recorded in it; see `Client.batch`."""
        return self.client.batch()

    def flush(self) -> int:
        """Sends what is in the spool; answers how much is left."""
        return self.client.flush()

    def close(self) -> None:
        """Sends what is in the spool, if the service is there, and closes the connections."""
        self.client.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.client.url!r})"


class _Scope:
    """Something that `with` makes the home of steps that name none."""

    _token: Token[Any] | None = None

    def _enter(self) -> None:
        assert isinstance(self, (Workspace, Run, Execution))
        self._token = _current.set(self)

    def _leave(self) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None


class Workspace(_Scope):
    """Groups runs, executions and artifacts.

    Args:
        store: a Store.
        name: its name.
        description: what it is.
        labels: texts by key; a workspace that is there keeps its own.
        reuse_workspace_if_exists: whether one of this name may be there already.

    Raises:
        ValueError: an argument is missing or wrong, or there is one of this name.
    """

    CONTEXT_TYPE_NAME = "kubeflow.org/alpha/workspace"

    def __init__(
        self,
        store: Store | None = None,
        name: str | None = None,
        description: str | None = None,
        labels: Mapping[str, str] | None = None,
        reuse_workspace_if_exists: bool | None = True,
        backend_url_prefix: str | None = None,
    ) -> None:
        if backend_url_prefix:
            raise ValueError("'backend_url_prefix' is deprecated. Please set the 'store' parameter.")
        self.name = _text(name, "name")
        if not isinstance(store, Store):
            raise ValueError("'store' must be set as metadata.Store")
        self._store = store
        self.description = description
        self.labels = labels
        if not reuse_workspace_if_exists:
            there = store.client.workspace(name=self.name)
            if there is not None:
                raise ValueError(
                    f"Workspace name {self.name} already exists with id {there.mlmd_id}. You can initialize workspace "
                    "with reuse_workspace_if_exists=True if want to reuse it"
                )
        try:
            self._handle = store.client.recorder.workspace(self.name, description or None, texts(labels, "labels"))
        except ReadOnly:
            # Who only reads needs a workspace that is there.
            found = store.client.workspace(name=self.name)
            if found is None:
                raise
            self._handle = store.client.recorder.known(found.id, found.mlmd_id)

    @property
    def store(self) -> RawStore:
        """As much of MLMD's own client as users of the SDK need."""
        return self._store.store

    @property
    def client(self) -> Client:
        """The client that records, and reads."""
        return self._store.client

    @property
    def context_id(self) -> int:
        """MLMD's id."""
        return self._handle.id

    @property
    def node_id(self) -> str:
        """The global id."""
        return _node_id(self._handle)

    def list(self, artifact_type_name: str | None = None) -> list[dict[str, Any]]:
        """The artifacts of a type in this workspace, each as a flat dict; those of models if no type is given."""
        from lineageql_client.rows import rows

        return rows(self.client, self.name, artifact_type_name or Model.ARTIFACT_TYPE_NAME)

    def __enter__(self) -> Workspace:
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def __repr__(self) -> str:
        return f"Workspace({self.name!r}, context_id={self.context_id})"


class Run(_Scope):
    """A run in a workspace. Nothing is recorded of it before its first execution.

    Raises:
        ValueError: an argument is missing or wrong.
    """

    def __init__(
        self,
        workspace: Workspace | None = None,
        name: str | None = None,
        description: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        if workspace is None:
            raise ValueError("'workspace' must be set.")
        self.workspace = workspace
        self.name = _text(name, "name")
        self.description = description
        self.labels = labels
        self._made = not description and not labels

    def _make(self) -> None:
        """Makes its context, where that has more than its name."""
        if not self._made:
            self._made = True
            recorder = self.workspace.client.recorder
            recorder.run(self.workspace.name, self.name, self.description or None, texts(self.labels, "labels"))

    def __enter__(self) -> Run:
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def __repr__(self) -> str:
        return f"Run({self.name!r}, workspace={self.workspace.name!r})"


class Execution(_Scope):
    """An execution: recorded when it is made, and what artifacts are logged to.

    `with` records its state too: RUNNING and the start, then COMPLETE and the end, or FAILED and the exception.

    Args:
        name: its name.
        workspace: where it belongs.
        run: the run that it belongs to.
        description: what it is.
        type: its MLMD type, made where there is none; `kubeflow.org/alpha/execution` if None.
        labels: texts by key.
        parameters: values by name; they are custom properties.
        external_id: an id of your own; making one of an id that is there finds that.

    Raises:
        ValueError: an argument is missing or wrong.
    """

    EXECUTION_TYPE_NAME = "kubeflow.org/alpha/execution"

    def __init__(
        self,
        name: str | None = None,
        workspace: Workspace | None = None,
        run: Run | None = None,
        description: str | None = None,
        *,
        type: str | None = None,
        labels: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        external_id: str | None = None,
    ) -> None:
        if workspace is None:
            raise ValueError("'workspace' must be set.")
        self.name = _text(name, "name")
        self.workspace = workspace
        self.run = run
        self.description = description
        self.create_time = _now()
        self.state = "UNKNOWN"
        self.external_id = external_id or new_id()
        if run is not None:
            run._make()
        made = named(
            (
                ("name", self.name),
                ("type", type),
                ("description", description),
                ("state", "UNKNOWN"),
                ("labels", texts(labels, "labels")),
                ("customProperties", _values(parameters)),
                ("externalId", self.external_id),
            )
        )
        self._handle = self._recorder.execution(workspace.name, None if run is None else run.name, made)

    @property
    def _recorder(self) -> Any:
        return self.workspace.client.recorder

    @property
    def id(self) -> int:
        """MLMD's id."""
        id_: int = self._handle.id
        return id_

    @property
    def node_id(self) -> str:
        """The global id."""
        return _node_id(self._handle)

    def log_input(self, artifact: A, port: str | None = None) -> A:
        """Logs an artifact as an input; answers it, with its `id` set.

        Args:
            artifact: a Model, DataSet or Metrics, or one of a class of your own.
            port: the input that it is at.

        Raises:
            ValueError: there is no artifact, or its id is that of none.
        """
        return self._log(artifact, "INPUT", port)

    def log_output(self, artifact: A, port: str | None = None) -> A:
        """Logs an artifact as an output; see `log_input`."""
        return self._log(artifact, "OUTPUT", port)

    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Sets parameters; None removes one."""
        self._update({"customProperties": plain(parameters)})

    def set_state(self, state: str, description: str | None = None) -> None:
        """Sets the state: NEW, RUNNING, COMPLETE, FAILED, CACHED or CANCELED."""
        self._update(named((("state", state), ("description", description))))
        self.state = state

    def _update(self, change: Mapping[str, Any]) -> None:
        self._recorder.update(self._handle, change)

    def _log(self, artifact: A, direction: str, port: str | None) -> A:
        if artifact is None:
            raise ValueError("'artifact' must be set.")
        recorder = self._recorder
        handle: Handle | None = getattr(artifact, "_handle", None)
        if handle is not None:
            recorder.log(self._handle, direction, handle, None, port)
            return artifact
        given = getattr(artifact, "id", None)
        if given is not None:
            draft: Mapping[str, Any] = {"id": recorder.named(int(given))}
        else:
            draft = _draft_of(artifact, self.workspace)
        handle = recorder.artifact(self.workspace.name, draft)
        try:
            recorder.log(self._handle, direction, handle, draft, port)
        except InvalidArgument as error:
            if given is None:
                raise
            raise ValueError(f"invalid artifact id {given}: {error}") from error
        _bind(artifact, handle)
        return artifact

    def __enter__(self) -> Execution:
        self._enter()
        self._update({"state": "RUNNING", **_timed("startTime")})
        self.state = "RUNNING"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        self.state = "COMPLETE" if error is None else "FAILED"
        change: dict[str, Any] = {"state": self.state, **_timed("endTime")}
        if error is not None:
            said = _shortened(f"{type(error).__name__}: {error}")
            change["customProperties"] = {**change.get("customProperties", {}), "exception": said}
        try:
            self._update(change)
        except LineageQLError as trouble:
            if error is None:
                raise
            # What went wrong in the execution matters more than that it could not be recorded.
            note(error, f"(that it failed could not be recorded: {trouble})")

    def __repr__(self) -> str:
        return f"Execution({self.name!r}, id={self.id}, state={self.state!r})"


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
        return _node_id(self._handle)

    def __repr__(self) -> str:
        members = {"id": self.id, **{name: one for name, one in vars(self).items() if not name.startswith("_")}}
        shown = ", ".join(f"{name}={one!r}" for name, one in members.items())
        return f"{type(self).__module__}.{type(self).__qualname__}({shown})"


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


class _Described(Artifact):
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
        self.uri = _text(uri, "uri")
        self.workspace = workspace
        self.name = _text(name, "name")
        self.description = description
        self.owner = owner
        self.labels = labels
        self.create_time = _now()
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
                ("customProperties", _values(self.kwargs)),
            )
        )
        return {self._MEMBER: made}


class DataSet(_Described):
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


class Model(_Described):
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


class Metrics(_Described):
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


def _draft_of(artifact: Any, workspace: Workspace) -> Mapping[str, Any]:
    """An artifact as an ArtifactInput."""
    recorder = workspace.client.recorder
    if isinstance(artifact, _Described) and type(artifact).serialization is _Described.serialization:
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
    there = _duplicate(artifact, serialized, found, type_name, workspace)
    if there is not None:
        return {"id": there}
    values = {name: plain(value) for name, value in found.properties.items() if value is not None and value != ""}
    declared = _declare(recorder, workspace.client, type_name, values)
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
    from lineageql_client.errors import ServiceError

    wanted = {name: _DECLARED[type(value)] for name, value in values.items() if name not in _OWN}
    try:
        there = next((one for one in client.types("ARTIFACT") if one.name == type_name and not one.version), None)
    except ServiceError:
        there = None  # the spool will tell
    if there is None:
        recorder.artifact_type({"name": type_name, "properties": wanted})
        return set(wanted)
    return {name for name in wanted if there.properties.get(name) == wanted[name]}


def _duplicate(artifact: Any, serialized: Any, found: _Read, type_name: str, workspace: Workspace) -> str | None:
    """The global id of an artifact of this uri that the class takes for the same."""
    own = getattr(type(artifact), "is_duplicated", Artifact.is_duplicated)
    if own is Artifact.is_duplicated:
        return None
    client = workspace.client
    for candidate in client.artifacts(uri=found.uri, type=type_name, workspace=workspace.name):
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


# -- steps


@overload
def step(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def step(
    *,
    workspace: Workspace | None = None,
    run: Run | None = None,
    name: str | None = None,
    type: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def step(
    function: Any = None,
    /,
    *,
    workspace: Workspace | None = None,
    run: Run | None = None,
    name: str | None = None,
    type: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """Makes every call of a function an execution.

    Arguments that are artifacts are its inputs, all others its parameters. Artifacts that it answers, alone or in a
    tuple, list or mapping, are its outputs. Names of arguments and keys are the ports. Where neither workspace nor
    run is given, they are those of the `with` that the call stands in: of a Workspace, a Run or an Execution.

    Args:
        workspace: where the execution belongs.
        run: its run.
        name: its name; the function's if None.
        type: its MLMD type.
        labels: texts by key.
    """
    if function is None:
        return _functools.partial(step, workspace=workspace, run=run, name=name, type=type, labels=labels)
    if not callable(function):
        raise ValueError("metadata.step takes a function, or options by name.")
    signature = _inspect.signature(function)

    def begin(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Execution, list[tuple[Any, str]]]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        home, current = _home(workspace, run)
        inputs: list[tuple[Any, str]] = []
        parameters: dict[str, Any] = {}
        for port, value in bound.arguments.items():
            found = list(_artifacts_in(value, port))
            inputs += found
            if not found and port not in ("self", "cls"):
                parameters[port] = value
        title = name or function.__name__
        execution = Execution(title, home, current, _doc(function), type=type, labels=labels, parameters=parameters)
        return execution, inputs

    if _inspect.iscoroutinefunction(function):

        @_functools.wraps(function)
        async def later(*args: Any, **kwargs: Any) -> Any:
            execution, inputs = begin(args, kwargs)
            with execution:
                for artifact, port in inputs:
                    _log_any(execution, artifact, "INPUT", port)
                answer = await function(*args, **kwargs)
                _log_answer(execution, answer)
                return answer

        return later

    @_functools.wraps(function)
    def now(*args: Any, **kwargs: Any) -> Any:
        execution, inputs = begin(args, kwargs)
        with execution:
            for artifact, port in inputs:
                _log_any(execution, artifact, "INPUT", port)
            answer = function(*args, **kwargs)
            _log_answer(execution, answer)
            return answer

    return now


def _home(workspace: Workspace | None, run: Run | None) -> tuple[Workspace, Run | None]:
    if workspace is None and run is not None:
        return run.workspace, run
    if workspace is not None:
        return workspace, run
    current = _current.get()
    if isinstance(current, Workspace):
        return current, run
    if isinstance(current, Run):
        return current.workspace, current
    if isinstance(current, Execution):
        return current.workspace, current.run
    raise ValueError(
        "this step has no workspace: give @metadata.step(workspace=…), or call it in `with` of a Workspace or a Run."
    )


def _artifacts_in(value: Any, port: str) -> Iterable[tuple[Any, str]]:
    """The artifacts that a value is or holds, each with its port."""
    if _is_artifact(value):
        yield value, port
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if _is_artifact(one):
                yield one, str(key)
    elif isinstance(value, (list, tuple)):
        for one in value:
            if _is_artifact(one):
                yield one, port


def _is_artifact(value: Any) -> bool:
    from lineageql_client.entities import Ref
    from lineageql_client.generated.entities import Artifact as Read

    return isinstance(value, (Artifact, Read)) or (isinstance(value, Ref) and value.type_name not in _NO_ARTIFACTS)


_NO_ARTIFACTS = ("Workspace", "Run", "Execution")


def _log_any(execution: Execution, artifact: Any, direction: str, port: str) -> None:
    """Logs an artifact of this module, or one that a client read."""
    if isinstance(artifact, Artifact):
        execution._log(artifact, direction, port)
        return
    recorder = execution._recorder
    draft = {"id": artifact.node_id}
    recorder.log(execution._handle, direction, recorder.artifact(execution.workspace.name, draft), draft, port)


def _log_answer(execution: Execution, answer: Any) -> None:
    for artifact, port in _artifacts_in(answer, "output"):
        _log_any(execution, artifact, "OUTPUT", port)


def _doc(function: Any) -> str | None:
    """The first line of a function's docstring."""
    lines = (function.__doc__ or "").strip().splitlines()
    return lines[0].strip() if lines else None


# -- small things


def _text(value: Any, what: str) -> str:
    if type(value) is not str or not value:
        raise ValueError(f"'{what}' must be set and in string type.")
    return value


def _values(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Values of a user's own as JSON; None is none."""
    found = {name: one for name, one in plain(values or {}).items() if one is not None}
    return found or None


def _now() -> str:
    """The time as the SDK writes it."""
    return _datetime.datetime.now(_datetime.timezone.utc).replace(tzinfo=None).isoformat("T") + "Z"


def _timed(which: str) -> dict[str, Any]:
    """The time of a start or an end, as the service takes it."""
    now = _datetime.datetime.now(_datetime.timezone.utc).isoformat("T", "milliseconds").replace("+00:00", "Z")
    if which in _INPUTS["UpdateExecutionInput"]:
        return {which: now}
    return {"customProperties": {_TIMES[which]: now}}


def _shortened(text: str, most: int = 10_000) -> str:
    text = text.replace("\0", "")
    return text if len(text) <= most else text[: most - 1] + "…"


def _node_id(handle: Handle) -> str:
    if handle.node_id is None:
        raise ValueError("this is not recorded yet, so it has no global id: it waits in a batch or in the spool.")
    return handle.node_id


def _bind(artifact: Any, handle: Handle) -> None:
    """Gives an artifact its id."""
    if isinstance(artifact, Artifact):
        artifact._handle = handle
    else:
        artifact.id = handle.id
