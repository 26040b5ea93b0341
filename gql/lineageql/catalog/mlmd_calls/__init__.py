"""Calls of MLMD's own gRPC service, each within the rights of who sends it."""

from lineageql.catalog.mlmd_calls.calls import MLMDCalls

__all__ = ["MLMDCalls"]
