"""Several processes that answer together, and the folder in which they gather what they count."""

from __future__ import annotations

import os

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus-client knows the folder; it must be set before that is imported."""


def several_processes() -> bool:
    """Whether this process is one of several that answer together."""
    return FOLDER in os.environ
