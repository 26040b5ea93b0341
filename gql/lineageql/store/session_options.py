"""What the option `options` of a PostgreSQL URL tells a session, such as its `search_path`."""

from __future__ import annotations

import re
import shlex

from lineageql.errors import UsageError
from lineageql.store.addresses import ServerAddress

_SET = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)=(.*)", re.DOTALL)


def session_options(address: ServerAddress) -> dict[str, str]:
    """The parameters by their names: `-c name=value` or `--name=value`, as the server's own command takes them.

    Raises:
        UsageError: it is another text.
    """
    text = address.options.get("options", "")
    try:
        # A backslash hides a space, as with libpq.
        words = shlex.split(text)
    except ValueError:
        raise _wrong(address, text) from None
    found: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word == "-c" and words:
            word = words.pop(0)
        elif word.startswith("--") or (word.startswith("-c") and len(word) > len("-c")):
            word = word[2:]
        else:
            raise _wrong(address, text)
        setting = _SET.fullmatch(word)
        if setting is None:
            raise _wrong(address, text)
        found[setting[1]] = setting[2]
    return found


def _wrong(address: ServerAddress, text: str) -> UsageError:
    return UsageError(f"the option options of {address} is {text!r}; it takes -c name=value, as often as needed")
