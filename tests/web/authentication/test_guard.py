"""What is guarded gets its caller, and what is not said to be open is guarded."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lineageql.model.callers import ANONYMOUS
from lineageql.settings import Settings
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.authentication.guard import Guard, caller_of
from lineageql.web.authentication.tokens import new_token

SECRET, ROW = new_token("ann", ["fraud-team"])


async def who(request: Request) -> Response:
    caller = caller_of(request)
    return JSONResponse([caller.name, sorted(caller.groups)])


def client(settings: Settings) -> httpx.AsyncClient:
    guard = Middleware(
        Guard, authentication=Authentication(settings), is_open=lambda request: request.url.path == "/open"
    )
    app = Starlette(routes=[Route("/{path:path}", who)], middleware=[guard])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


@pytest.fixture
def tokens(tmp_path: Path) -> str:
    (tmp_path / "tokens.toml").write_text(ROW.row())
    return str(tmp_path / "tokens.toml")


async def test_a_request_goes_on_with_its_caller(tokens: str) -> None:
    known = {"authorization": f"Bearer {SECRET}"}
    async with client(Settings(auth_tokens=tokens)) as asking:
        assert (await asking.get("/new", headers=known)).json() == ["ann", ["fraud-team"]]
        assert (await asking.get("/new")).status_code == 401
        # What is open does not look at credentials, so wrong ones change nothing.
        for headers in ({}, known, {"authorization": "Bearer wrong"}):
            assert (await asking.get("/open", headers=headers)).json() == [ANONYMOUS.name, []]
    async with client(Settings()) as asking:
        assert (await asking.get("/new", headers=known)).json() == [None, []]
