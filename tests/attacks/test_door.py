"""What clients can do to the service before it looks at what they ask: connections, heads, bodies, unread answers."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from lineageql.web.http_connections import PIECE, SENT_AHEAD
from tests.attacks.conftest import MEBIBYTE, Target, received
from tests.server import Server

Attacked = Callable[..., Target]
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
QUICK = ("--head-timeout=2", "--body-timeout=2", "--send-timeout=2", "--idle-timeout=2")
SMALL = (
    *(f"--max-unsent-size={2 * MEBIBYTE}", f"--max-body-memory={16 * MEBIBYTE}"),
    *("--max-connections=100", "--max-client-connections=40"),
)
ESTABLISHED = 1


def post(query: str) -> bytes:
    body = json.dumps({"query": query}).encode()
    return POST + b"Content-Length: %d\r\n\r\n" % len(body) + body


def flood(connection: socket.socket, data: bytes, most: int, seconds: float = 1.0) -> int:
    """Sends the same again and again, without reading, for as long as it is taken; answers how many bytes."""
    connection.setblocking(False)
    sent, ends = 0, time.monotonic() + seconds
    block = data * (262_144 // len(data))
    while sent < most and time.monotonic() < ends:
        try:
            sent += connection.send(block)
        except BlockingIOError:
            select.select([], [connection], [], 0.1)
        except (ConnectionResetError, BrokenPipeError):
            break
    connection.settimeout(20)
    return sent


def test_requests_sent_ahead_stay_with_the_client(attacked: Attacked) -> None:
    target = attacked(*SMALL)
    with target.watched(60), target.connect() as one, target.connect() as other:
        assert flood(one, GET, 64 * MEBIBYTE) < 16 * MEBIBYTE
        assert flood(other, post("{ __typename }"), 64 * MEBIBYTE) < 16 * MEBIBYTE


def test_requests_sent_ahead_are_answered_in_their_order(attacked: Attacked) -> None:
    target = attacked(*SMALL)
    queries = [f"{{ a{n}: __typename }}" for n in range(200)]
    with target.connect() as connection:
        sender = threading.Thread(target=connection.sendall, args=(b"".join(map(post, queries)),))
        sender.start()
        got = b""
        while got.count(b'"Query"') < len(queries):
            got += connection.recv(65_536)
        sender.join()
    found = [int(part.partition(b'"')[0]) for part in got.split(b'{"data":{"a')[1:]]
    assert found == list(range(200))


@pytest.mark.parametrize("size", [len(GET), PIECE], ids=["small", "of a piece"])
def test_who_sends_ahead_leaves_turns_to_others(attacked: Attacked, size: int) -> None:
    target = attacked(*SMALL)
    count = 200
    padding = b"X: " + b"a" * (size - len(GET) - 5) + b"\r\n" if size > len(GET) else b""
    with target.connect() as connection:
        began = time.monotonic()
        connection.sendall((GET[:-2] + padding + GET[-2:]) * count)
        got = b""
        while got.count(b"HTTP/1.1 200") < count:
            got += connection.recv(65_536)
        waited = time.monotonic() - began
    # What comes alone out of the socket is answered at once.
    assert waited >= count * SENT_AHEAD / 2


@pytest.mark.parametrize(
    ("first", "repeated", "statuses"),
    [
        (b"GET /", b"a" * 1024, ("431",)),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ", b"a" * 1024, ("431",)),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", b"a: b\r\n", ("400", "431")),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 1024, ("431", "400")),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"a" * 1024, ("431", "400")),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n", ("400", "431")),
    ],
    ids=["URL", "header", "headers", "chunk extension", "trailer", "trailers"],
)
def test_heads_without_end(attacked: Attacked, first: bytes, repeated: bytes, statuses: tuple[str, ...]) -> None:
    target = attacked(*SMALL)
    with target.watched(30), target.connect() as connection:
        connection.sendall(first)
        flood(connection, repeated, 64 * MEBIBYTE)
        answer = received(connection)
    # Where the client did not stop when it was told, the answer may be lost with the connection.
    assert not answer or answer.split()[1].decode() in statuses


def test_a_head_that_is_too_large_is_told_so(attacked: Attacked) -> None:
    target = attacked(*SMALL)
    for path, headers, status in (
        ("/healthz?" + "a" * 60_000, {}, 200),
        ("/healthz?" + "a" * 60_000, {"x": "y" * 10_000}, 431),
        ("/healthz", {f"x-{n}": "y" for n in range(90)}, 200),
        ("/healthz", {f"x-{n}": "y" for n in range(101)}, 400),
    ):
        response = httpx.get(f"{target.url}{path}", headers=headers)
        assert response.status_code == status
        if status != 200:
            assert response.headers["connection"] == "close"
            assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_what_is_malformed_takes_no_answer_from_what_came_before(attacked: Attacked) -> None:
    target = attacked(*SMALL)
    with target.connect() as connection:
        connection.sendall(post("{ store { backend } }") + b"?!\r\n\r\n")
        answer = received(connection)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.endswith(b'{"data":{"store":{"backend":"sqlite"}}}')
    with target.connect() as connection:
        connection.sendall(b"?!\r\n\r\n")
        assert received(connection).startswith(b"HTTP/1.1 400 ")


def drip(connection: socket.socket, piece: bytes) -> None:
    """Sends a little, again and again, until the server closes."""
    connection.settimeout(0.1)
    for _ in range(200):
        try:
            connection.send(piece)
            if not connection.recv(65_536):
                return
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return
    raise AssertionError("the server waits without end")


@pytest.mark.parametrize(
    ("first", "piece", "status"),
    [
        (b"", b"", b""),
        (b"GET /healthz HTTP/1.1\r\n", b"", b"408"),
        (b"GET /healthz HTTP/1.1\r\nHost: ", b"a", b""),
        (POST + b"Content-Length: 1000\r\n\r\n{", b"", b"408"),
        (POST + b"Content-Length: 1000\r\n\r\n{", b" ", b""),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", b""),
        (GET, b"", b"200"),
    ],
    ids=["silent", "half a head", "slow head", "half a body", "slow body", "slow chunks", "idle"],
)
def test_slow_clients_are_let_go(attacked: Attacked, first: bytes, piece: bytes, status: bytes) -> None:
    target = attacked(*QUICK)
    with target.connect() as connection:
        connection.sendall(first)
        if piece:
            drip(connection, piece)
        else:
            answer = received(connection)
            assert answer.split(b" ")[1:2] == ([status] if status else [])
    assert target.client.get("/healthz").text == "ok"


def unread(target: Target) -> socket.socket:
    """A client that asks for a megabyte and reads nothing of them."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect(("127.0.0.1", target.port))
    client.sendall(b"GET /static/graphiql/0/graphiql.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client


def gone(client: socket.socket) -> bool:
    """Whether the server has let a client go that did not read what came."""
    return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED


def test_an_answer_that_is_not_read_is_given_up(attacked: Attacked) -> None:
    with unread(attacked(*QUICK)) as client:
        until(lambda: gone(client))
        assert len(received(client)) < MEBIBYTE // 2


def test_answers_that_are_not_read_do_not_pile_up(attacked: Attacked) -> None:
    target = attacked(*SMALL)
    clients = [unread(target) for _ in range(12)]
    try:
        with target.watched(60):
            # Those that have read nothing for longest go first, until the rest is below the bound.
            until(lambda: [gone(client) for client in clients].count(True) >= 9)
            assert target.ask() == {"data": {"__typename": "Query"}}
    finally:
        for client in clients:
            client.close()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("the server keeps what nobody reads")


def test_large_bodies_do_not_pile_up_and_keep_no_small_ones_out(attacked: Attacked) -> None:
    target = attacked(*SMALL)
    clients = [target.connect() for _ in range(30)]
    refused = 0
    try:
        with target.watched(90):
            for client in clients:
                client.sendall(POST + b"Content-Length: %d\r\n\r\n" % (6 * MEBIBYTE))
                flood(client, b" ", 5 * MEBIBYTE)
            assert target.ask() == {"data": {"__typename": "Query"}}
            readable = select.select(clients, [], [], 5)[0]
            for client in readable:
                answer = client.recv(65_536)
                assert answer.startswith(b"HTTP/1.1 503 ")
                assert b"retry-after: 1" in answer.lower()
                refused += 1
    finally:
        for client in clients:
            client.close()
    assert refused >= 20


def test_silent_clients_give_way(attacked: Attacked) -> None:
    target = attacked(*SMALL)
    with target.watched(20):
        silent = [target.connect("127.0.0.9") for _ in range(45)]
        try:
            # Those that have waited longest are gone, and the newest are there.
            for client in silent[:5]:
                assert received(client) == b""
            silent[-1].sendall(GET)
            assert silent[-1].recv(65_536).startswith(b"HTTP/1.1 200 ")
            more = [target.connect(f"127.0.1.{n + 1}") for n in range(100)]
            assert target.ask() == {"data": {"__typename": "Query"}}
            for client in more:
                client.close()
        finally:
            for client in silent:
                client.close()


def test_more_silent_clients_than_files(store: Path) -> None:
    target = Target(Server("serve", str(store), "--port", "0", cwd=store.parent, files=400))
    silent = []
    try:
        with target.watched(20):
            silent = [target.connect() for _ in range(500)]
            assert target.ask() == {"data": {"__typename": "Query"}}
    finally:
        for client in silent:
            client.close()
        target.client.close()
        target.server.stop()
