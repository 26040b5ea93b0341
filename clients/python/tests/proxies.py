"""A way to the service that fails in the ways that networks fail, in this process, on a free port."""

from __future__ import annotations

import socket
import threading
from types import TracebackType


class Proxy:
    """Forwards connections to a service, and can lose answers: the request arrives, and its answer never does.

    Each connection is one request: the answer is read to its end, as the service is told to close after it.
    """

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.lose = 0
        """How many of the next answers are lost."""
        self.away = False
        """Whether connections are closed before anything is sent on."""
        self.forwarded = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            request = self._request(connection)
            if self.away or not request:
                return
            with socket.create_connection(self._target) as target:
                target.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                self.forwarded += 1
                answer = b""
                while part := target.recv(65536):
                    answer += part
            if self.lose > 0:
                self.lose -= 1
                return
            connection.sendall(answer)

    def _request(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return b""
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        lines = []
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            if name.lower() != b"connection":
                lines.append(line)
        while len(body) < length:
            body += connection.recv(65536)
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
