"""The file that maps types of users' own, read once when a store is opened."""

from __future__ import annotations

from pathlib import Path

from lineageql.errors import UsageError
from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnTypes, parse_own_types
from lineageql.settings import Settings


def own_types(settings: Settings) -> OwnTypes:
    """What the file that the settings name says; nothing where they name none.

    Raises:
        UsageError: it cannot be read, or says what cannot be.
    """
    if not settings.types:
        return NO_OWN_TYPES
    try:
        text = Path(settings.types).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {settings.types}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeError:
        raise UsageError(f"cannot read {settings.types}: it is not UTF-8") from None
    return parse_own_types(text, settings.types)
