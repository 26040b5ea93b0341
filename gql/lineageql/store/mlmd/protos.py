"""The messages of MLMD and of its service, which are ml-metadata's own."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from lineageql.errors import Unavailable
from lineageql.store.mlmd.availability import missing_reason


@cache
def load() -> tuple[Any, Any]:
    """The modules of MLMD's data, and of its service's requests and replies.

    It takes a quarter of a second the first time.

    Raises:
        Unavailable: ml-metadata is not installed.
    """
    reason = missing_reason()
    if reason is not None:
        raise Unavailable(reason)
    data, service = (
        importlib.import_module(f"ml_metadata.proto.metadata_store{part}_pb2") for part in ("", "_service")
    )
    return data, service
