"""Promise 48: a body of 100 MiB against the real server: refused, never held in memory."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

import pytest

from tests.faults import figures

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

MIB = 1024 * 1024
SIZE = 100 * MIB
LIMIT = 10 * MIB  # HUB_MAX_REQUEST_BYTES by default
PIECE = b"x" * 65536
CHUNK = b"10000\r\n" + PIECE + b"\r\n"
PATH = "/api/v1/instances/target/methods/write/execute"

# Headers, what a piece of the body looks like, the statuses that are right.
BODIES = {
    "with its length": (f"Content-Length: {SIZE}", PIECE, {413}),
    "without a length": ("Transfer-Encoding: chunked", CHUNK, {413}),
    "with too small a length": ("Content-Length: 100", PIECE, {400}),
    "with a length and in chunks": (
        "Content-Length: 100\r\nTransfer-Encoding: chunked",
        CHUNK,
        {400, 413},
    ),
    "with a length that is none": ("Content-Length: 1e8", PIECE, {400}),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_over_the_limit_is_refused_before_it_is_read(rig, what):
    header, piece, right = BODIES[what]
    pids = rig.pids("web")
    assert pids
    before, peak, done = resident(pids), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], resident(pids))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        status, sent = post(rig, header, piece)
    finally:
        done.set()
        watcher.join()
    growth = (max(peak[0], resident(pids)) - before) / MIB
    figures.write(f"promise 48: body {what}: status", status)
    figures.write(f"promise 48: body {what}: MiB taken before the answer", sent / MIB)
    figures.write(f"promise 48: body {what}: MiB grown", growth)
    assert status in right
    assert growth <= (LIMIT / MIB) + 16
    assert rig.call("GET", "/health/liveness")[0] == 200


def post(rig, header: str, piece: bytes) -> tuple[int, int]:
    """The status, and the bytes that the server took before it gave one."""
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {rig.token}\r\n"
        f"Content-Type: application/json\r\n{header}\r\n\r\n"
    )
    answer = b""
    with socket.create_connection(("127.0.0.1", rig.port), timeout=20) as link:
        link.sendall(head.encode())
        sent = 0
        with contextlib.suppress(OSError):
            while sent < SIZE and not _answers(link):
                link.sendall(piece)
                sent += len(piece)
        with contextlib.suppress(OSError):
            answer = link.recv(4096)
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    return int(answer[9:12]), sent


def _answers(link: socket.socket) -> bool:
    link.setblocking(False)
    try:
        return bool(link.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        link.settimeout(20)


def resident(pids: list[int]) -> int:
    """Bytes that these processes hold, shared pages counted once for each."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    return total
