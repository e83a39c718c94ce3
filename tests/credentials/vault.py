"""A small strict server that speaks the HTTP API of Vault's KV store, version 2."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hvs.vault-token-7Qz81"


class VaultServer:
    """`secrets`: path → fields. `down`: answers 503 as a sealed one does; `deny`: 403 to all."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.asked: list[str] = []
        self.down = self.deny = self.garbled = False
        vault = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, body = vault.answer(self.path, dict(self.headers.items()))
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        if self.down:
            return 503, {"errors": ["Vault is sealed"]}
        given = {name.lower(): value for name, value in headers.items()}
        if given.get("x-vault-request") != "true":
            return 400, {"errors": ["missing X-Vault-Request"]}
        if given.get("x-vault-token") != TOKEN or self.deny:
            return 403, {"errors": ["permission denied"]}
        if self.garbled:
            return 200, {"auth": None}
        start = "/v1/secret/data/"
        if not path.startswith(start):
            return 404, {"errors": [f"no handler for route {path!r}"]}
        key = path.removeprefix(start)
        return self._read(key)

    def _read(self, key: str) -> tuple[int, dict[str, Any]]:
        if key not in self.secrets:
            return 404, {"errors": []}
        metadata = {"version": 1, "destroyed": False, "deletion_time": ""}
        if key in self.deleted:
            metadata["deletion_time"] = "2026-01-01T00:00:00Z"
            return 404, {"data": {"data": None, "metadata": metadata}}
        return 200, {"data": {"data": self.secrets[key], "metadata": metadata}}
