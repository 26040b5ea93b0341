"""Loaders that are asked for the keys of a whole level at once, over aiodataloader.

aiodataloader makes a future for each key. Here the keys of a level are one key
of it, so that a level of any size costs one future; keys that several levels
ask for are still loaded once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Hashable, Iterable, Sequence
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from aiodataloader import DataLoader

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Ending(Protocol):
    """A part of one operation that refers to what refers back to it."""

    def end(self) -> None:
        """Breaks that circle."""
        ...


class Work:
    """What goes on for an operation beside the task that answers it, to be ended with it.

    It is the tasks that answer rounds, which are aiodataloader's: who asked may be cancelled, and they go on. And it
    is who waits for their answers.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()
        self._waiting: dict[asyncio.Future[Any], list[asyncio.Future[Any]]] = {}
        self._endings: list[Ending] = []
        self._ended = False

    def check(self) -> None:
        """Lets nothing begin after the end.

        Raises:
            CancelledError: all of them were ended.
        """
        if self._ended:
            raise asyncio.CancelledError

    def begin(self) -> None:
        """Counts the current task among them.

        Raises:
            CancelledError: all of them were ended.
        """
        self.check()
        task = asyncio.current_task()
        assert task is not None
        self.add([task])

    def add(self, tasks: Iterable[asyncio.Future[Any]]) -> None:
        """Counts tasks among them."""
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def ends(self, what: Ending) -> None:
        """Ends a part of the operation with it."""
        self._endings.append(what)

    def wait(self, shared: asyncio.Future[V]) -> asyncio.Future[V]:
        """A future of one's own for the answer that others may wait for, too.

        Who waits is cancelled where a field beside it fails, and a future with it: the others' must not be the same.
        """
        if shared.done():
            return shared
        own: asyncio.Future[V] = shared.get_loop().create_future()
        others = self._waiting.get(shared)
        if others is None:
            self._waiting[shared] = [own]
            shared.add_done_callback(self._answered)
        else:
            others.append(own)
        return own

    def _answered(self, shared: asyncio.Future[Any]) -> None:
        waiting = [own for own in self._waiting.pop(shared, ()) if not own.done()]
        if shared.cancelled():
            for own in waiting:
                own.cancel()
        elif (fault := shared.exception()) is not None:
            for own in waiting:
                own.set_exception(fault)
        else:
            for own in waiting:
                own.set_result(shared.result())

    def end(self) -> None:
        """Cancels the tasks and who waits for them, and those that are still to come."""
        self._ended = True
        for task in list(self._tasks):
            task.cancel()
        for shared in list(self._waiting):
            shared.cancel()
        for what in self._endings:
            what.end()
        self._endings.clear()


class Interrupted(Exception):
    """Loading was cancelled, and by nobody who waits for it."""


def _fault(found: BaseException | None) -> Exception | None:
    if found is None or isinstance(found, Exception):
        return found
    fault = Interrupted("loading was cancelled")
    fault.__cause__ = found
    return fault


class Round:
    """Gathers what is asked of some loaders in one turn of the event loop, and answers it together.

    So what is selected below their values is asked for together too, whichever of them is quicker.
    """

    def __init__(self, work: Work | None = None) -> None:
        self._work = work or Work()
        self._loader: DataLoader[tuple[Loader[Any, Any], tuple[Any, ...]], list[Any]] | None = None

    def load(self, loader: Loader[Any, Any], keys: tuple[Any, ...]) -> Awaitable[list[Any]]:
        """The values of a loader's keys."""
        self._work.check()
        if self._loader is None:
            # Most operations need few of the rounds, and half of what a small one took was to make all of them.
            self._loader = DataLoader(self._answer)
            self._work.ends(self)
        return self._work.wait(self._loader.load((loader, keys)))

    def end(self) -> None:
        """Lets go of the loader, which holds the round. Else both stay in memory until the garbage collector runs."""
        self._loader = None

    async def _answer(self, asked: list[tuple[Loader[Any, Any], tuple[Any, ...]]]) -> list[Any]:
        self._work.begin()
        wanted: dict[Loader[Any, Any], list[tuple[Any, ...]]] = {}
        for loader, keys in asked:
            wanted.setdefault(loader, []).append(keys)
        work = (loader.refresh(chain.from_iterable(levels)) for loader, levels in wanted.items())
        # What is wrong with the one loader's keys is no matter of the others'.
        found = await asyncio.gather(*work, return_exceptions=True)
        faults = dict(zip(wanted, map(_fault, found), strict=True))
        return [faults[loader] or loader.known(keys) for loader, keys in asked]


class Loader(Generic[K, V]):
    """Loads values by key, all that is asked for in one turn of the event loop with one call.

    Args:
        load: answers the values of keys, in the same order; what it raises fails all keys of its call.
        key_of: from the parent of a field to its key, where resolvers ask for no other one: of a level, one
            resolver need then be called.
        round: with which other loaders it answers together.
    """

    def __init__(
        self,
        load: Callable[[Sequence[K]], Awaitable[Sequence[V]]],
        key_of: Callable[[Any], K] | None = None,
        round: Round | None = None,
    ) -> None:
        self.key_of = key_of
        self._load = load
        self._round = round or Round()
        self._known: dict[K, V] = {}

    def load(self, key: K, shape: Callable[[V], Any] | None = None) -> Later:
        """The value of a key, or what a function makes of it."""
        return Later(self, key, shape)

    def load_many(self, keys: Iterable[K]) -> Awaitable[list[V]]:
        """The value of each key."""
        return self._round.load(self, tuple(keys))

    async def some(self, keys: Iterable[K]) -> list[V]:
        """The value of each key, asked for when it is waited for."""
        return await self.load_many(keys)

    async def refresh(self, keys: Iterable[K]) -> None:
        """Loads the keys that are not known yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._known]
        if missing:
            self._known.update(zip(missing, await self._load(missing), strict=True))

    def known(self, keys: Iterable[K]) -> list[V]:
        """The values of keys that are known."""
        return [self._known[key] for key in keys]


class Later:
    """What a resolver returns for a value that a loader is still to answer."""

    __slots__ = ("key", "loader", "shape")

    def __init__(self, loader: Loader[Any, Any], key: Any, shape: Callable[[Any], Any] | None) -> None:
        self.loader = loader
        self.key = key
        self.shape = shape

    def __await__(self) -> Generator[Any, None, Any]:
        (value,) = yield from self.loader.load_many((self.key,)).__await__()
        return value if self.shape is None else self.shape(value)


async def all_of(values: Sequence[Later]) -> Sequence[Any]:
    """What several later values are, asked for together."""
    loader = values[0].loader
    if any(value.loader is not loader for value in values):
        return [await value for value in values]
    found = await loader.load_many([value.key for value in values])
    return [answer if value.shape is None else value.shape(answer) for value, answer in zip(values, found, strict=True)]
