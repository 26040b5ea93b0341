"""What a request to an endpoint carries besides its operation: headers, and a bearer token of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from lineageql.errors import UsageError

_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_TOKEN = re.compile(r"[!-~]+")


def request_headers(headers: Sequence[str], token_file: str | None) -> dict[str, str]:
    """The headers that are sent with every request.

    Args:
        headers: as `--header` takes them: `Name: value`, or @ and the name of a file with one a line.
        token_file: the file of a bearer token, as `--token-file` names it.

    Raises:
        UsageError: one is wrong or cannot be read, or both say who asks. No message shows a value: it may be a secret.
    """
    given = _headers(headers)
    if token_file is None:
        return given
    if any(name.lower() == "authorization" for name in given):
        raise UsageError("--token-file and a header Authorization both say who asks: leave one of them out")
    try:
        token = Path(token_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8"
        raise UsageError(f"cannot read the token in {token_file}: {reason.lower()}") from None
    if len(lines := token.splitlines()) > 1:
        hint = " (`lineageql token` prints the token as the last line on standard error)"
        raise UsageError(f"{token_file} holds {len(lines)} lines: leave only the token in it, which is one word{hint}")
    if not _TOKEN.fullmatch(token):
        raise UsageError(f"what stands in {token_file} is no bearer token: it is one word of plain signs")
    return {**given, "Authorization": f"Bearer {token}"}


def _headers(given: Sequence[str]) -> dict[str, str]:
    lines: list[str] = []
    for text in given:
        try:
            lines += Path(text[1:]).read_text(encoding="utf-8").splitlines() if text.startswith("@") else [text]
        except (OSError, UnicodeError) as error:
            raise UsageError(f"cannot read the headers in {text[1:]}: {error}") from None
    headers = {}
    for place, line in enumerate(lines, 1):
        found = _HEADER.fullmatch(line)
        if found is None:
            # It is not shown: it may hold a token.
            raise UsageError(f"header {place} is not of the form 'Name: value'")
        headers[found[1]] = found[2]
    return headers
