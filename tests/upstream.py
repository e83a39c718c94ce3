"""The counting upstream: a real server on loopback, the truth for side effects.

Every request is one fsynced JSON line in its hits file before it is answered, so
that a test can ask what really left. Run alone for the fault suite:

    python -m tests.upstream --port 9000 --hits var/hits.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import socket
import struct
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.upstream_answers import Parts

XML = b'<?xml version="1.0"?><order id="7"><item sku="a">1</item><item sku="b">2</item></order>'
REASONS = {200: "OK", 201: "Created", 302: "Found", 429: "Too Many Requests"}


class Upstream(Parts):
    """One asyncio server in a thread of its own; `hits` are the requests so far."""

    def __init__(self, port: int = 0, hits_file: Path | None = None) -> None:
        handle, name = tempfile.mkstemp(suffix=".jsonl")
        os.close(handle)
        self.path = hits_file or Path(name)
        self.path.touch()
        self.port = port
        self._log = self.path.open("ab", buffering=0)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._storms: dict[str, float] = {}
        self.let_in: set[str] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    # --- for tests ---------------------------------------------------------
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hits(self) -> list[dict]:
        return [json.loads(line) for line in self.path.read_bytes().splitlines()]

    def clear(self) -> None:
        os.truncate(self.path, 0)
        self.let_in = set()

    def start(self) -> Upstream:
        self._thread.start()
        if not self._started.wait(10):
            raise RuntimeError("the upstream did not start")
        return self

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._log.close()

    # --- the server --------------------------------------------------------
    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        parts = urlsplit(target)
        if parts.path == "/reset-before":
            self._reset(writer)
            return False
        body = await reader.readexactly(int(headers.get("content-length", 0) or 0))
        hit = {
            "at": time.time(),
            "method": method,
            "path": parts.path,
            "query": {name: values[-1] for name, values in parse_qs(parts.query, True).items()},
            "headers": headers,
            "body": body.decode("utf-8", "replace"),
        }
        self._log.write(json.dumps(hit).encode() + b"\n")
        os.fsync(self._log.fileno())
        return await self._answer(unquote(parts.path), hit, body, writer)

    async def _answer(
        self, path: str, hit: dict, body: bytes, writer: asyncio.StreamWriter
    ) -> bool:
        name, *arguments = path.strip("/").split("/")
        special = getattr(self, "_on_" + name.replace("-", "_"), None)
        if special is not None:
            return await special(writer, hit, arguments)
        return await self._send(writer, 200, self._echo(hit, body))

    @staticmethod
    def _echo(hit: dict, body: bytes) -> bytes:
        try:
            parsed = json.loads(body) if body else None
        except ValueError:
            parsed = None
        return json.dumps({**hit, "json": parsed}).encode()

    @staticmethod
    async def _send(
        writer: asyncio.StreamWriter,
        status: int,
        body: bytes = b"",
        kind: str = "application/json",
        extra: tuple[str, ...] = (),
        length: int | None = None,
    ) -> bool:
        head = [
            f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body) if length is None else length}",
            *extra,
        ]
        writer.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
        await writer.drain()
        return True

    @staticmethod
    def _reset(writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _on_status(self, writer, hit, arguments) -> bool:
        status = int(arguments[0])
        return await self._send(writer, status, json.dumps({"status": status}).encode())

    async def _on_delay(self, writer, hit, arguments) -> bool:
        await asyncio.sleep(float(arguments[0]))
        return await self._send(writer, 200, self._echo(hit, b""))

    async def _on_hang(self, writer, hit, arguments) -> bool:
        await asyncio.sleep(3600)
        return False

    async def _on_drip(self, writer, hit, arguments) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3600\r\n\r\n")
        for _ in range(3600):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(1)
        return True

    async def _on_reset(self, writer, hit, arguments) -> bool:
        self._reset(writer)
        return False

    async def _on_half(self, writer, hit, arguments) -> bool:
        await self._send(writer, 200, b'{"half": true', length=1000)
        return False

    async def _on_429(self, writer, hit, arguments) -> bool:
        return await self._send(writer, 429, b"{}", extra=(f"Retry-After: {arguments[0]}",))

    async def _on_says(self, writer, hit, arguments) -> bool:
        """`/says/503?retry-after=5`: that status, with the query as headers."""
        extra = tuple(f"{name}: {value}" for name, value in hit["query"].items())
        return await self._send(writer, int(arguments[0]), b"{}", extra=extra)

    async def _on_storm(self, writer, hit, arguments) -> bool:
        """`/storm/20/5`: 429 with `Retry-After: 5` for 20 s from the first request on, then 200."""
        began = self._storms.setdefault(hit["path"], hit["at"])
        if hit["at"] - began < float(arguments[0]):
            return await self._on_429(writer, hit, arguments[1:])
        return await self._send(writer, 200, b"{}")

    async def _on_once(self, writer, hit, arguments) -> bool:
        """`/once/a/15`: 503 with `Retry-After: 15` to the first request of this path, then 200."""
        if self._storms.setdefault(hit["path"], hit["at"]) == hit["at"]:
            return await self._send(writer, 503, b"{}", extra=(f"Retry-After: {arguments[1]}",))
        return await self._send(writer, 200, b"{}")

    async def _on_late(self, writer, hit, arguments) -> bool:
        """`/late/3/503`: that status after 3 s."""
        await asyncio.sleep(float(arguments[0]))
        return await self._send(writer, int(arguments[1]), b"{}")

    async def _on_flaky(self, writer, hit, arguments) -> bool:
        """`/flaky/2`: the first two requests of this path answer 503, then 200."""
        seen = sum(1 for other in self.hits if other["path"] == hit["path"])
        status = 503 if seen <= int(arguments[0]) else 200
        return await self._send(writer, status, json.dumps({"seen": seen}).encode())

    async def _on_big(self, writer, hit, arguments) -> bool:
        size = int(arguments[0]) if arguments else 64 * 1024 * 1024
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        block = b"x" * 65536
        for _ in range(size // len(block)):
            writer.write(block)
            await writer.drain()
        return False

    async def _on_gzipbomb(self, writer, hit, arguments) -> bool:
        body = gzip.compress(b"0" * (100 * 1024 * 1024), 9)
        return await self._send(writer, 200, body, extra=("Content-Encoding: gzip",))

    async def _on_redirect(self, writer, hit, arguments) -> bool:
        return await self._send(writer, 302, b"", extra=(f"Location: {hit['query']['to']}",))

    async def _on_bearer(self, writer, hit, arguments) -> bool:
        if not hit["headers"].get("authorization", "").startswith("Bearer "):
            return await self._send(writer, 401, b'{"error": "no token"}')
        return await self._send(writer, 200, self._echo(hit, b""))

    async def _on_let_in(self, writer, hit, arguments) -> bool:
        """Only who brings one of the tokens in `let_in`."""
        token = hit["headers"].get("authorization", "").removeprefix("Bearer ")
        if token not in self.let_in:
            return await self._send(writer, 401, b'{"error": "no such token"}')
        return await self._send(writer, 200, b'{"ok": true}')

    async def _on_xml(self, writer, hit, arguments) -> bool:
        return await self._send(writer, 200, XML, "application/xml")

    async def _on_text(self, writer, hit, arguments) -> bool:
        return await self._send(writer, 200, "grüße".encode(), "text/plain; charset=utf-8")

    async def _on_charset(self, writer, hit, arguments) -> bool:
        """`/charset/<how the bytes are>/<what the header says>`."""
        content = "grüße €".encode(arguments[0])
        return await self._send(writer, 200, content, f"text/plain; charset={arguments[1]}")

    async def _on_form(self, writer, hit, arguments) -> bool:
        return await self._send(writer, 200, b"a=1&b=2", "application/x-www-form-urlencoded")

    async def _on_html(self, writer, hit, arguments) -> bool:
        return await self._send(writer, 200, b"<h1>Sign in</h1>", "text/html")

    async def _on_bad_json(self, writer, hit, arguments) -> bool:
        return await self._send(writer, 200, b'{"a": NaN, "a": 1}')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--hits", type=Path, required=True)
    options = parser.parse_args()
    upstream = Upstream(options.port, options.hits).start()
    print(upstream.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
