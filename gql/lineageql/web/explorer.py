"""The explorer: the page that a browser gets at the service's root, and its files.

    explorer = Explorer()
    app = Starlette(routes=[*explorer.routes(), Route("/", explorer.page)])

`static/explorer/` holds plain modules that a browser loads as they are, without a
build step; `vendor/` in it holds others' files, renewed by `scripts/vendor`. All of
them are addressed relative to the page, which must end in a slash. Everything comes
from the package itself, and the page talks to nobody but its own origin, by GraphQL.
"""

from __future__ import annotations

import html
from pathlib import Path
from string import Template
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from lineageql.web.bundle import STATIC, Bundle
from lineageql.web.files import File, respond

STATIC_PATH: Final = "/static/explorer"

# No `eval`, no inline script and no inline style. `blob:` images become the pictures that are saved,
# `data:` images are marks in the style sheets, and workers lay out graphs.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_FOLDER: Final = STATIC / "explorer"
_LATER: Final = ("lineage/", "vendor/uplot.js")
"""Modules that a view loads when it is first opened; all others are loaded with the page, at once."""


class Explorer:
    """The page and its files, read once and kept in memory."""

    def __init__(self) -> None:
        # A worker is bound by the policy of its own file.
        policy = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
        self._bundle = Bundle(STATIC_PATH, {**_files(), "favicon.svg": STATIC / "favicon.svg"}, policy)
        self.version: Final = self._bundle.version
        """A digest of all files; a part of their addresses, which may thus be cached for ever."""
        self._page = File(self._render(), "text/html; charset=utf-8")

    async def page(self, request: Request) -> Response:
        """The page, or 304 for a browser that has it."""
        headers = {
            "cache-control": "private, no-cache",
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "cross-origin-opener-policy": "same-origin",
            # The same address sends others to GraphQL.
            "vary": "Accept, Accept-Encoding",
            # Uris of artifacts are shown: not even their hosts' names are looked up.
            "x-dns-prefetch-control": "off",
            "x-frame-options": "DENY",
        }
        return await respond(request, self._page, headers)

    def routes(self) -> list[BaseRoute]:
        """The route of the files, to be put at the same level as the page's."""
        return self._bundle.routes()

    def _render(self) -> bytes:
        template = Template((_FOLDER / "index.html").read_text(encoding="utf-8"))
        files = html.escape(self._bundle.folder)
        modules = [name for name in self._bundle.names if name.endswith(".js") and not name.startswith(_LATER)]
        # Otherwise a browser learns of each module from the one that imports it, one round trip after another.
        preloads = "\n    ".join(f'<link rel="modulepreload" href="{files}/{html.escape(name)}" />' for name in modules)
        return template.substitute(files=files, preloads=preloads).encode()


def _files() -> dict[str, Path]:
    return {path.relative_to(_FOLDER).as_posix(): path for path in _FOLDER.rglob("*") if path.is_file()}
