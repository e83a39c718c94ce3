"""A receiver of webhooks on loopback: it notes what comes and answers as it is told."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RESET, HANG = "reset", "hang"


@dataclass
class Hit:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`says` has for each path what it answers: a status, (status, headers, body), RESET, HANG.

    A list is answered one after the other, its last one for good.
    """

    port: int = 0
    hits: list[Hit] = field(default_factory=list)
    says: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    let_go: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, path: str, method: str = "POST") -> list[Hit]:
        return [hit for hit in self.hits if (hit.path, hit.method) == (path, method)]

    def answer_to(self, hit: Hit) -> Any:
        with self.lock:
            self.hits.append(hit)
            found = self.says.get(hit.path, 200)
            if isinstance(found, deque):
                return found.popleft() if len(found) > 1 else found[0]
        return found(hit) if callable(found) else found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        names = {name.lower(): value for name, value in self.headers.items()}
        said = self.server.receiver.answer_to(Hit(self.command, self.path, names, body))
        if said == RESET:
            self._reset()
        elif said == HANG:
            self.server.receiver.let_go.wait(30)
            self.close_connection = True
        else:
            self._say(*((said, {}, b"") if isinstance(said, int) else said))

    def do_OPTIONS(self) -> None:
        self.do_POST()

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def _say(self, status: int, headers: dict[str, str], text: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()
    server = _Server(("127.0.0.1", port), _Handler)
    server.receiver = receiver
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
