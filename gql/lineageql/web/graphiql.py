"""GraphiQL: the page that a browser gets at the GraphQL address, and its files.

Everything comes from the package itself and the page may talk to its own origin
only, so it works in a cluster without a way out, and what is typed stays there::

    graphiql = GraphiQL(load_operations(operations_folder()))
    app = Starlette(routes=[*graphiql.routes(), Route("/graphql", graphql)])

    async def graphql(request):
        if wants_page(request):
            return await graphiql.page(request)

`static/graphiql/` holds others' files, renewed by `scripts/vendor-graphiql`;
`static/` beside it holds our own. All of them are addressed relative to the page,
which may thus have any path prefix, and must not end in a slash.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import asdict
from string import Template
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from lineageql.web.bundle import STATIC, Bundle, files_of
from lineageql.web.files import File, respond
from lineageql.web.operations import Operation

STATIC_PATH: Final = "/static/graphiql"

# No `eval`, no inline script, and one style element, known by its hash: GraphiQL's dialogs stop the
# page behind them from scrolling. The page never scrolls, so nothing is lost should another release
# write it differently. `data:` images are the marks that the style sheet draws under errors.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def wants_page(request: Request) -> bool:
    """Whether this is a browser that opens the address, rather than a client with a query.

    A browser names HTML and no JSON, also where the address holds a query: the page shows it.
    """
    if request.method not in ("GET", "HEAD"):
        return False
    accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept", "").lower().split(",")}
    return "text/html" in accepted and not any("json" in name for name in accepted)


class GraphiQL:
    """The page with its ready-made operations, and its files; all read once and kept in memory.

    Args:
        operations: what the page offers, in this order; the first is open on a first visit.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._bundle = Bundle(STATIC_PATH, {**files_of(STATIC), **files_of(STATIC / "graphiql")})
        self.version: Final = self._bundle.version
        """A digest of all files; a part of their addresses, which may thus be cached for ever."""
        self._page = File(self._render(operations), "text/html; charset=utf-8")

    async def page(self, request: Request) -> Response:
        """The page, or 304 for a browser that has it."""
        headers = {
            "cache-control": "private, no-cache",
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "cross-origin-opener-policy": "same-origin",
            # The same address answers a client's query with JSON.
            "vary": "Accept, Accept-Encoding",
            # Descriptions in the schema may hold links: not even their hosts' names are looked up.
            "x-dns-prefetch-control": "off",
            "x-frame-options": "DENY",
        }
        return await respond(request, self._page, headers)

    def routes(self) -> list[BaseRoute]:
        """The route of the files, to be put at the same level as the page's."""
        return self._bundle.routes()

    def _render(self, operations: Sequence[Operation]) -> bytes:
        template = Template((STATIC / "page.html").read_text(encoding="utf-8"))
        return template.substitute(files=html.escape(self._bundle.folder), operations=_embed(operations)).encode()


def _embed(operations: Sequence[Operation]) -> str:
    """The operations as JSON that is inert inside a script element, whatever they say."""
    rows = [
        {
            "name": operation.name,
            "title": operation.title,
            "description": operation.description,
            "document": operation.document,
            # As text: the editor shows it, and a number beyond a double's 53 bits survives.
            "variables": json.dumps(operation.variables, indent=2, ensure_ascii=False) if operation.variables else "",
            "examples": operation.examples and asdict(operation.examples),
        }
        for operation in operations
    ]
    text = json.dumps(rows)  # ASCII only, so no line separator or lone surrogate is left in it
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
