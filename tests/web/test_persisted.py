"""Persisted documents through HTTP, in each mode, and how clients' libraries name the files of the folder."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import OperationType, get_operation_ast, parse, print_ast

from lineageql.errors import UsageError
from lineageql.web.operations import load_operations, operations_folder
from lineageql.web.persisted import Asked, PersistedDocuments
from tests.demo import demo_store
from tests.npm import install
from tests.server import Server
from tests.service import Service, serving

QUERY = "{ store { backend } }"
DATA = {"data": {"store": {"backend": "sqlite"}}}
FOLDER = operations_folder()
NOT_FOUND = {"errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]}
NOT_SUPPORTED = {
    "errors": [{"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}]
}
MODERN = "application/graphql-response+json"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(text)}}, **more}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("persisted") / "demo.db"
    path.write_bytes(demo_store())
    return path


@pytest.fixture
async def service(path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """A service with the settings that the test is parametrized with."""
    async with serving(path, read_only=True, **request.param) as running:
        yield running


off = pytest.mark.parametrize("service", [{}], indirect=True, ids=["off"])
accept = pytest.mark.parametrize(
    "service", [{"persisted_documents": "accept", "documents": str(FOLDER)}], indirect=True, ids=["accept"]
)
require = pytest.mark.parametrize(
    "service", [{"persisted_documents": "require", "documents": str(FOLDER)}], indirect=True, ids=["require"]
)


async def post(service: Service, body: dict[str, Any], accept: str = "application/json") -> httpx.Response:
    return await service.client.post("/graphql", json=body, headers={"accept": accept})


@off
async def test_off_knows_nothing(service: Service) -> None:
    for body in (hashed(QUERY), {"documentId": "store"}, {"documentId": sha256(QUERY)}):
        response = await post(service, body)
        assert (response.status_code, response.json()) == (200, NOT_SUPPORTED)
        assert (await post(service, body, MODERN)).status_code == 400
    # The link of Apollo, told so, sends the text from then on.
    assert (await post(service, hashed(QUERY, query=QUERY))).json() == DATA
    assert (await post(service, hashed(QUERY))).json() == NOT_SUPPORTED


@accept
async def test_accept_registers_what_can_be_run(service: Service) -> None:
    assert (await post(service, hashed(QUERY))).json() == NOT_FOUND
    assert (await post(service, hashed(QUERY), MODERN)).status_code == 400
    assert (await post(service, hashed(QUERY, query=QUERY))).json() == DATA
    assert (await post(service, hashed(QUERY))).json() == DATA
    assert (await post(service, {"documentId": f"sha256:{sha256(QUERY)}"})).json() == DATA
    wrong = "{ store { nothing } }"
    assert (await post(service, hashed(wrong, query=wrong))).json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert (await post(service, hashed(wrong))).json() == NOT_FOUND


@accept
async def test_another_text_than_the_hash_says(service: Service) -> None:
    for body, said in (
        (hashed(QUERY, query="{ __typename }"), "SHA-256 is not that"),
        ({"documentId": "store", "query": QUERY}, "not the one named 'store'"),
        ({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": sha256(QUERY)}}}, "no other version"),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "abc"}}}, "64 hexadecimal"),
        ({"extensions": {"persistedQuery": 1}}, "no other version"),
        ({"documentId": 5}, "documentId must be"),
        ({"documentId": ""}, "documentId must be"),
    ):
        response = await post(service, body)
        assert response.status_code == 400
        assert said in response.json()["errors"][0]["message"]
    assert (await post(service, hashed("{ __typename }"))).json() == NOT_FOUND


@accept
async def test_every_file_is_known_by_name_and_by_hash(service: Service) -> None:
    operations = load_operations(FOLDER)
    assert len(operations) > 15
    for operation in operations:
        text, variables = operation.document, dict(operation.variables)
        printed = print_ast(parse(text))
        named = await post(service, {"documentId": operation.name, "variables": variables})
        node = get_operation_ast(parse(text))
        assert node is not None
        if node.operation is OperationType.MUTATION:
            assert named.json()["errors"][0]["extensions"]["code"] == "READ_ONLY"
            continue
        assert "data" in named.json()
        for form in (text, printed):
            assert (await post(service, hashed(form, variables=variables))).json() == named.json(), operation.name


@require
async def test_require_runs_nothing_else(service: Service) -> None:
    assert (await post(service, hashed(QUERY))).json() == NOT_FOUND
    for body in (hashed(QUERY, query=QUERY), {"query": QUERY}, {"query": "{ __schema { types { name } } }"}):
        response = await post(service, body)
        error = response.json()["errors"][0]
        assert (response.status_code, error["extensions"]["code"]) == (200, "QUERY_NOT_IN_SAFELIST")
        assert (await post(service, body, MODERN)).status_code == 400
    assert (await post(service, hashed(QUERY))).json() == NOT_FOUND
    text = (FOLDER / "store.graphql").read_text()
    by_name = (await post(service, {"documentId": "store"})).json()
    assert by_name["data"]["store"]
    assert (await post(service, {"query": text})).json() == by_name


@require
async def test_require_has_no_pages(service: Service) -> None:
    page = await service.client.get("/graphql", headers={"accept": "text/html"})
    assert page.status_code == 406
    home = await service.client.get("/", headers={"accept": "text/html,*/*;q=0.8"})
    assert (home.status_code, home.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "--persisted-documents require" in home.text
    style = home.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in home.headers["content-security-policy"]
    assert (await service.client.get("/")).status_code == 307
    assert (await service.client.get("/schema.graphql")).status_code == 200


@accept
async def test_a_get_that_names_its_document_is_cacheable(service: Service) -> None:
    address = {"documentId": "artifacts-by-label", "variables": '{"key": "stage"}'}
    first = await service.client.get("/graphql", params=address)
    assert first.json()["data"]
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"].startswith("Accept")
    text = (FOLDER / "artifacts-by-label.graphql").read_text()
    by_hash = {"variables": address["variables"], "extensions": json.dumps(hashed(text)["extensions"])}
    again = await service.client.get("/graphql", params=by_hash, headers={"if-none-match": f'"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await service.client.get(
        "/graphql", params={**address, "variables": '{"key": "team"}'}, headers={"if-none-match": tag}
    )
    assert other.status_code == 200
    assert other.headers["etag"] != tag
    # Neither what is sent whole, nor an error, nor a POST is to be kept.
    whole = await service.client.get("/graphql", params={"query": QUERY})
    failed = await service.client.get("/graphql", params={"documentId": "nothing"})
    posted = await post(service, {"documentId": "store"})
    for response in (whole, failed, posted):
        assert "etag" not in response.headers
        assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "service", [{"persisted_documents": "accept", "max_registered_documents": 1_000}], indirect=True, ids=["small"]
)
async def test_registered_documents_are_bounded_in_bytes(service: Service) -> None:
    texts = [f"{{ store {{ backend }} }} # {number:0100}" for number in range(4)]
    for text in texts:
        assert (await post(service, hashed(text, query=text))).json() == DATA
    kept = [(await post(service, hashed(text))).json() == DATA for text in texts]
    assert kept == [False, False, True, True]
    large = f"{{ store {{ backend }} }} # {'x' * 1_000}"
    assert (await post(service, hashed(large, query=large))).json() == DATA
    assert (await post(service, hashed(large))).json() == NOT_FOUND
    assert (await post(service, hashed(texts[3]))).json() == DATA


@pytest.mark.parametrize(
    ("settings", "text", "said"),
    [
        ({"persisted_documents": "require"}, QUERY, "needs --documents"),
        ({"documents": "here"}, QUERY, "these are off"),
        ({"persisted_documents": "some"}, QUERY, "it takes one of off, accept, require"),
        ({"persisted_documents": "accept", "documents": "here"}, "{ store { nothing } }", "does not fit the schema"),
        (
            {"persisted_documents": "require", "documents": "here"},
            '{ __type(name: "A") { name } }',
            "asks for the schema",
        ),
    ],
)
async def test_settings_that_cannot_be(
    path: Path, tmp_path: Path, settings: dict[str, str], text: str, said: str
) -> None:
    (tmp_path / "one.graphql").write_text(text)
    given = {name: str(tmp_path) if value == "here" else value for name, value in settings.items()}
    with pytest.raises(UsageError, match=said):
        async with serving(path, read_only=True, **given):
            pass


DOCUMENT = """# What is newest.
# Second line.
query Newest($kind: [ArtifactKind!], $text: String = "a # b") {
  artifacts(where: {kind: $kind, text: $text}, first: 3) {
    nodes { ...named, ... on Artifact { uri } }

  }
}

fragment named on Artifact { name }
"""


@pytest.mark.parametrize(
    ("library", "sent"),
    [
        ("as it is", sha256(DOCUMENT)),
        ("Apollo Client 4.0.9", "49a40c6ad69f46dadda4ed7960d1259738937ddebf0efb9b4bd4d4d4c322b5ee"),
        ("urql 5.2.0", "6e23c4ed8f68fa4b8297b6c256d7ffc3174f89b9782bc8061a9bc81d42f156f7"),
        ("urql without its cache", "d816006ca634d63da28402b28edcbce77082d923d4b4d69be60313ecc5406d05"),
        ("print of graphql-js 16", "edf326f582646a0f149b3d427305fd4fe9bf3c26a8bfd27cebaacc3faa100714"),
        ("print of graphql-core, as graphql-js 17", sha256(print_ast(parse(DOCUMENT)))),
    ],
)
def test_hashes_of_libraries(tmp_path: Path, library: str, sent: str) -> None:
    """What these libraries sent for the document, each through its own persisted link."""
    (tmp_path / "newest.graphql").write_text(DOCUMENT)
    documents = PersistedDocuments("require", load_operations(tmp_path), 0)
    for id_ in (sent, sent.upper(), f"sha256:{sent}"):
        assert sha256(documents.text(Asked.of({"documentId": id_}))) == sent
    assert documents.text(Asked.of({"documentId": "newest", "extensions": None})) == DOCUMENT


PACKAGES = (
    "@apollo/client@4.0.9",
    "@urql/core@5.2.0",
    "@urql/exchange-persisted@5.0.1",
    "graphql@16.12.0",
    "rxjs@7.8.2",
)
BY_HASH = [["POST hash"]] * 2 + [["GET hash"]] * 2
LINKS = {
    ("accept", "known"): {"apollo": BY_HASH, "urql": BY_HASH},
    ("accept", "unknown"): {
        "apollo": [["POST hash", "POST text hash"], *BY_HASH[1:]],
        "urql": BY_HASH,
    },
    ("require", "known"): {"apollo": BY_HASH, "urql": BY_HASH},
    ("require", "unknown"): {
        "apollo": [["POST hash", "POST text hash"]] * 2 + [["GET hash", "POST text hash"]] * 2,
        "urql": [["POST hash", "POST text hash"]] * 2 + [["GET hash", "GET text hash"]] * 2,
    },
    ("off", "unknown"): {
        "apollo": [["POST hash", "POST text"], ["POST text"], ["GET hash", "POST text"], ["POST text"]],
        "urql": [["POST hash", "POST text"], ["POST text"], ["GET hash", "GET text"], ["POST text"]],
    },
}
"""What each link sends, by mode and document: two requests by POST, then two by a link that prefers GET."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("links")
    install(folder, PACKAGES)
    shutil.copy(Path(__file__).with_name("persisted_links.mjs"), folder)
    return folder


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("mode", ["off", "accept", "require"])
def test_the_links_of_apollo_and_urql(mode: str, path: Path, project: Path, tmp_path: Path) -> None:
    flags = [] if mode == "off" else ["--persisted-documents", mode, "--documents", str(FOLDER)]
    (tmp_path / "unknown.graphql").write_text("query Unknown { store { backend } }")
    server = Server("serve", str(path), "--read-only", "--port", "0", *flags, cwd=tmp_path)
    try:
        for what, file in (("known", FOLDER / "around-a-model.graphql"), ("unknown", tmp_path / "unknown.graphql")):
            if (mode, what) not in LINKS:
                continue
            variables = file.with_suffix(".variables.json")
            given = variables.read_text() if variables.exists() else "{}"
            command = ["node", "persisted_links.mjs", server.url, str(file), given]
            done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            rows = [json.loads(line) for line in done.stdout.splitlines()]
            for library, sent in LINKS[mode, what].items():
                mine = [row for row in rows if row["library"] == library]
                assert [row["sent"] for row in mine] == sent, (what, library)
                refused = (mode, what) == ("require", "unknown")
                for row in mine:
                    assert row["codes"] == (["QUERY_NOT_IN_SAFELIST"] if refused else [])
                    assert bool(row["fields"]) is not refused
    finally:
        server.stop()
