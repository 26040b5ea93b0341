"""A Python client of LineageQL: lineage in notebooks, training scripts and audits.

    from lineageql_client import Client, metadata

`Client` and `AsyncClient` read everything in the service's schema, typed. `metadata` records, and has the surface of
the Kubeflow Metadata SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineageql_client.client import AsyncClient, Client
from lineageql_client.errors import IncompleteWarning, LineageQLError, SpooledWarning
from lineageql_client.transport import VERSION as __version__

if TYPE_CHECKING:
    from lineageql_client import metadata

__all__ = ["AsyncClient", "Client", "IncompleteWarning", "LineageQLError", "SpooledWarning", "__version__", "metadata"]


def __getattr__(name: str) -> Any:
    # Only who records needs it.
    if name == "metadata":
        import importlib

        return importlib.import_module("lineageql_client.metadata")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
