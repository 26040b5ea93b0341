"""Bearer tokens: who has one of the file is known by it, and nobody else is let in."""

from __future__ import annotations

import hashlib
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineageql.watched_file
from lineageql.cli import commands
from lineageql.errors import Unauthenticated, UsageError
from lineageql.settings import Settings
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.authentication.tokens import new_token, parse_tokens
from tests.catalog.graphs import empty_store
from tests.service import Service, serving

QUERY = {"query": "{ store { backend } }"}
DATA = {"data": {"store": {"backend": "sqlite"}}}
SECRET = "lql_thirty-two-bytes-that-nobody-guesses"


def row(name: str, secret: str = SECRET, more: str = "") -> str:
    return f'[[token]]\nname = "{name}"\nsha256 = "{hashlib.sha256(secret.encode()).hexdigest()}"\n{more}\n'


FILE = (
    row("ann", more='groups = ["fraud-team", "de"]\nexpires = 2999-01-01')
    + row("bob", "b" * 300)
    + row("gone", "gone", "expires = 2020-01-01T00:00:00+02:00")
)


@pytest.fixture
def tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of tokens that is looked at with every request."""
    monkeypatch.setattr(lineageql.watched_file, "LOOK", 0.0)
    path = tmp_path / "tokens.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
async def service(tmp_path: Path, tokens: Path) -> AsyncIterator[Service]:
    path = tmp_path / "store.db"
    path.write_bytes(empty_store())
    async with serving(path, read_only=True, auth_tokens=str(tokens), graphiql=True, explorer=True) as running:
        yield running


def replace(path: Path, text: str | None) -> None:
    """Puts another file into the place of one, as a careful program does; or none."""
    if text is None:
        path.unlink()
    else:
        other = path.with_suffix(".new")
        other.write_text(text)
        other.replace(path)


async def ask(service: Service, authorization: str | None, **headers: str) -> httpx.Response:
    given = {} if authorization is None else {"authorization": authorization}
    encoded = {name: value.encode("latin-1") for name, value in {**given, **headers}.items()}
    return await service.client.post("/graphql", json=QUERY, headers=encoded)


async def test_a_request_without_credentials_that_count_is_answered_alike(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = [
        "Bearer lql_unknown",
        "Bearer gone",
        "Bearer",
        "Bearer " + SECRET + "x",
        "Bearer " + SECRET.upper(),
        "Basic " + SECRET,
        SECRET,
        "Bearer \xff\xfe",
        "Bearer " + hashlib.sha256(SECRET.encode()).hexdigest(),
    ]
    (answer,) = {(await ask(service, each)).text for each in wrong}
    refused = await ask(service, wrong[0], accept="application/graphql-response+json")
    assert (refused.status_code, refused.text) == (401, answer)
    assert refused.headers["content-type"].startswith("application/graphql-response+json")
    assert refused.headers["www-authenticate"] == 'Bearer realm="LineageQL", error="invalid_token"'
    assert refused.headers["cache-control"] == "no-store"
    (error,) = refused.json()["errors"]
    assert (refused.json().keys(), error["extensions"]) == ({"errors"}, {"code": "UNAUTHENTICATED"})
    both = [("authorization", f"Bearer {SECRET}"), ("authorization", "Bearer lql_unknown")]
    assert (await service.client.post("/graphql", json=QUERY, headers=both)).text == answer
    nothing = await ask(service, None)
    assert (nothing.status_code, nothing.headers["www-authenticate"]) == (401, 'Bearer realm="LineageQL"')
    assert nothing.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    # Who runs the service learns of one of them what the sender did not, and no secret.
    assert "refused a request from 127.0.0.1: a bearer token that is not in the file" in caplog.text
    assert SECRET not in caplog.text


async def test_who_has_a_token_is_served(service: Service) -> None:
    for each in (f"Bearer {SECRET}", f"bearer  {SECRET} ", "Bearer " + "b" * 300):
        answer = await ask(service, each)
        assert (answer.status_code, answer.json()) == (200, DATA)
    got = await service.client.get("/graphql", params=QUERY, headers={"authorization": f"Bearer {SECRET}"})
    assert got.json() == DATA


async def test_what_holds_no_data_is_open_and_all_else_is_not(service: Service) -> None:
    page = {"accept": "text/html"}
    open_ones = [("/", page), ("/graphql", page), ("/schema.graphql", {}), ("/healthz", {}), ("/readyz", {})]
    pages = [await service.client.get(path, headers=headers) for path, headers in open_ones]
    assert [answer.status_code for answer in pages] == [200] * len(open_ones)
    for address in re.findall(r'(?:src|href)="(static/[^"]+)"', pages[0].text + pages[1].text):
        assert (await service.client.get(f"/{address}")).status_code == 200
    for method, path in (
        ("GET", "/graphql?query={__typename}"),
        ("POST", "/graphql/"),
        ("PUT", "/graphql"),
        ("OPTIONS", "/graphql"),
        ("GET", "/static"),
        ("GET", "/whatever"),
    ):
        assert (await service.client.request(method, path)).status_code == 401, path
    assert (await service.client.request("POST", "/graphql", headers=page, json=QUERY)).status_code == 401


async def test_strangers_learn_no_more_than_that_it_is_not_ready(
    tmp_path: Path, tokens: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(empty_store())
    for settings, told in (({}, True), ({"auth_tokens": str(tokens)}, False)):
        async with serving(path, read_only=True, **settings) as running:
            replace(path, "another file has come in its place")
            answer = await running.client.get("/readyz")
            assert (answer.status_code, answer.json()["ready"]) == (503, False)
            assert (str(path) in answer.text) == told
        path.write_bytes(empty_store())
    assert "not ready: " in caplog.text
    assert str(path) in caplog.text


async def test_a_caller_is_who_the_file_says(tokens: Path) -> None:
    authentication = Authentication(Settings(auth_tokens=str(tokens)))
    assert authentication.is_on
    assert not await authentication.admits_anonymous()
    ann = await authentication.caller("", [(b"authorization", b"Bearer " + SECRET.encode())])
    assert (ann.name, ann.groups) == ("ann", {"fraud-team", "de"})
    off = Authentication(Settings())
    assert await off.admits_anonymous()
    assert (await off.caller("", [(b"authorization", b"Bearer whatever")])).name is None


async def test_the_file_is_read_again_and_a_wrong_one_changes_nothing(
    service: Service, tokens: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def statuses() -> tuple[int, int]:
        return (
            (await ask(service, f"Bearer {SECRET}")).status_code,
            (await ask(service, "Bearer new")).status_code,
        )

    assert await statuses() == (200, 401)
    replace(tokens, row("new", "new"))
    assert await statuses() == (401, 200)
    caplog.clear()
    replace(tokens, FILE + '[[token]]\nname = "eve"\nsha256 = "the-token-itself"')
    assert await statuses() == (401, 200)
    (said,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "token[3].sha256 takes the SHA-256" in said.getMessage()
    assert "WHAT IT SAID BEFORE STILL COUNTS" in said.getMessage()
    assert "the-token-itself" not in caplog.text
    replace(tokens, None)
    assert await statuses() == (401, 200)
    assert f"cannot read {tokens}: no such file" in caplog.text
    replace(tokens, FILE)
    assert await statuses() == (200, 401)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[token]", "is not TOML"),
        ("a = " + "[" * 100_000, "is not TOML"),
        ("tokens = 1", "'tokens' is not known"),
        ('[token]\nname = "a"', r"tables \[\[token\]\]"),
        ('[[token]]\nname = "a"\nsha256 = "secret"', r"token\[0\].sha256 takes"),
        (row("a", more='token = "secret"'), r"token\[0\].token is not known"),
        (row(""), r"token\[0\].name takes"),
        (row("*"), r"token\[0\].name takes"),
        (row("anonymous"), r"token\[0\].name takes"),
        (row("group:admins"), r"token\[0\].name takes"),
        (row("a", more='groups = "secret"'), r"token\[0\].groups takes"),
        (row("a", more='groups = ["group:secret"]'), r"token\[0\].groups takes"),
        (row("a", more='expires = "2027-01-01"'), r"token\[0\].expires takes"),
        (row("a", more="expires = 2027-01-01T00:00:00"), r"token\[0\].expires takes"),
        (row("a") + row("b"), r"token\[1\].sha256 is that of token\[0\]"),
    ],
)
def test_a_wrong_file_is_told_by_its_place_and_shows_nothing_of_it(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_tokens(text, "tokens.toml")
    assert "secret" not in str(caught.value)


def test_a_wrong_file_keeps_a_service_from_starting(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[[token]")
    for name, said in (("wrong.toml", "wrong.toml is not TOML"), ("none.toml", "none.toml: no such file")):
        arguments = ["serve", str(tmp_path / "none.db"), "--port", "0", "--auth-tokens", str(tmp_path / name)]
        with pytest.raises(UsageError, match=said):
            commands.main(arguments, standalone_mode=False)


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
    lambda name: name not in ("*", "anonymous") and not name.startswith("group:")
)


@given(name=NAMES, groups=st.sets(NAMES, max_size=3), hours=st.none() | st.integers(1, 1000))
def test_a_row_says_what_the_token_was_made_for(name: str, groups: set[str], hours: int | None) -> None:
    now = datetime(2026, 11, 27, 8, 0, 0, tzinfo=timezone.utc)
    until = None if hours is None else now + timedelta(hours=hours)
    secret, made = new_token(name, groups, until)
    other, more = new_token("other")
    found = parse_tokens(made.row() + more.row(), "f")
    caller = found.caller(secret, now)
    assert (caller.name, caller.groups) == (name, groups)
    assert found.caller(other, now).name == "other"
    assert secret not in made.row()
    if until is not None:
        with pytest.raises(Unauthenticated):
            found.caller(secret, until)


def test_the_command_makes_a_token_that_a_service_takes() -> None:
    command = [sys.executable, "-m", "lineageql", "token", "ci", "--group", "fraud-team", "--expires", "90d"]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    secret = made.stderr.splitlines()[-1]
    assert re.fullmatch(r"lql_[\w-]{43}", secret)
    assert secret not in made.stdout
    now = datetime.now(timezone.utc)
    tokens = parse_tokens(made.stdout, "tokens.toml")
    caller = tokens.caller(secret, now + timedelta(days=89))
    assert (caller.name, caller.groups) == ("ci", {"fraud-team"})
    with pytest.raises(Unauthenticated):
        tokens.caller(secret, now + timedelta(days=90))


@pytest.mark.parametrize("wrong", ["90", "d", "-1d", "0d", "9999y", "1.5d"])
def test_a_wrong_span_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="such as 90d"):
        commands.main(["token", "ci", f"--expires={wrong}"], standalone_mode=False)
    assert capsys.readouterr() == ("", "")
