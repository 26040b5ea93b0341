"""The addresses of stores: which file a URL means."""

from __future__ import annotations

import re
from pathlib import Path

from lineageql.errors import UsageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)


def path_of(url: str) -> Path:
    """The SQLite file that an address means.

    Raises:
        UsageError: it means none.
    """
    found = _SCHEME.fullmatch(url)
    if found is None:
        path = url
    elif found[1].lower() == "sqlite" and found[2].startswith("/"):
        path = found[2][1:]
    elif found[1].lower() == "sqlite":
        raise UsageError(f"{_shown(url)} has a host, and SQLite has none: write sqlite:///{found[2]}")
    else:
        raise UsageError(f"{_shown(url)} cannot be opened: this release opens SQLite files, sqlite:///path")
    if not path or path == ":memory:":
        raise UsageError(f"{_shown(url)} names no file: write sqlite:///path")
    if "\0" in path:
        raise UsageError(f"the path {path!r} holds a NUL")
    return Path(path)


def _shown(url: str) -> str:
    """An address without the credentials that may stand in it."""
    return repr(re.sub(r"(?<=//)[^/@]*@", "", url))
