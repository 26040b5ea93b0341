"""LineageQL: a GraphQL lineage query service over ML Metadata (MLMD)."""

__version__ = "0.1.0"
