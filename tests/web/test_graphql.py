"""GraphQL over HTTP: methods, media types, bodies, and what each failure answers."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageql.settings import Settings
from lineageql.web.answers import JSON_TYPE
from lineageql.web.app import create_app
from lineageql.web.media_types import RESPONSE_TYPE, response_type
from tests.catalog.graphs import empty_store
from tests.service import Service, serving


@pytest.fixture
async def service(tmp_path: Any) -> AsyncIterator[Service]:
    path = tmp_path / "store.db"
    path.write_bytes(empty_store())
    async with serving(path, read_only=True, max_body_size=100_000, graphiql=True, explorer=True) as running:
        yield running


QUERY = "{ store { backend } }"
DATA = {"data": {"store": {"backend": "sqlite"}}}
SCHEMA = (Path(__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", JSON_TYPE),
        ("*/*", JSON_TYPE),
        (JSON_TYPE, JSON_TYPE),
        (RESPONSE_TYPE, RESPONSE_TYPE),
        (f"{RESPONSE_TYPE}, {JSON_TYPE};q=0.9", RESPONSE_TYPE),
        (f"{RESPONSE_TYPE};q=0.5, {JSON_TYPE}", JSON_TYPE),
        ("application/*", JSON_TYPE),
        ("text/html", None),
        (f"{JSON_TYPE};q=0", None),
        (f"{JSON_TYPE};q=x", None),
    ],
)
def test_response_type(accept: str, media: str | None) -> None:
    assert response_type(accept) == media


async def test_post_and_get_answer_the_same(service: Service) -> None:
    posted = await service.client.post("/graphql", json={"query": QUERY})
    got = await service.client.get("/graphql", params={"query": QUERY, "variables": "{}", "operationName": ""})
    for response in (posted, got):
        assert response.status_code == 200
        assert response.json() == DATA
        assert response.headers["vary"].startswith("Accept")
        assert response.headers["content-type"].startswith(JSON_TYPE)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("5", "must be a JSON object"),
        ('"x"', "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("[" * 5_000 + "]" * 5_000, "not JSON"),
        ("[]", "batches are not served"),
        ("{", "not JSON"),
        ("", "not JSON"),
        ("{}", "query is missing"),
        ('{"query": " "}', "query is missing"),
        ('{"query": 5}', "query is missing"),
        ('{"query": "{x}", "variables": []}', "variables must be"),
        ('{"query": "{x}", "operationName": 1}', "operationName must be"),
        ('{"query": "{x}", "extensions": 1}', "extensions must be"),
        ('{"query": "\\ud800"}', "not JSON"),
        ('{"query": "{x}", "variables": {"a": NaN}}', "not JSON"),
    ],
)
async def test_bad_bodies(service: Service, body: str, said: str) -> None:
    response = await service.client.post("/graphql", content=body, headers={"content-type": JSON_TYPE})
    assert response.status_code == 400
    error = response.json()["errors"][0]
    assert said in error["message"]
    assert error["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_other_content_types(service: Service, content_type: str) -> None:
    response = await service.client.post("/graphql", content='{"query":"{x}"}', headers={"content-type": content_type})
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("parameters", "status"),
    [("charset=latin-1", 415), ("foo=bar; charset=utf-16", 415), ('foo=bar; charset="UTF-8"', 200), ("foo=bar", 200)],
)
async def test_other_charsets(service: Service, parameters: str, status: int) -> None:
    headers = {"content-type": f"application/json; {parameters}"}
    response = await service.client.post("/graphql", content=json.dumps({"query": QUERY}), headers=headers)
    assert response.status_code == status


async def test_no_browser_takes_json_for_anything_else(service: Service) -> None:
    for path, status in (("/graphql?query={x}", 200), ("/graphql", 400), ("/readyz", 200), ("/nothing", 404)):
        response = await service.client.get(path)
        assert (response.status_code, response.headers["x-content-type-options"]) == (status, "nosniff"), path


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("br, *", True),
        ("identity, GZIP;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("identity", False),
        ("", False),
    ],
)
async def test_gzip_is_for_those_who_accept_it(service: Service, accepted: str, zipped: bool) -> None:
    query = {"query": "{ __schema { types { name description } } }"}
    for response in (
        await service.client.get("/schema.graphql", headers={"accept-encoding": accepted}),
        await service.client.post("/graphql", json=query, headers={"accept-encoding": accepted}),
    ):
        assert response.headers.get("content-encoding") == ("gzip" if zipped else None)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods(service: Service, method: str) -> None:
    response = await service.client.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"


async def test_mutation_over_get(service: Service) -> None:
    query = 'mutation { createWorkspace(input: {name: "x"}) { created } }'
    response = await service.client.get("/graphql", params={"query": query})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_get_from_another_site(service: Service) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    refused = await service.client.get("/graphql", params={"query": QUERY}, headers=headers)
    assert refused.status_code == 403
    headers["graphql-require-preflight"] = "1"
    assert (await service.client.get("/graphql", params={"query": QUERY}, headers=headers)).json() == DATA


async def test_unacceptable(service: Service) -> None:
    response = await service.client.post("/graphql", json={"query": QUERY}, headers={"accept": "image/png"})
    assert response.status_code == 406


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{", "Syntax Error"),
        ("{ nothing }", "Cannot query field"),
        ("{ store { } }", "Syntax Error"),
        ("query A { store { url } } query B { store { url } }", "several operations"),
        ("fragment F on Store { url }", "Fragment 'F' is never used"),
        ("query ($a: Int!) { artifacts(first: $a) { totalCount } }", "Variable '$a'"),
        ('{ artifacts(first: "x") { totalCount } }', "Int cannot represent"),
    ],
)
async def test_request_errors_have_status_400_for_those_who_understand_it(
    service: Service, query: str, said: str
) -> None:
    for media, status in ((RESPONSE_TYPE, 400), (JSON_TYPE, 200)):
        response = await service.client.post("/graphql", json={"query": query}, headers={"accept": media})
        assert response.status_code == status
        body = response.json()
        assert "data" not in body
        assert said in body["errors"][0]["message"]
        assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_operation_name(service: Service) -> None:
    query = "query A { store { backend } } query B { store { schemaVersion } }"
    assert await service.data(query, operationName="B") == {"store": {"schemaVersion": 10}}
    assert "no operation named" in (await service.ask(query, operationName="C"))["errors"][0]["message"]


@pytest.mark.parametrize("name", ["", None])
async def test_no_operation_name(service: Service, name: str | None) -> None:
    assert await service.data(QUERY, operationName=name) == DATA["data"]


async def test_graphql_with_a_slash(service: Service) -> None:
    assert (await service.client.post("/graphql/", json={"query": QUERY})).json() == DATA
    assert (await service.client.get("/graphql/", params={"query": QUERY})).json() == DATA
    page = await service.client.get("/graphql/?query=%7Bx%7D&variables=%22", headers={"accept": "text/html"})
    assert page.status_code == 307
    assert page.headers["location"] == "../graphql?query=%7Bx%7D&variables=%22"


@pytest.mark.parametrize("path", ["/graphql?query={store{backend}}", "/schema.graphql", "/healthz", "/readyz"])
async def test_head_is_get_without_the_body(service: Service, path: str) -> None:
    got, head = await service.client.get(path), await service.client.head(path)
    assert got.status_code == head.status_code == 200
    own = {"date": "", "x-request-id": ""}  # of each request
    assert {**got.headers, **own} == {**head.headers, **own}
    assert int(head.headers["content-length"]) > 0


async def test_head_of_a_mutation(service: Service) -> None:
    query = 'mutation { createWorkspace(input: {name: "x"}) { created } }'
    assert (await service.client.head("/graphql", params={"query": query})).status_code == 405


async def test_the_schema(service: Service) -> None:
    response = await service.client.get("/schema.graphql")
    assert response.text == SCHEMA
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    known = {"if-none-match": response.headers["etag"]}
    assert (await service.client.get("/schema.graphql", headers=known)).status_code == 304
    assert (await service.client.get("/schema.graphql", headers={"if-none-match": "*"})).status_code == 304


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " x-gzip "])
async def test_a_compressed_body(service: Service, encoding: str) -> None:
    body = gzip.compress(json.dumps({"query": QUERY + " " * 90_000}).encode())
    assert (await post_encoded(service, body, encoding)).json() == DATA


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
async def test_a_body_that_says_it_is_not_compressed(service: Service, encoding: str) -> None:
    assert (await post_encoded(service, json.dumps({"query": QUERY}).encode(), encoding)).json() == DATA


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "gzip, br", "gzipped", "x"])
async def test_other_encodings_of_a_body(service: Service, encoding: str) -> None:
    response = await post_encoded(service, json.dumps({"query": QUERY}).encode(), encoding)
    assert response.status_code == 415
    assert f" {encoding}," in response.json()["errors"][0]["message"]
    assert response.headers["accept-encoding"] == "gzip, identity"


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"{" + b" " * 100_000_000),
        gzip.compress(json.dumps({"query": QUERY + " " * 100_000}).encode()),
        gzip.compress(bytes(range(256)) * 10) + b"x" * 100_000,
    ],
    ids=["bomb", "a little too large", "too large as it comes"],
)
async def test_a_compressed_body_that_is_too_large(service: Service, body: bytes) -> None:
    tracemalloc.start()
    try:
        response = await post_encoded(service, body, "gzip")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert response.status_code == 413
    assert "100000 bytes" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        gzip.compress(b'{"query": "{ store { backend } }"}')[:-9],
        gzip.compress(b'{"query": "{ store { backend } }"}') + gzip.compress(b""),
        b"".join([gzip.compress(b"")] * 4_000),
    ],
    ids=["nothing", "not compressed", "cut off", "two members", "thousands of members"],
)
async def test_a_body_that_is_not_as_compressed_as_it_says(service: Service, body: bytes) -> None:
    response = await post_encoded(service, body, "gzip")
    assert response.status_code == 400
    assert "gzip" in response.json()["errors"][0]["message"]


async def post_encoded(service: Service, body: bytes, encoding: str) -> httpx.Response:
    headers = {"content-type": JSON_TYPE, "content-encoding": encoding}
    return await service.client.post("/graphql", content=body, headers=headers)


async def test_too_large_a_body(service: Service) -> None:
    response = await service.client.post("/graphql", json={"query": "{" + " " * 200_000})
    assert response.status_code == 413
    assert response.json()["errors"][0]["message"]


async def test_attacks_are_refused_before_they_cost(service: Service) -> None:
    bomb = "{ ...F0 }" + "".join(
        f" fragment F{n} on Query {{ a{n}: store {{ url }} ...F{n + 1} ...F{n + 1} }}" for n in range(40)
    )
    bomb += " fragment F40 on Query { store { url } }"
    assert (await service.error(bomb))["code"] == "TOO_EXPENSIVE"
    aliases = "{" + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(300)) + "}"
    assert (await service.error(aliases))["code"] == "TOO_EXPENSIVE"
    deep = "{ artifacts { nodes { producer { run { workspace { name } } } } } }"
    assert "errors" not in await service.ask(deep)
    deeper = "{ execution(mlmdId: 1) { " + "parent { " * 40 + "name" + " }" * 40 + " } }"
    assert (await service.error(deeper))["code"] == "TOO_EXPENSIVE"
    tokens = "{" + " ".join("store { url }" for _ in range(10_000)) + "}"
    assert "errors" in await service.ask(tokens)


LOCATIONS = {
    *("QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"),
    *("VARIABLE_DEFINITION", "SCHEMA", "SCALAR", "OBJECT", "FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INTERFACE"),
    *("UNION", "ENUM", "ENUM_VALUE", "INPUT_OBJECT", "INPUT_FIELD_DEFINITION"),
}
"""Those of GraphQL's specification."""


async def test_introspection_has_no_location_of_directives_that_clients_cannot_parse(service: Service) -> None:
    found = await service.data("{ __schema { directives { name locations } } }")
    directives = {one["name"]: one["locations"] for one in found["__schema"]["directives"]}
    assert directives.keys() >= {"include", "skip", "deprecated", "oneOf", "specifiedBy"}
    assert {location for locations in directives.values() for location in locations} <= LOCATIONS


async def test_health(service: Service) -> None:
    assert (await service.client.get("/healthz")).text == "ok"
    assert (await service.client.get("/readyz")).json() == {"ready": True}


async def test_home_leads_to_graphql(service: Service) -> None:
    response = await service.client.get("/")
    assert response.status_code == 307
    assert response.headers["location"].endswith("graphql")


async def test_home_is_the_explorer_to_a_browser(service: Service) -> None:
    response = await service.client.get("/", headers={"accept": "text/html,*/*;q=0.8"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    app = create_app(service.store, Settings.load({"read_only": True, "explorer": False}, environ={}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
        response = await client.get("/", headers={"accept": "text/html,*/*;q=0.8"})
        assert response.status_code == 307
    settings = Settings.load({"read_only": True, "explorer": False, "graphiql": False}, environ={})
    transport = httpx.ASGITransport(app=create_app(service.store, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        response = await client.get("/", headers={"accept": "text/html,*/*;q=0.8"})
        assert response.status_code == 200
        assert "turned off both pages" in response.text


async def test_what_nobody_foresaw_is_json_everywhere(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise LookupError("nobody foresaw this")

    monkeypatch.setattr(type(service.store), "probe", broken)
    app = create_app(service.store, Settings.load({"read_only": True}, environ={}))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        response = await client.get("/readyz")
    assert response.status_code == 500
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["errorId"]
    assert "nobody foresaw this" not in response.text


async def test_mutations_are_refused_where_the_service_only_reads(service: Service) -> None:
    error = await service.error('mutation { createWorkspace(input: {name: "x"}) { created } }')
    assert error["code"] == "READ_ONLY"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=9,
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from([QUERY, "query A { store { url } } query B { x }", "{", "mutation { x }"])
        | JSON_VALUES,
        "variables": JSON_VALUES,
        "operationName": st.sampled_from(["A", "B", ""]) | JSON_VALUES,
        "extensions": JSON_VALUES,
    },
)
HEADERS = st.fixed_dictionaries(
    {
        "content-type": st.sampled_from(
            [JSON_TYPE, JSON_TYPE, JSON_TYPE, "text/plain", f"{JSON_TYPE}; charset=utf-16", ""]
        )
    },
    optional={"accept": st.sampled_from([JSON_TYPE, RESPONSE_TYPE, "text/html", "*/*;q=", ","])},
)


@given(
    method=st.sampled_from(["POST", "POST", "GET", "PUT"]),
    content=(BODIES | JSON_VALUES).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=60),
    headers=HEADERS,
    parameters=st.dictionaries(st.sampled_from(["query", "variables", "operationName"]), st.text(max_size=9)),
)
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_answered_in_json(
    target: tuple[asyncio.AbstractEventLoop, Service], method: str, content: bytes, headers: Any, parameters: Any
) -> None:
    loop, service = target
    request = service.client.request(method, "/graphql", content=content, headers=headers, params=parameters)
    response = loop.run_until_complete(request)
    assert response.status_code < 500
    assert response.headers["content-type"].startswith((JSON_TYPE, RESPONSE_TYPE))
    body = response.json()
    assert body.keys() <= {"data", "errors"}
    assert all(error["extensions"]["code"] != "INTERNAL" for error in body.get("errors", ()))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.AbstractEventLoop, Service]]:
    """A service and its loop: a test of random requests has one for all of them."""
    path = tmp_path_factory.mktemp("graphql") / "store.db"
    path.write_bytes(empty_store())
    loop = asyncio.new_event_loop()
    running = serving(path, read_only=True, graphiql=False)
    yield loop, loop.run_until_complete(running.__aenter__())
    loop.run_until_complete(running.__aexit__(None, None, None))
    loop.close()
