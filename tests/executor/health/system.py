"""An external system that a test breaks, slows, lets expire and heals; with and without TLS."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class System:
    """`status` and `delay` are of every answer from now on, `context` of every new connection."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.status, self.delay, self.context = 200, 0.0, context
        self.requests = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.requests += 1
                time.sleep(owner.delay)
                self.send_response(owner.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request: Any, client_address: Any) -> None:
                if owner.context is None:
                    return super().finish_request(request, client_address)
                secure = owner.context.wrap_socket
                with (
                    contextlib.suppress(OSError),  # who does not trust it goes away
                    secure(request, server_side=True) as secured,
                ):
                    super().finish_request(secured, client_address)
                return None

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
