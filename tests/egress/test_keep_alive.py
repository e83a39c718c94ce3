"""Connections are kept, but never at the price of a lost or doubled call."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from integration_hub.egress import connection
from integration_hub.lib.errors import ConnectionFailed
from tests.egress.conftest import OK, Peer, send


def polite(peer: Peer) -> None:
    while peer.request():
        peer.say(OK)


def test_a_second_call_uses_the_same_connection(serve):
    server = serve(polite)
    assert [send(server.url).reused for _ in range(3)] == [False, True, True]
    assert server.connections == 1


def test_another_port_is_another_connection(serve):
    one, two = serve(polite), serve(polite)
    for _ in range(2):
        send(one.url)
        send(two.url)
    assert (one.connections, two.connections) == (1, 1)


def test_calls_at_once_have_connections_of_their_own_and_share_them_later(serve):
    everyone = threading.Barrier(5)

    def handler(peer: Peer) -> None:
        while peer.request():
            everyone.wait(5)
            peer.say(OK)

    server = serve(handler)
    for _ in range(2):
        callers = [threading.Thread(target=send, args=(server.url,)) for _ in range(5)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert server.connections == 5


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: Foo, Close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n"
            b"2\r\nok\r\n0\r\n\r\n"
        ),
    ],
)
def test_a_connection_that_may_not_be_kept_is_closed(serve, raw):
    def handler(peer: Peer) -> None:
        while peer.request():
            peer.say(raw)

    server = serve(handler)
    assert [send(server.url).content for _ in range(2)] == [b"ok", b"ok"]
    assert server.connections == 2
    assert server.closed.acquire(timeout=5)  # our side closed, so the handler saw the end


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_an_unsafe_call_is_not_lost_to_a_connection_closed_meanwhile(serve, how):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(OK)
        if how == "rst":
            peer.reset()

    server = serve(handler)
    for _ in range(20):
        answer = send(server.url, "POST", body=b"{}")
        assert server.closed.acquire(timeout=5)  # the server has closed before the next call
        assert (answer.status, answer.reused) == (200, False)
    assert server.connections == 20


def test_a_connection_on_which_something_unasked_arrived_is_not_reused(serve):
    """A second answer in advance would be taken for the answer to the next request."""
    smuggled = threading.Event()

    def handler(peer: Peer) -> None:
        while peer.request():
            peer.say(OK)
            peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
            smuggled.set()

    server = serve(handler)
    assert send(server.url).content == b"ok"
    assert smuggled.wait(5)
    assert send(server.url).content == b"ok"


def test_a_kept_connection_that_dies_under_a_call_is_not_called_unsent(serve):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(OK)
        peer.request()
        peer.reset()

    server = serve(handler)
    send(server.url)
    with pytest.raises(ConnectionFailed) as caught:
        send(server.url, "POST", body=b"{}")
    assert caught.value.sent is True
    assert server.connections == 1


def test_a_connection_idle_for_long_is_not_trusted(serve, monkeypatch):
    server = serve(polite)
    send(server.url)
    monkeypatch.setattr(connection, "MAX_IDLE", -1.0)
    assert send(server.url).reused is False
    assert server.connections == 2


def test_a_connection_in_constant_use_is_renewed_after_a_while(serve, monkeypatch):
    server = serve(polite)
    assert [send(server.url).reused for _ in range(3)] == [False, True, True]
    monkeypatch.setattr(connection, "MAX_AGE", -1.0)
    assert send(server.url).reused is False
    assert server.connections == 2


def test_a_failed_call_leaves_no_connection_behind(serve):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    server = serve(handler)
    for _ in range(3):
        with pytest.raises(ConnectionFailed):
            send(server.url)
    assert server.connections == 3


def test_an_oversized_answer_closes_its_connection(serve):
    def handler(peer: Peer) -> None:
        while peer.request():
            peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100)

    server = serve(handler)
    for _ in range(2):
        with pytest.raises(Exception, match="larger"):
            send(server.url, max_bytes=10)
    assert server.connections == 2


FORKING = """
import os, sys
from integration_hub.egress import http
from integration_hub.egress.door import Deadline, HttpRequest

def call():
    return http.send(HttpRequest("GET", sys.argv[1]), deadline=Deadline(5))

assert call().reused is False
child = os.fork()
if child == 0:
    ok = call().reused is False and call().reused is True
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert call().reused is True
"""


def test_a_forked_child_has_connections_of_its_own(serve):
    server = serve(polite)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", FORKING, server.url],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert server.connections == 2


def test_many_calls_on_one_connection_are_fast(serve):
    """A guard against a lookup, a handshake or a new pool for each call."""
    server = serve(polite)
    send(server.url)
    began = time.process_time()
    for _ in range(300):
        send(server.url)
    assert time.process_time() - began < 1.5
    assert server.connections == 1
