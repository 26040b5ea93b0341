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

import gzip
import hashlib
import html
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

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
    """Whether this is a browser that opens the address, rather than a client with a query."""
    return (
        request.method in ("GET", "HEAD")
        and "text/html" in request.headers.get("accept", "").lower()
        and "query" not in request.query_params
    )


class GraphiQL:
    """The page with its ready-made operations, and its files; all read once and kept in memory.

    Args:
        operations: what the page offers, in this order; the first is open on a first visit.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._files = dict(_read_files())
        self.version: Final = _version(self._files)
        """A digest of all files; a part of their addresses, which may thus be cached for ever."""
        self._page = _Body(self._render(operations), "text/html; charset=utf-8")

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
        return await _respond(request, self._page, headers)

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
        return await _respond(request, body, headers)

    def _render(self, operations: Sequence[Operation]) -> bytes:
        template = Template((_STATIC / "page.html").read_text(encoding="utf-8"))
        files = f"{STATIC_PATH.lstrip('/')}/{self.version}"
        return template.substitute(files=html.escape(files), operations=_embed(operations)).encode()


class _Body:
    """What a response sends, with all that is worth computing once."""

    def __init__(self, content: bytes, content_type: str) -> None:
        self.content: Final = content
        self.content_type: Final = content_type
        self.digest: Final = hashlib.sha256(content).hexdigest()

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, 9, mtime=0)


async def _respond(request: Request, body: _Body, headers: dict[str, str]) -> Response:
    zipped = "gzip" in request.headers.get("accept-encoding", "").lower()
    etag = f'"{body.digest[:32]}{"-gzip" if zipped else ""}"'
    headers = {
        **headers,
        "etag": etag,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in known:
        return Response(status_code=304, headers=headers)
    content = body.content
    if zipped:
        # The first one to ask waits a tenth of a second for it, and nobody else does.
        content = await run_in_threadpool(lambda: body.compressed)
        headers["content-encoding"] = "gzip"
    return Response(content, headers=headers, media_type=body.content_type)


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
        }
        for operation in operations
    ]
    text = json.dumps(rows)  # ASCII only, so no line separator or lone surrogate is left in it
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read_files() -> Iterator[tuple[str, _Body]]:
    for folder in (_STATIC, _STATIC / "graphiql"):
        for file in folder.iterdir():
            content_type = _CONTENT_TYPES.get(file.name.rpartition(".")[2])
            if content_type and file.is_file():
                yield file.name, _Body(file.read_bytes(), content_type)


def _version(files: dict[str, _Body]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name} {files[name].digest}\n".encode())
    return digest.hexdigest()[:16]
