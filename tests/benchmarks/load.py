"""A lean closed-loop load generator: raw sockets, one kept-alive connection a thread.

    python -m tests.benchmarks.load PORT PATH CONCURRENCY SECONDS TOKEN < BODY

prints one JSON line: calls, errors, seconds and every latency's percentiles in ms.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time


def read_answer(sock: socket.socket) -> int:
    data = b""
    while b"\r\n\r\n" not in data:
        block = sock.recv(65536)
        if not block:
            raise ConnectionError("closed")
        data += block
    head, _, rest = data.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)\r\ncontent-length:\s*(\d+)", head)
    if found is None:
        raise ConnectionError("no Content-Length, and nothing else is understood here")
    length = int(found[1])
    while len(rest) < length:
        block = sock.recv(65536)
        if not block:
            raise ConnectionError("closed")
        rest += block
    return int(head[9:12])


class Caller(threading.Thread):
    def __init__(self, port: int, request: bytes, end: float) -> None:
        super().__init__(daemon=True)
        self.port, self.request, self.end = port, request, end
        self.latencies: list[float] = []
        self.errors = 0

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def run(self) -> None:
        sock = self.connect()
        while (start := time.perf_counter()) < self.end:
            try:
                sock.sendall(self.request)
                status = read_answer(sock)
            except OSError:
                self.errors += 1
                sock = self.connect()
                continue
            if status == 200:
                self.latencies.append((time.perf_counter() - start) * 1000)
            else:
                self.errors += 1


def main() -> None:
    port, path, concurrency, seconds, token = sys.argv[1:6]
    body = sys.stdin.buffer.read()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    start = time.perf_counter()
    callers = [
        Caller(int(port), head.encode() + body, start + float(seconds))
        for _ in range(int(concurrency))
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    took = time.perf_counter() - start
    found = sorted(value for caller in callers for value in caller.latencies)

    def percentile(share: float) -> float:
        return round(found[min(len(found) - 1, int(share * len(found)))], 2) if found else 0.0

    print(
        json.dumps(
            {
                "calls": len(found),
                "errors": sum(caller.errors for caller in callers),
                "seconds": round(took, 3),
                "p50": percentile(0.50),
                "p95": percentile(0.95),
                "p99": percentile(0.99),
            }
        )
    )


if __name__ == "__main__":
    main()
