"""Steps: functions whose calls are executions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from lineageql_client.artifacts import Artifact
from lineageql_client.entities import Ref
from lineageql_client.executions import Execution, Run, Workspace, current

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")

R = TypeVar("R")


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
        return functools.partial(step, workspace=workspace, run=run, name=name, type=type, labels=labels)
    if not callable(function):
        raise ValueError("metadata.step takes a function, or options by name.")
    signature = inspect.signature(function)

    def begin(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Execution, list[tuple[Any, str]]]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        home, its_run = home_of(workspace, run)
        inputs: list[tuple[Any, str]] = []
        parameters: dict[str, Any] = {}
        for port, value in bound.arguments.items():
            found = list(_artifacts_in(value, port))
            inputs += found
            if not found and port not in ("self", "cls"):
                parameters[port] = value
        title = name or function.__name__
        execution = Execution(title, home, its_run, _doc(function), type=type, labels=labels, parameters=parameters)
        return execution, inputs

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def later(*args: Any, **kwargs: Any) -> Any:
            execution, inputs = begin(args, kwargs)
            with execution:
                for artifact, port in inputs:
                    _log_any(execution, artifact, "INPUT", port)
                answer = await function(*args, **kwargs)
                _log_answer(execution, answer)
                return answer

        return later

    @functools.wraps(function)
    def now(*args: Any, **kwargs: Any) -> Any:
        execution, inputs = begin(args, kwargs)
        with execution:
            for artifact, port in inputs:
                _log_any(execution, artifact, "INPUT", port)
            answer = function(*args, **kwargs)
            _log_answer(execution, answer)
            return answer

    return now


def home_of(workspace: Workspace | None, run: Run | None) -> tuple[Workspace, Run | None]:
    """The workspace and the run that are given, else those of the `with` around the call.

    Raises:
        ValueError: there is none.
    """
    if workspace is None and run is not None:
        return run.workspace, run
    if workspace is not None:
        return workspace, run
    around = current.get()[-1] if current.get() else None
    if isinstance(around, Workspace):
        return around, run
    if isinstance(around, Run):
        return around.workspace, around
    if isinstance(around, Execution):
        return around.workspace, around.run
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
