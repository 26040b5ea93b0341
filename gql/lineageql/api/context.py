"""What the resolvers of one request share."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import ExitStack
from typing import Any

import strawberry

from lineageql.api.account import Change
from lineageql.api.documents import Document
from lineageql.api.loaders import Loaders
from lineageql.api.loading import Loader, Work
from lineageql.api.warnings import Warnings
from lineageql.catalog.budget import Budget
from lineageql.catalog.finding import Finder
from lineageql.catalog.metering import metered
from lineageql.catalog.pages import Edge, Page
from lineageql.catalog.reach import walking
from lineageql.catalog.recording import Recording
from lineageql.model.callers import Caller
from lineageql.model.identity import Ref
from lineageql.model.rights import Rights
from lineageql.settings import Settings
from lineageql.store.explanation import Explanation
from lineageql.store.ports import Store


class Context:
    """The request's finder and loaders, and the service's recording, store and settings.

    Args:
        store: the open store.
        recording: what records; None where the service only reads.
        settings: the service's settings.
        document: the document that is run.
        until: the `time.monotonic()` at which a walk over lineage stops and answers what it has.
        caller: who asks.
        rights: what the caller may do.
        writes: whether the operation is a mutation, which reads back what it wrote.
        explanation: what is told all that is read, where the client asked for it.
    """

    def __init__(
        self,
        store: Store,
        recording: Recording | None,
        settings: Settings,
        document: Document,
        until: float,
        caller: Caller,
        rights: Rights,
        writes: bool = False,
        explanation: Explanation | None = None,
    ) -> None:
        self.store = store
        self.recording = recording
        self.settings = settings
        self.document = document
        self.until = until
        self.caller = caller
        self.rights = rights
        self.writes = writes
        self.explanation = explanation
        self.recorded: set[str | int] = set()
        """The fields of the answer whose mutations are applied, whatever becomes of their answers."""
        self.changes: list[Change] = []
        """What its mutations did."""
        self.large = False
        """Whether the operation has so many inputs that making arguments of them takes long."""
        self.warnings = Warnings()
        self.work = Work()
        self._held = ExitStack()
        self.budget = Budget(settings.max_cost, settings.max_answer_size)
        self._begin()

    def end(self) -> None:
        """Ends what still goes on for the operation, and lets go of the state of the store that it reads."""
        self.work.end()
        self._let_go()

    def renew(self) -> None:
        """Forgets all that was loaded; what is read from now on is of the state that the store has then."""
        self._let_go()
        self._begin()

    def _let_go(self) -> None:
        self.loaders.end()
        self.listings.clear()
        self._held.close()

    def _begin(self) -> None:
        reader = self._held.enter_context(
            self.store.reading(self.rights.sees, current=self.writes, explanation=self.explanation)
        )
        most = self.settings.max_lineage_nodes
        self.finder = Finder(walking(metered(reader, self.budget), most, self.until), self.settings)
        self.loaders = Loaders(self.finder, self.work, self.until)
        self.listings: dict[Hashable, tuple[Loader[Ref, Page[Edge]], object, object]] = {}


Info = strawberry.Info[Context, Any]
