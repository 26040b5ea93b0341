"""MLMD's gRPC service beside the rest: who calls it, what they may do there, and what is written down of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from lineageql.model.rights import Policy
from lineageql.settings import Settings
from lineageql.store.open import Narrowing, listen_as_mlmd, start_as_mlmd
from lineageql.store.ports import Store
from lineageql.watched_file import WatchedFile
from lineageql.web.audit import AuditLog
from lineageql.web.authentication.authentication import Authentication


class MLMDService:
    """MLMD's gRPC service by the settings of the whole service.

    Args:
        settings: those of the service.
        authentication: what finds out who calls.
        policy: what says who may do what; None where everybody may do everything.
        audit: what writes and refusals are written down by; None where nobody wants to know.
    """

    def __init__(
        self,
        settings: Settings,
        authentication: Authentication,
        policy: WatchedFile[Policy] | None,
        audit: AuditLog | None,
    ) -> None:
        self._settings = settings
        self._gate = authentication.call_gate
        self._policy = policy
        self._audit = audit
        self.address = ""

    async def listen(self, port: int) -> None:
        """Takes a port, and answers nothing yet; see `store.open.listen_as_mlmd`."""
        refusal = None if self._audit is None else _refusal(self._audit)
        self._server = await listen_as_mlmd(self._settings, port, self._gate, refusal)
        self.address = self._server.address

    async def start(self, store: Store) -> None:
        """Answers calls by a store from now on; see `store.open.start_as_mlmd`."""
        if self._policy is None and self._audit is None:
            await start_as_mlmd(self._server, store, self._settings)
            return
        # Here, as MLMD's messages take a quarter of a second to be imported.
        from lineageql.catalog.mlmd_calls import MLMDCalls
        from lineageql.store.mlmd.grpc_server import Exchange

        def narrowing(exchange: Exchange) -> Narrowing:
            return MLMDCalls(store, self._settings, exchange, self._policy, self._audit)

        await start_as_mlmd(self._server, store, self._settings, narrowing)

    async def stop(self, grace: float) -> None:
        """Takes no more calls, and lets those under way finish for some seconds."""
        await self._server.stop(grace)


def _refusal(audit: AuditLog) -> Callable[[str, str], Awaitable[None]]:
    async def write(path: str, address: str) -> None:
        facts = {"kind": "request", "who": None, "path": path[:128], "address": address, "codes": ["UNAUTHENTICATED"]}
        await asyncio.to_thread(partial(audit.write, kept=False, **facts))

    return write
