"""The third door: a loopback port that leads once to a judged address."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time

import pytest

from integration_hub.egress.door import Deadline
from integration_hub.egress.tunnel import tunnel
from integration_hub.lib.errors import (
    Cancelled,
    ConnectionFailed,
    ResponseTooLarge,
    TargetForbidden,
    TimedOut,
)
from tests.egress.conftest import Peer, echo


def client(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def read_all(sock: socket.socket) -> bytes:
    return b"".join(iter(lambda: sock.recv(65536), b""))


def exchange(sock: socket.socket, question: bytes) -> bytes:
    sock.sendall(question)
    return sock.recv(64)


def test_bytes_pass_both_ways_and_the_end_of_one_side_is_the_end_of_the_other(serve):
    def sum_up(peer: Peer) -> None:
        total = sum(len(piece) for piece in iter(lambda: peer.sock.recv(65536), b""))
        peer.say(str(total).encode())

    with tunnel("127.0.0.1", serve(sum_up).port, deadline=Deadline(20)) as opened:
        with client(opened.port) as sock:
            sock.sendall(b"x" * 5_000_000)
            sock.shutdown(socket.SHUT_WR)
            assert read_all(sock) == b"5000000"
        assert opened.sent is True


def test_a_large_answer_arrives_whole_though_the_client_is_slow(serve):
    body = bytes(range(256)) * 8192
    with (
        tunnel(
            "127.0.0.1", serve(lambda peer: peer.say(body)).port, deadline=Deadline(20)
        ) as opened,
        client(opened.port) as sock,
    ):
        time.sleep(0.1)
        assert read_all(sock) == body
        assert opened.sent is False


def test_the_port_is_open_to_one_connection_only(serve):
    with tunnel("127.0.0.1", serve(echo).port, deadline=Deadline(5)) as opened:
        with client(opened.port) as sock:
            sock.sendall(b"one")
            assert sock.recv(3) == b"one"
            with pytest.raises(OSError):
                client(opened.port)
        assert opened.host == "127.0.0.1"


def test_the_port_and_its_thread_end_with_the_block(serve):
    server = serve(echo)
    with tunnel("127.0.0.1", server.port, deadline=Deadline(30)) as opened:
        pass
    with pytest.raises(ConnectionRefusedError):
        client(opened.port)
    assert server.closed.acquire(timeout=5)
    assert not [thread for thread in threading.enumerate() if thread.name == "tunnel"]


def test_a_client_left_behind_is_cut_off_with_the_block(serve):
    with tunnel("127.0.0.1", serve(Peer.hang).port, deadline=Deadline(30)) as opened:
        left = client(opened.port)
        left.sendall(b"x")
    with left, contextlib.suppress(ConnectionResetError):
        assert left.recv(1) == b""


def test_the_name_that_the_client_verifies_is_its_own(authority, secure, names):
    server = secure(authority.context("db.acme.example"), echo)
    names["db.acme.example"] = ["127.0.0.1"]
    context = ssl.create_default_context(cadata=authority.pem)
    with (
        tunnel("db.acme.example", server.port, deadline=Deadline(5)) as opened,
        client(opened.port) as sock,
        context.wrap_socket(sock, server_hostname="db.acme.example") as secured,
    ):
        secured.sendall(b"hello")
        assert secured.recv(5) == b"hello"


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "internal.example"])
def test_a_forbidden_target_opens_nothing_at_all(settings, names, connects, host):
    settings.HUB_OUTBOUND_ALLOW = []
    names["internal.example"] = ["10.0.0.1"]
    with pytest.raises(TargetForbidden), tunnel(host, 5432, deadline=Deadline(5)):
        pytest.fail("the block must not begin")
    assert connects == []


def test_a_target_that_is_away_is_known_before_the_client_starts(serve):
    server = serve(echo)
    server.close()
    with (
        pytest.raises(ConnectionFailed),
        tunnel("127.0.0.1", server.port, deadline=Deadline(5)),
    ):
        pytest.fail("the block must not begin")


def test_the_deadline_cuts_the_client_off_and_is_what_the_caller_sees(serve):
    began = time.perf_counter()
    with (
        pytest.raises(TimedOut) as caught,
        tunnel("127.0.0.1", serve(Peer.hang).port, deadline=Deadline(0.4)) as opened,
        client(opened.port) as sock,
    ):
        assert exchange(sock, b"x") == b"never"
    assert caught.value.sent is True
    assert time.perf_counter() - began < 0.9


def test_a_client_that_never_comes_holds_nothing_past_the_deadline(serve):
    server = serve(Peer.hang)
    with (
        pytest.raises(TimedOut),
        tunnel("127.0.0.1", server.port, deadline=Deadline(0.2)) as opened,
    ):
        assert opened.closed.wait(5)
    with pytest.raises(ConnectionRefusedError):
        client(opened.port)


def test_a_cancel_is_seen_within_a_second(serve):
    deadline = Deadline(30)
    threading.Timer(0.2, deadline.cancel).start()
    began = time.perf_counter()
    with (
        pytest.raises(Cancelled),
        tunnel("127.0.0.1", serve(Peer.hang).port, deadline=deadline) as opened,
        client(opened.port) as sock,
    ):
        assert sock.recv(1) == b"never"
    assert time.perf_counter() - began < 1.7


def test_more_than_the_cap_is_refused(serve):
    server = serve(lambda peer: peer.say(b"x" * 1_000_000))
    with (
        pytest.raises(ResponseTooLarge),
        tunnel("127.0.0.1", server.port, deadline=Deadline(5), max_bytes=100_000) as opened,
        client(opened.port) as sock,
    ):
        read_all(sock)  # a client that takes the cut for the end
