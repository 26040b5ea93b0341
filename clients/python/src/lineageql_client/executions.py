"""Stores, workspaces, runs and executions, as the Kubeflow Metadata SDK has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from lineageql_client.artifacts import Artifact, Model, bind, draft_of, given_values, node_id_of, now, text
from lineageql_client.client import Client
from lineageql_client.errors import InvalidArgument, LineageQLError, ReadOnly, note
from lineageql_client.reading import new_id
from lineageql_client.values import named, plain, texts

if TYPE_CHECKING:
    from lineageql_client.raw_store import RawStore
    from lineageql_client.recording import Handle

A = TypeVar("A", bound=Artifact)

current: ContextVar[tuple[Workspace | Run | Execution, ...]] = ContextVar("lineageql_metadata", default=())
"""What `with` is of around here, the innermost last."""


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

    def _enter(self) -> None:
        assert isinstance(self, (Workspace, Run, Execution))
        current.set((*current.get(), self))

    def _leave(self) -> None:
        # Threads and tasks enter one workspace at once, and a generator may be closed in another context than its own.
        around = current.get()
        if self in around:
            place = len(around) - 1 - around[::-1].index(self)
            current.set((*around[:place], *around[place + 1 :]))


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
        self.name = text(name, "name")
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
        return node_id_of(self._handle)

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
        self.name = text(name, "name")
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
        parameters: values by name; they are recorded as custom properties, and read back as `parameters` too.
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
        self.name = text(name, "name")
        self.workspace = workspace
        self.run = run
        self.description = description
        self.create_time = now()
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
                ("customProperties", given_values(parameters)),
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
        return node_id_of(self._handle)

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
            draft = draft_of(artifact, self.workspace.client, self.workspace.name)
        handle = recorder.artifact(self.workspace.name, draft)
        try:
            recorder.log(self._handle, direction, handle, draft, port)
        except InvalidArgument as error:
            if given is None:
                raise
            raise ValueError(f"invalid artifact id {given}: {error}") from error
        bind(artifact, handle)
        return artifact

    def __enter__(self) -> Execution:
        self._enter()
        self._update({"state": "RUNNING", "startTime": _now()})
        self.state = "RUNNING"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        self.state = "COMPLETE" if error is None else "FAILED"
        change: dict[str, Any] = {"state": self.state, "endTime": _now()}
        if error is not None:
            change["customProperties"] = {"exception": shortened(f"{type(error).__name__}: {_words(error)}")}
        try:
            self._update(change)
        except LineageQLError as trouble:
            if error is None:
                raise
            # What went wrong in the execution matters more than that it could not be recorded.
            note(error, f"(that it failed could not be recorded: {trouble})")

    def __repr__(self) -> str:
        return f"Execution({self.name!r}, id={self.id}, state={self.state!r})"


def _now() -> str:
    """The time, as the service takes it."""
    return datetime.now(timezone.utc).isoformat("T", "milliseconds").replace("+00:00", "Z")


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as trouble:  # a user's own class, whose mistake must not hide what went wrong
        return f"its text cannot be shown, as that raises {type(trouble).__name__}"


def shortened(text: str, most: int = 10_000) -> str:
    # Python keeps bytes of file names that are no UTF-8 as halves of surrogate pairs, which JSON has not.
    text = text.replace("\0", "").encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"
