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

import hashlib
import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

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

_CONTENT_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
_STATIC: Final = Path(__file__).parent / "static"


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
        self._files = dict(_read_files())
        self.version: Final = _version(self._files)
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
        return [Route(f"{STATIC_PATH}/{{version}}/{{name}}", self._file, methods=["GET"], name="graphiql-files")]

    async def _file(self, request: Request) -> Response:
        body = self._files.get(request.path_params["name"])
        if body is None:
            raise HTTPException(404)
        # While replicas are being replaced, a page of one release may ask a replica of another for
        # its files: it gets the nearest there is, and no cache keeps that under the wrong address.
        current = request.path_params["version"] == self.version
        headers = {
            "cache-control": "public, max-age=31536000, immutable" if current else "no-store",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
            "cross-origin-resource-policy": "same-origin",
            "vary": "Accept-Encoding",
        }
        return await respond(request, body, headers)

    def _render(self, operations: Sequence[Operation]) -> bytes:
        template = Template((_STATIC / "page.html").read_text(encoding="utf-8"))
        files = f"{STATIC_PATH.lstrip('/')}/{self.version}"
        return template.substitute(files=html.escape(files), operations=_embed(operations)).encode()


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


def _read_files() -> Iterator[tuple[str, File]]:
    for folder in (_STATIC, _STATIC / "graphiql"):
        for file in folder.iterdir():
            content_type = _CONTENT_TYPES.get(file.name.rpartition(".")[2])
            if content_type and file.is_file():
                yield file.name, File(file.read_bytes(), content_type)


def _version(files: dict[str, File]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name} {files[name].digest}\n".encode())
    return digest.hexdigest()[:16]
