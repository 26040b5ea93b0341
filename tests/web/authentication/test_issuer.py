"""Tokens of an OIDC issuer, which runs in a process of its own and changes its keys."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageql.errors import Unauthenticated, Unavailable, UsageError
from lineageql.model.callers import Caller
from lineageql.settings import Settings
from lineageql.web.authentication import keys
from lineageql.web.authentication.authentication import Authentication
from lineageql.web.authentication.keys import parse_keys
from lineageql.web.authentication.tokens import new_token
from tests.catalog.graphs import empty_store
from tests.issuer import AUDIENCE, Issuer
from tests.service import serving

QUERY = {"query": "{ store { backend } }"}


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    with Issuer() as started:
        yield started


@pytest.fixture
def issuer(running: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """The issuer as it is at first, whose keys are fetched as soon as one is missing."""
    monkeypatch.setattr(keys, "PAUSE", 0.0)
    yield running
    running.behave()
    running.rotate()


def taking(issuer: Issuer, **more: Any) -> Authentication:
    return Authentication(Settings(auth_issuer=issuer.url, auth_audience=AUDIENCE, **more))


async def caller(authentication: Authentication, token: str) -> Caller:
    return await authentication.caller("127.0.0.1", [(b"authorization", b"Bearer " + token.encode())])


async def refused(authentication: Authentication, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await caller(authentication, token)
    assert str(caught.value) == str(Unauthenticated("whatever the reason"))
    return caught.value.reason


@pytest.mark.parametrize("algorithm", ["RS256", "PS384", "ES256", "EdDSA"])
async def test_keys_that_are_replaced_in_between(issuer: Issuer, algorithm: str) -> None:
    authentication = taking(issuer)
    before = issuer.token(groups=["fraud-team", "de"])
    assert await caller(authentication, before) == Caller("ann@example.org", frozenset(("fraud-team", "de")))
    issuer.rotate(algorithm)
    after = issuer.token(email="bob@example.org", groups="one")
    assert await caller(authentication, after) == Caller("bob@example.org", frozenset(("one",)))
    # The key that the issuer no longer has counts no more.
    assert "no key of the issuer's" in await refused(authentication, before)
    unnamed = issuer.token(head={"kid": None})
    assert (await caller(authentication, unnamed)).name == "ann@example.org"


async def test_claims(issuer: Issuer) -> None:
    now = int(time.time())
    authentication = taking(issuer)
    for fine in (
        {"exp": now - 50},
        {"nbf": now + 50},
        {"iat": now + 50},
        {"aud": ["other", AUDIENCE]},
        {"email_verified": True},
    ):
        assert (await caller(authentication, issuer.token(**fine))).name == "ann@example.org", fine
    for wrong, said in (
        ({"exp": now - 70}, "ExpiredSignatureError"),
        ({"nbf": now + 70}, "ImmatureSignatureError"),
        ({"aud": "other"}, "InvalidAudienceError"),
        ({"aud": []}, "Error"),
        ({"iss": issuer.url + "/"}, "InvalidIssuerError"),
        ({"leave": ("exp",)}, "MissingRequiredClaimError"),
        ({"leave": ("aud",)}, "Error"),
        ({"leave": ("iss",)}, "Error"),
        ({"leave": ("email",)}, "without a text as email"),
        ({"email": ["ann"]}, "without a text as email"),
        ({"email": "anonymous"}, "nobody may have"),
        ({"email": "group:admins"}, "nobody may have"),
        ({"email": "ann\nadmin"}, "nobody may have"),
        ({"groups": [1]}, "no list of texts as groups"),
        ({"groups": ["*"]}, "nobody may have"),
        ({"email_verified": False}, "has not verified"),
    ):
        assert said in await refused(authentication, issuer.token(**wrong)), wrong  # type: ignore[arg-type]
    other = taking(issuer, auth_name_claim="sub", auth_groups_claim="roles")
    token = issuer.token(sub="42", roles=["r"], email_verified=False)
    assert await caller(other, token) == Caller("42", frozenset("r"))


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_what_the_issuer_did_not_sign(issuer: Issuer) -> None:
    authentication = taking(issuer)
    token = issuer.token()
    head, claims, signature = token.split(".")
    (published,) = issuer.keys["keys"]
    kid = published["kid"]
    modulus = base64.urlsafe_b64decode(published["n"] + "==")
    shared = {"alg": "HS256", "kid": kid}
    signed = f"{encoded(shared)}.{claims}"
    by_public_key = encoded(hmac.digest(modulus, signed.encode(), "sha256"))
    forged = json.loads(base64.urlsafe_b64decode(claims + "=="))
    for wrong in (
        f"{head}.{encoded({**forged, 'email': 'eve@example.org'})}.{signature}",
        f"{encoded({'alg': 'none', 'kid': kid})}.{claims}.",
        f"{signed}.{by_public_key}",
        f"{encoded({'alg': 'ES256', 'kid': kid})}.{claims}.{signature}",
        f"{encoded({'alg': ['RS256'], 'kid': kid})}.{claims}.{signature}",
        f"{encoded({'alg': 'RS256', 'kid': {}})}.{claims}.{signature}",
        f"{encoded({'alg': 'RS256', 'kid': kid, 'crit': ['x'], 'x': 1})}.{claims}.{signature}",
        f"{encoded(b'[' * 20_000)}.{claims}.{signature}",
        f"{head}.{claims}.",
        f"{head}..{signature}",
        "..",
        "",
        "\xff.a.b",
    ):
        await refused(authentication, wrong)
    assert (await caller(authentication, token)).name == "ann@example.org"


async def test_keys_that_nobody_has_cause_no_flood(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    authentication = taking(issuer)
    await caller(authentication, issuer.token())
    before = issuer.fetches
    monkeypatch.setattr(keys, "PAUSE", 0.0)
    wrong = [issuer.token(head={"kid": f"key {number}"}) for number in range(20)]
    # Those that come together wait for one fetch, and within its pause there is no other.
    await asyncio.gather(*(refused(authentication, token) for token in wrong))
    assert issuer.fetches - before == 1
    monkeypatch.setattr(keys, "PAUSE", 60.0)
    for token in wrong:
        await refused(authentication, token)
    assert issuer.fetches - before == 1


async def test_an_issuer_that_is_away(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    authentication = taking(issuer)
    token = issuer.token()
    issuer.behave(500)
    with pytest.raises(Unavailable, match="try again"):
        await caller(authentication, token)
    assert "/.well-known/openid-configuration answered 500" in caplog.text
    issuer.behave(name="https://other.example.org")
    with pytest.raises(Unavailable):
        await caller(authentication, token)
    assert "names the issuer 'https://other.example.org'" in caplog.text
    issuer.behave()
    assert (await caller(authentication, token)).name == "ann@example.org"
    issuer.behave(500)
    monkeypatch.setattr(keys, "FRESH", 0.0)
    assert (await caller(authentication, token)).name == "ann@example.org"
    monkeypatch.setattr(keys, "LONGEST_USE", 0.0)
    with pytest.raises(Unavailable):
        await caller(authentication, token)


async def test_keys_of_a_file(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(issuer.keys))
    before = issuer.fetches
    authentication = taking(issuer, auth_jwks=str(file))
    assert (await caller(authentication, issuer.token())).name == "ann@example.org"
    await refused(authentication, issuer.token(head={"kid": "other"}))
    at_address = taking(issuer, auth_jwks=f"{issuer.url}/keys")
    assert (await caller(at_address, issuer.token())).name == "ann@example.org"
    assert issuer.fetches - before == 1


async def test_others_are_answered_while_an_issuer_is_slow(issuer: Issuer, tmp_path: Path) -> None:
    secret, row = new_token("ci")
    tokens, store = tmp_path / "tokens.toml", tmp_path / "store.db"
    tokens.write_text(row.row())
    store.write_bytes(empty_store())
    both = {"auth_tokens": str(tokens), "auth_issuer": issuer.url, "auth_audience": AUDIENCE}
    token = issuer.token()
    async with serving(store, read_only=True, **both) as service:

        async def ask(bearer: str) -> int:
            headers = {"authorization": f"Bearer {bearer}"}
            return (await service.client.post("/graphql", json=QUERY, headers=headers)).status_code

        issuer.behave(held=True)
        waiting = asyncio.create_task(ask(token))
        assert await ask(secret) == 200
        assert not waiting.done()
        await asyncio.to_thread(issuer.behave, 503)
        assert await waiting == 503
        issuer.behave()
        assert await ask(token) == 200
        assert await ask(token[:-9] + "x" * 9) == 401


def test_keys_that_are_of_no_use_are_left_out(issuer: Issuer) -> None:
    (public,) = issuer.keys["keys"]
    weak = {"kty": "RSA", "e": "AQAB", "n": encoded(b"\xc5" * 128)}
    shared = {"kty": "oct", "k": encoded(b"secret"), "alg": "HS256", "kid": "shared"}
    private = {**public, "d": "AQAB"}
    others = [weak, shared, private, {**public, "use": "enc"}, {**public, "alg": "RS1"}, {"kty": "EC", "crv": "P-256"}]
    kept = parse_keys(json.dumps({"keys": [*others, "text", public, {**public, "alg": "RS512"}]}), "keys")
    assert [key.algorithms for key in kept.keys][1:] == [("RS512",)]
    assert len(kept.keys) == 2
    for wrong in ("{", "[]", "{}", '{"keys": {}}', json.dumps({"keys": others}), json.dumps({"keys": [public] * 65})):
        with pytest.raises(UsageError):
            parse_keys(wrong, "keys")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"auth_issuer": "https://id.example.org"}, "needs --auth-audience"),
        ({"auth_audience": "a"}, "--auth-audience has no use without --auth-issuer"),
        ({"auth_issuer": "id.example.org", "auth_audience": "a"}, "--auth-issuer is no address"),
        ({"auth_issuer": "https://u:p@id.example.org", "auth_audience": "a"}, "--auth-issuer is no address"),
        ({"auth_issuer": "https://i", "auth_audience": "a", "auth_jwks": "none.json"}, "cannot read none.json"),
    ],
)
def test_settings_that_miss_each_other(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Authentication(Settings(**settings))


ODD = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=2)


@given(
    key=st.sampled_from(
        (
            {"kty": "RSA", "e": "AQAB", "n": encoded(b"\xc5" * 256), "alg": "RS256", "kid": "a"},
            {"kty": "EC", "crv": "P-256", "x": encoded(b"\x01" * 32), "y": encoded(b"\x02" * 32), "kid": "b"},
            {"kty": "OKP", "crv": "Ed25519", "x": encoded(b"\x03" * 32), "use": "sig"},
        )
    ),
    others=st.dictionaries(st.sampled_from(("kty", "crv", "n", "e", "x", "y", "kid", "use", "alg", "key_ops")), ODD),
    without=st.sets(st.sampled_from(("kty", "crv", "n", "e", "x", "y", "kid")), max_size=2),
)
def test_odd_keys_are_left_out_or_used_and_never_raise(key: dict[str, Any], others: Any, without: set[str]) -> None:
    odd = {name: value for name, value in {**key, **others}.items() if name not in without}
    whole = {"kty": "RSA", "e": "AQAB", "n": encoded(b"\xc7" * 256), "kid": "whole"}
    found = parse_keys(json.dumps({"keys": [odd, whole]}), "keys")
    assert found.fitting("whole", "RS256")
    assert all("HS" not in name for each in found.keys for name in each.algorithms)
