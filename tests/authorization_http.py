"""The HTTP half of the authorization server of the tests: what is sent, counted and answered."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import ssl

    from tests.authorization_server import AuthorizationServer


class Refused(Exception):
    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@dataclass
class Answer:
    """One answer to be given instead of the honest one."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


class Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    authorizer: AuthorizationServer
    tls: ssl.SSLContext | None = None

    def handle_error(self, *args: object) -> None:
        """A handshake that came to nothing is the client's to tell."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*args)


class Handler(BaseHTTPRequestHandler):
    server: Http
    protocol_version = "HTTP/1.1"
    subject = ""

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            shown = self.request.getpeercert() or {}
            names = dict(part[0] for part in shown.get("subject", ()))
            self.subject = names.get("commonName", "")
        super().setup()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        if path.startswith("/api/"):
            self._resource()
            return
        authorizer = self.server.authorizer
        form = {k: v[-1] for k, v in parse_qs(body.decode(), True).items()}
        authorization = self.headers.get("Authorization", "")
        authorizer.requests.append(
            {
                "path": self.path,
                "form": form,
                "headers": dict(self.headers.items()),
                "body": body.decode(),
            }
        )
        self.server.authorizer.counts["token"] += 1
        time.sleep(authorizer.delay)
        if authorizer.queue:
            self._give(authorizer.queue.pop(0))
            return
        try:
            self._json(200, authorizer.token(form, authorization, self.subject))
        except Refused as refused:
            self._json(refused.status, {"error": refused.error})

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/stats":
            self._json(200, dict(self.server.authorizer.counts))
        elif "/.well-known/" in path:
            self.server.authorizer.counts["metadata"] += 1
            self._give(self.server.authorizer.published.get(path, Answer(404)))
        else:
            self._resource()

    def _resource(self) -> None:
        self.server.authorizer.counts["api"] += 1
        self.server.authorizer.resources.append(
            {**dict(self.headers.items()), "certificate": self.subject}
        )
        if self.server.authorizer.is_live(self.headers.get("Authorization", "")):
            self._json(200, {"ok": True})
        else:
            self.server.authorizer.counts["api 401"] += 1
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            self._json(401, {"error": "invalid_token"}, challenge)

    def _json(self, status: int, document: object, headers: dict | None = None) -> None:
        body = json.dumps(document).encode()
        self._give(Answer(status, body, headers=headers or {}))

    def _give(self, answer: Answer) -> None:
        time.sleep(answer.delay)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(answer.body)
        except OSError:
            self.close_connection = True  # the hub took no more

    def log_message(self, *args: object) -> None:
        """Quiet."""
