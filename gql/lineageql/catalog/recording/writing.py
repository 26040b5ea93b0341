"""The one way to the Recorder: mutations take turns, and each is planned on what the store holds at its turn.

The turns are of all processes that record in the store: see `store.ports.Store.exclusive`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import TypeVar

from lineageql.catalog.recording.artifact_types import missing_types
from lineageql.catalog.recording.integer_bits import narrowed_change, narrowed_node, narrowed_subgraph
from lineageql.catalog.recording.lookups import TAKEN, Lookups
from lineageql.errors import AlreadyExists, DeadlineExceeded, LineageQLError, ReadOnly, Unavailable
from lineageql.model.rights import Rights, Sight
from lineageql.store.mlmd import requests
from lineageql.store.mlmd.requests import NewNode, NewType, NodeChange, Request, Subgraph, SubgraphIds, TypeIds
from lineageql.store.ports import Reader, Recorder
from lineageql.store.write_lock import Hold

log = logging.getLogger("lineageql.catalog.recording")

Answer = TypeVar("Answer")
# How often a mutation is planned anew because another process came first.
ATTEMPTS = 4


class Taken(Exception):
    """MLMD refused what is there already: another process has made it since the mutation was planned."""


class Writer:
    """Runs mutations one after the other.

    Whether an artifact is there already is read, and then it is written: two
    mutations that did both at once would make it twice.

    Args:
        recorder: what writes; None where the service only reads.
        reader: gives a Reader of a part of the store that sees what was written.
        exclusive: keeps other processes from recording meanwhile.
        wide: whether the store's integers have 64 bits, and not 32.
    """

    def __init__(
        self,
        recorder: Recorder | None,
        reader: Callable[[Sight], Reader],
        exclusive: Callable[[float], AbstractAsyncContextManager[Hold]],
        *,
        wide: bool = True,
    ) -> None:
        self._recorder = recorder
        self._exclusive = exclusive
        self._hold: Hold | None = None
        self._wide = wide
        self._reader = reader
        self._turn = asyncio.Lock()
        self._unsettled = False
        self._sending = False

    async def run(self, rights: Rights, mutation: Callable[[Lookups], Awaitable[Answer]]) -> Answer:
        """Plans and writes a mutation of one who has some rights when it has its turn.

        A caller that gives up before the first call to MLMD has written nothing;
        after that it only misses the answer, as what is begun is finished.

        Raises:
            ReadOnly: there is no recorder.
            LineageQLError: what the mutation, the Reader or the recorder raises.
        """
        if self._recorder is None:
            raise ReadOnly("this service only reads: it was started with --read-only")
        loop = asyncio.get_running_loop()
        asked = loop.time()
        await self._turn.acquire()
        self._sending = False
        answer: asyncio.Future[Answer] = loop.create_future()
        try:
            work = asyncio.create_task(self._in_turn(asked, rights, mutation, answer), name="mutation")
        except BaseException:
            self._turn.release()
            raise
        work.add_done_callback(lambda _: self._turn.release())
        # Its caller may have gone, and asyncio would complain that nobody looked at the error.
        answer.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            if not self._sending:
                work.cancel()
            raise

    async def _in_turn(
        self,
        asked: float,
        rights: Rights,
        mutation: Callable[[Lookups], Awaitable[Answer]],
        answer: asyncio.Future[Answer],
    ) -> None:
        """Answers a mutation; the lock is let go of after that, when no call of it can be under way any more."""
        try:
            async with self._exclusive(asked) as self._hold:
                try:
                    answer.set_result(await self._attempts(rights, mutation))
                except Exception as error:
                    answer.set_exception(error)
                    if self._unsettled:
                        with suppress(LineageQLError):
                            await self._settle()
        except asyncio.CancelledError:
            answer.cancel()
            raise
        except Exception as error:
            if answer.done():
                raise  # the lock could not be let go of: the mutation has its answer, and asyncio logs this
            answer.set_exception(error)
        finally:
            self._hold = None

    async def _settle(self) -> None:
        """Waits until a call that was not answered in time is under way no more: this one is answered after it."""
        await self.send(requests.get_nothing())
        self._unsettled = False

    async def _attempts(self, rights: Rights, mutation: Callable[[Lookups], Awaitable[Answer]]) -> Answer:
        if self._unsettled:
            await self._settle()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await mutation(Lookups(self._reader, rights))
            except Taken as taken:
                if attempt == ATTEMPTS:
                    words = "MLMD says that something of it is there already: another process may be recording the same"
                    raise AlreadyExists(words if rights.sees.whole else TAKEN) from taken
        raise AssertionError("unreachable")

    async def send(self, request: Request[Answer]) -> Answer:
        """Sends one request.

        Raises:
            Taken: something of it is there already.
            LineageQLError: what the recorder raises.
        """
        assert self._recorder is not None
        if self._hold is not None:
            self._hold.check()
        self._sending = True
        try:
            return await request.send(self._recorder)
        except AlreadyExists as error:
            raise Taken(str(error)) from error
        except (DeadlineExceeded, Unavailable):
            self._unsettled = True
            raise

    async def types(self, lookups: Lookups, needed: Iterable[NewType]) -> TypeIds:
        """The ids of types, which are registered where they are not."""
        ids, missing = await missing_types(lookups, needed)
        if missing:
            made = await self.send(requests.put_types(missing))
            ids.update(zip((new.key for new in missing), made, strict=True))
        return ids

    async def check_new(self, lookups: Lookups, context: NewNode) -> None:
        """Checks that a workspace that its caller does not find is not there all the same.

        Raises:
            AlreadyExists: it is, hidden and only a name; or the database takes another for it, as it folds case or
                ignores spaces at the end: a subgraph would be written into that.
        """
        assert context.name is not None
        await lookups.check_no_name(context.name)
        found = await self.send(requests.get_context_name(context.type.name, context.name))
        if found is None or found == context.name:
            return
        if not lookups.rights.sees.whole:
            raise AlreadyExists(TAKEN)
        words = f"there is {found!r}, which this store's database takes for the same name as {context.name!r}"
        raise AlreadyExists(f"{words}, as it folds case, or ignores spaces at the end: take that, or another")

    async def context(self, lookups: Lookups, context: NewNode) -> int:
        """Makes a context; answers its id."""
        return (await self.contexts(lookups, [context]))[0]

    async def contexts(self, lookups: Lookups, contexts: Sequence[NewNode]) -> Sequence[int]:
        """Makes contexts, all or none of them; answers their ids."""
        if not contexts:
            return []
        types = await self.types(lookups, (context.type for context in contexts))
        kept = contexts if self._wide else [narrowed_node(context) for context in contexts]
        return await self.send(requests.put_contexts(kept, types))

    async def subgraph(self, lookups: Lookups, subgraph: Subgraph) -> SubgraphIds:
        """Writes a subgraph, all of it or nothing."""
        nodes = (*subgraph.contexts, *subgraph.executions, *subgraph.artifacts)
        types = await self.types(lookups, (node.type for node in nodes))
        return await self.send(requests.put_subgraph(subgraph if self._wide else narrowed_subgraph(subgraph), types))

    async def change(self, change: NodeChange) -> None:
        """Changes a node."""
        await self.send(requests.put_change(change if self._wide else narrowed_change(change)))
