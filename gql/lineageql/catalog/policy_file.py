"""The file of a policy, which is read again when it changes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from lineageql.model.rights import Policy, parse_policy
from lineageql.settings import Settings
from lineageql.watched_file import WatchedFile


def policy_file(settings: Settings) -> WatchedFile[Policy] | None:
    """What says who may do what; None where the settings name no file.

    Raises:
        UsageError: the file cannot be read, or says what cannot be.
    """
    if not settings.policy:
        return None
    path = Path(settings.policy)
    return WatchedFile(path, partial(parse_policy, source=str(path)))
