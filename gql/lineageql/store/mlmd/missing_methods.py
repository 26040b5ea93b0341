"""The methods of MLMD's service that ml-metadata's library lacks, answered by others or refused."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from google.protobuf.message import DecodeError

from lineageql.store.mlmd import protos
from lineageql.store.mlmd.frames import Reply, Status

Ask: TypeAlias = Callable[[str, bytes, float | None], Awaitable[Reply]]
Answer: TypeAlias = Callable[[Ask, bytes, float], Awaitable[Reply]]

MOST_CONTEXTS = 10_000
"""Contexts that one call may name: each is a call of its own here."""


def _one_by_one(rpc: str, single: str, field: str) -> Answer:
    """Answers a method about several contexts by the one about a single context.

    What is recorded meanwhile may show with some and not with others.
    """

    async def answer(ask: Ask, body: bytes, timeout: float) -> Reply:
        _, service = protos.load()
        try:
            request = getattr(service, f"{rpc}Request").FromString(body)
        except DecodeError:
            return Reply(Status.INVALID_ARGUMENT, f"the request is no {rpc}Request".encode(), b"")
        ids = dict.fromkeys(request.context_ids)
        if len(ids) > MOST_CONTEXTS:
            text = f"{rpc} names {len(ids)} contexts; the most here is {MOST_CONTEXTS}"
            return Reply(Status.INVALID_ARGUMENT, text.encode(), b"")
        deadline = time.monotonic() + timeout
        found = getattr(service, f"{rpc}Response")()
        for id_ in ids:
            asked = getattr(service, f"{single}Request")(context_id=id_)
            asked.transaction_options.CopyFrom(request.transaction_options)
            reply = await ask(single, asked.SerializeToString(), max(deadline - time.monotonic(), 0.0))
            if reply.code != Status.OK:
                return reply
            contexts = getattr(service, f"{single}Response").FromString(reply.body).contexts
            # Like MLMD, which leaves out those that have none.
            if contexts:
                getattr(found.contexts[id_], field).extend(contexts)
        return Reply(Status.OK, b"", found.SerializeToString())

    return answer


def _refused(text: str) -> Answer:
    async def answer(ask: Ask, body: bytes, timeout: float) -> Reply:
        return Reply(Status.UNIMPLEMENTED, text.encode(), b"")

    return answer


ANSWERS: Mapping[str, Answer] = {
    "GetParentContextsByContexts": _one_by_one(
        "GetParentContextsByContexts", "GetParentContextsByContext", "parent_contexts"
    ),
    "GetChildrenContextsByContexts": _one_by_one(
        "GetChildrenContextsByContexts", "GetChildrenContextsByContext", "children_contexts"
    ),
    "GetLineageGraph": _refused("GetLineageGraph is deprecated in MLMD and not offered here: call GetLineageSubgraph"),
}
