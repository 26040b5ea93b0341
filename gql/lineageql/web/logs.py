"""Log lines, as text or as JSON, each with the id of the request that it is about."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from lineageql.settings import Settings
from lineageql.web.request_ids import current

FACTS = "facts"
"""The attribute of a log record that holds what a line says beside its message, by name."""

_SEEN_BY_SOME = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What JSON leaves as it is, and some readers take for the end of a line, and some terminals for a command."""


def json_line(said: Mapping[str, Any]) -> str:
    """An object as a line of JSON: one line to every reader, whatever clients put into its texts."""
    return _SEEN_BY_SOME.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(said, ensure_ascii=False))


class TextFormatter(logging.Formatter):
    """`WARNING: [id] message`, and the same as before where a line is about no request."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        id_ = current.get()
        facts = getattr(record, FACTS, {})
        said = " ".join(f"{name}={_plain(value)}" for name, value in facts.items() if name != "request_id")
        parts = (f"{record.levelname}:", f"[{id_}]" if id_ else "", record.message, said)
        return " ".join(filter(None, parts))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() and " " not in value else json.dumps(value)


class JsonFormatter(logging.Formatter):
    """An object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if id_ := current.get():
            line["request_id"] = id_
        line.update(getattr(record, FACTS, {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json_line(line)


def configure(settings: Settings) -> None:
    """Has all log lines of this process go to standard error, in the format of the settings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("lineageql").setLevel(settings.log_level.upper())
