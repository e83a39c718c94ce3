"""A service on loopback that gives the answers it was told to, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """`body` is JSON unless it is text; `{url}` in it and in headers is the service's address."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    verb: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


class Service:
    """`answers` are given in turn, whatever is asked; the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._next))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def will(self, *answers: Answer) -> None:
        self.answers, self.asked = list(answers), []

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _next(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        body = found.body if isinstance(found.body, str) else json.dumps(found.body)
        said = {name: text.replace("{url}", self.url) for name, text in found.headers.items()}
        return Answer(found.status, body.replace("{url}", self.url), said)


def _handler(answer_to: Callable[[Asked], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): text for name, text in self.headers.items()}
            query = {name: found[-1] for name, found in parse_qs(parts.query, True).items()}
            body = self.rfile.read(length).decode()
            answer = answer_to(Asked(self.command, parts.path, query, headers, body))
            raw = answer.body.encode()
            self.send_response(answer.status)
            sent = {"Content-Type": "application/json", **answer.headers}
            for name, text in (sent | {"Content-Length": str(len(raw))}).items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{verb}", Handler.serve)
    return Handler
