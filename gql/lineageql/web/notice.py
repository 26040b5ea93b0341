"""What a browser gets at `/` where no page is served that could ask: why, and where programs ask.

notice = Notice(only_known=True)
Route("/", notice.page)
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from lineageql.web.files import File, respond

_STYLE: Final = (
    ":root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif } "
    "body { margin: 4rem auto; max-width: 38rem; padding: 0 1rem } h1 { font-size: 1.4rem }"
)
_ONLY_KNOWN: Final = """<p>It runs only the documents that its operator has listed
  (<code>--persisted-documents require</code>). The explorer and GraphiQL make documents of their own, so neither is
  served here.</p>
  <p>Programs ask at <a href="graphql"><code>graphql</code></a> by a document's hash or name.</p>"""
_TURNED_OFF: Final = """<p>Its operator has turned off both pages, the explorer and GraphiQL.</p>
  <p>Programs ask at <a href="graphql"><code>graphql</code></a>.</p>"""
_PAGE: Final = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="robots" content="noindex" />
    <title>LineageQL</title>
    <style>{style}</style>
  </head>
  <body>
    <main>
  <h1>LineageQL answers here, and has no page to show</h1>
  {reason}
  <p><a href="schema.graphql">The schema</a> tells what there is to ask for.</p>
    </main>
  </body>
</html>
"""


class Notice:
    """The page, made once. `only_known`: the pages are not served because only known documents are run."""

    def __init__(self, *, only_known: bool) -> None:
        text = _PAGE.format(style=_STYLE, reason=_ONLY_KNOWN if only_known else _TURNED_OFF)
        self._file = File(text.encode(), "text/html; charset=utf-8")
        digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        self._policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )

    async def page(self, request: Request) -> Response:
        """The page, or 304 for a browser that has it."""
        headers = {
            "cache-control": "private, no-cache",
            "content-security-policy": self._policy,
            # The same address sends others to GraphQL.
            "vary": "Accept, Accept-Encoding",
            "x-frame-options": "DENY",
        }
        return await respond(request, self._file, headers)
