"""TLS is verified, always, and 1.2 or newer (promise 46)."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest

from integration_hub.egress import tls
from integration_hub.egress.door import Deadline
from integration_hub.lib.errors import Cancelled, ConnectionFailed, TimedOut
from tests.certificates import Authority
from tests.egress.conftest import OK, Peer, send


def polite(peer: Peer) -> None:
    while peer.request():
        peer.say(OK)


def test_a_verified_server_is_called_and_its_connection_kept(trusted, secure):
    server = secure(trusted.context("127.0.0.1"), polite)
    first, second = send(server.url), send(server.url, "POST", body=b"x" * 100_000)
    assert (first.content, first.reused, second.reused) == (b"ok", False, True)
    assert first.timings.tls_ms > 0
    assert second.timings.tls_ms == 0
    assert server.connections == 1


def test_the_name_of_the_url_is_verified_not_the_address(trusted, secure, names):
    server = secure(trusted.context("api.acme.example"), polite)
    names["api.acme.example"] = names["evil.example"] = ["127.0.0.1"]
    url = f"https://api.acme.example.:{server.port}/"
    assert send(url).content == b"ok"
    with pytest.raises(ConnectionFailed, match="certificate"):
        send(url.replace("api.acme.example.", "evil.example"))


def refusals(authority: Authority):
    old = authority.context("127.0.0.1")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    return {
        "expired": authority.context("127.0.0.1", days=(-3, -1)),
        "not yet valid": authority.context("127.0.0.1", days=(1, 3)),
        "wrong name": authority.context("other.example"),
        "self-signed": authority.context("127.0.0.1", self_signed=True),
        "TLS 1.1": old,
    }


@pytest.mark.parametrize(
    "fault", ["expired", "not yet valid", "wrong name", "self-signed", "TLS 1.1"]
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_server_that_cannot_be_verified_is_not_spoken_to(trusted, secure, fault):
    heard = []
    server = secure(refusals(trusted)[fault], lambda peer: heard.append(peer.request()))
    with pytest.raises(ConnectionFailed, match="TLS") as caught:
        send(server.url, "POST", headers={"X-Api-Key": "canary-5e1f"}, body=b"{}")
    assert caught.value.sent is False
    assert heard == []


def test_an_authority_that_nobody_installed_is_not_trusted(authority, secure):
    tls.context.cache_clear()
    server = secure(authority.context("127.0.0.1"), polite)
    with pytest.raises(ConnectionFailed, match="certificate"):
        send(server.url)


def test_plain_http_on_a_tls_port_is_a_failed_connection(serve):
    with pytest.raises(ConnectionFailed) as caught:
        send(serve(lambda peer: peer.say(OK)).url.replace("http:", "https:"))
    assert caught.value.sent is False


@pytest.mark.parametrize("length", [b"Content-Length: 100\r\n", b"", b"Connection: close\r\n"])
def test_an_answer_cut_off_without_goodbye_is_not_whole(trusted, secure, length):
    """Whoever sits on the line could cut a body that ends with its connection."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\n" + length + b"\r\nhalf")
        socket.socket.shutdown(peer.sock, socket.SHUT_RDWR)

    with pytest.raises(ConnectionFailed) as caught:
        send(secure(trusted.context("127.0.0.1"), handler).url)
    assert caught.value.sent is True


def test_a_body_that_ends_with_a_goodbye_is_whole(trusted, secure):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\n\r\nto the end")

    assert send(secure(trusted.context("127.0.0.1"), handler).url).content == b"to the end"


@pytest.mark.parametrize("stall", ["drip", "silent", "unread"])
def test_a_slow_upstream_ends_with_the_deadline_over_tls_too(trusted, secure, stall):
    def handler(peer: Peer) -> None:
        if stall != "unread":
            peer.request()
        if stall == "drip":
            peer.drip(b"HTTP/1.1 200 OK\r\nX: " + b"." * 5000)
        peer.hang()

    server = secure(trusted.context("127.0.0.1"), handler)
    began = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        send(server.url, "POST", seconds=1.0, body=b"x" * 16_000_000)
    assert time.monotonic() - began < 1.5
    assert caught.value.sent is True


def test_a_cancel_is_seen_within_a_second_over_tls_too(trusted, secure):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.hang()

    deadline = Deadline(20)
    server = secure(trusted.context("127.0.0.1"), handler)
    threading.Timer(0.3, deadline.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        send(server.url, deadline=deadline)
    assert time.monotonic() - began < 1.8


def test_an_unsafe_call_is_not_lost_to_a_tls_connection_closed_meanwhile(trusted, secure):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(OK)

    server = secure(trusted.context("127.0.0.1"), handler)
    for _ in range(5):
        assert send(server.url, "POST", body=b"{}").status == 200
        assert server.closed.acquire(timeout=5)  # the server has closed before the next call
    assert server.connections == 5


def test_a_redirect_from_https_to_http_is_refused(trusted, secure, says):
    plain = says(OK)
    head = f"HTTP/1.1 302 Found\r\nLocation: {plain.url}/\r\nContent-Length: 0\r\n\r\n"

    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(head.encode())

    server = secure(trusted.context("127.0.0.1"), handler)
    with pytest.raises(Exception, match="from https to http"):
        send(server.url, redirects=1)
    assert plain.connections == 0
