"""The two clients: twins over one core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lineageql_client.errors import InvalidArgument
from lineageql_client.generated.roots import AsyncMutations, AsyncQueries, Mutations, Queries
from lineageql_client.pages import AsyncPages, PageReader, Pages
from lineageql_client.reading import Field, one_answer, one_request, related_field, root_field, told_of_other_ids
from lineageql_client.transport import (
    AsyncTransport,
    Request,
    Settings,
    Transport,
    declared_variables,
    endpoint,
    is_mutation,
)
from lineageql_client.values import plain

if TYPE_CHECKING:
    from lineageql_client.generated.entities import Node
    from lineageql_client.recording import Recorder

TIMEOUT = 60.0
RETRY_FOR = 30.0


def _settings(
    url: str,
    token: str | Callable[[], str] | None,
    headers: Mapping[str, str] | None,
    timeout: float,
    retry_for: float,
    verify: Any,
) -> Settings:
    return Settings(endpoint(url), token, dict(headers or {}), timeout, retry_for, verify)


def _own(text: str, variables: Mapping[str, Any]) -> Request:
    declared = declared_variables(text)
    for name in variables:
        if name not in declared:
            has = ", ".join(f"${one}" for one in declared) or "none"
            raise InvalidArgument(f"{name} is no variable of the document, which declares {has}", argument=name)
    return Request(text, plain(variables), repeatable=not is_mutation(text))


class Client(Queries, Mutations):
    """A client of a LineageQL service. It may be shared by threads, and is used again after a fork.

    Args:
        url: the service, such as `http://127.0.0.1:8000`.
        token: a bearer token, or a function that is asked for one before each request.
        headers: more headers of each request.
        timeout: seconds to wait for one answer.
        retry_for: seconds to go on trying while the service is away. Every write carries an id of its own, so it is
            carried out once, however often it is sent.
        spool: a folder. What cannot be recorded while the service is away goes there, and is sent later; see
            `lineageql_client.spool`.
        verify: False, or an `ssl.SSLContext` that says whom to trust.

    Every method raises:
        LineageQLError: see `lineageql_client.errors`.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        token: str | Callable[[], str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
        retry_for: float = RETRY_FOR,
        spool: str | Path | None = None,
        verify: Any = True,
    ) -> None:
        self.url = endpoint(url)
        self._transport = Transport(_settings(url, token, headers, timeout, retry_for, verify))
        self._spool_folder = None if spool is None else Path(spool)
        self._recorder: Recorder | None = None

    def query(self, text: str, /, **variables: Any) -> dict[str, Any]:
        """Runs an operation of your own; answers its data.

        A mutation is tried again only where it surely was not carried out.

        Raises:
            InvalidArgument: a variable is given that the document does not declare.
        """
        return dict(self._transport.send(_own(text, variables)))

    def related(self, entity: Node, field: str, /, *, limit: int | None = None, **arguments: Any) -> Pages[Any]:
        """A connection of an entity by its name in the schema, such as `upstream`."""
        return self._related(entity, field, arguments, {}, limit, None)

    @property
    def recorder(self) -> Recorder:
        """Records executions and what they read and wrote; `lineageql_client.metadata` is built on it."""
        if self._recorder is None:
            from lineageql_client.recording import Recorder
            from lineageql_client.spool import Journal

            journal = None if self._spool_folder is None else Journal(self._spool_folder)
            self._recorder = Recorder(self, journal)
        return self._recorder

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Records what is recorded in it as one, when it ends: one recordLineage, all of it or nothing.

        Ids are there when it has ended. What raises an exception in it is recorded too, as a failed execution is.
        """
        with self.recorder.batch():
            yield

    def flush(self) -> int:
        """Sends what this client has in its spool; answers how much is left."""
        return self.recorder.flush()

    def close(self) -> None:
        """Sends what is in the spool, if the service is there, and closes the connections."""
        if self._recorder is not None:
            self._recorder.close()
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"

    # -- what the generated methods call

    def _ask(self, root: str, name: str, given: Mapping[str, Any], short: Mapping[str, Any]) -> Any:
        field = root_field(root, name, given, short)
        with told_of_other_ids(name, given):
            data = self._transport.send(one_request(field))
        return one_answer(field, data, self)

    def _pages(
        self, name: str, given: Mapping[str, Any], short: Mapping[str, Any], limit: int | None, page_size: int | None
    ) -> Pages[Any]:
        return self._paged(root_field("Query", name, given, short), limit, page_size)

    def _related(
        self,
        entity: Any,
        name: str,
        given: Mapping[str, Any],
        short: Mapping[str, Any],
        limit: int | None,
        page_size: int | None,
    ) -> Pages[Any]:
        return self._paged(related_field(entity, name, given, short), limit, page_size)

    def _paged(self, field: Field, limit: int | None, page_size: int | None) -> Pages[Any]:
        return Pages(PageReader(field, page_size, limit), self, self._transport.send)


class AsyncClient(AsyncQueries, AsyncMutations):
    """The same for asyncio: `await client.artifact(mlmd_id=1)`, `async for run in client.runs()`.

    It has no spool and no batch: recording is for training scripts, which wait.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        token: str | Callable[[], str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
        retry_for: float = RETRY_FOR,
        verify: Any = True,
    ) -> None:
        self.url = endpoint(url)
        self._transport = AsyncTransport(_settings(url, token, headers, timeout, retry_for, verify))

    async def query(self, text: str, /, **variables: Any) -> dict[str, Any]:
        """Runs an operation of your own; answers its data. See `Client.query`."""
        return dict(await self._transport.send(_own(text, variables)))

    def related(self, entity: Node, field: str, /, *, limit: int | None = None, **arguments: Any) -> AsyncPages[Any]:
        """A connection of an entity by its name in the schema, such as `upstream`."""
        return self._paged(related_field(entity, field, arguments, {}), limit, None)

    async def close(self) -> None:
        """Closes the connections."""
        await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncClient of {self.url}>"

    # -- what the generated methods call

    async def _ask(self, root: str, name: str, given: Mapping[str, Any], short: Mapping[str, Any]) -> Any:
        field = root_field(root, name, given, short)
        with told_of_other_ids(name, given):
            data = await self._transport.send(one_request(field))
        return one_answer(field, data, self)

    def _pages(
        self, name: str, given: Mapping[str, Any], short: Mapping[str, Any], limit: int | None, page_size: int | None
    ) -> AsyncPages[Any]:
        return self._paged(root_field("Query", name, given, short), limit, page_size)

    def _paged(self, field: Field, limit: int | None, page_size: int | None) -> AsyncPages[Any]:
        return AsyncPages(PageReader(field, page_size, limit), self, self._transport.send)
