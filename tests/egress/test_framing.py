"""Half answers are never taken as whole, and malformed ones are refused (F10)."""

from __future__ import annotations

import pytest

from integration_hub.lib.errors import ConnectionFailed, ResponseInvalid
from tests.egress.conftest import OK, Peer, send

HALF = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhalf",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhalf\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\nhalf\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Ty",
    b"HTTP/1.1 200",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"",
]


@pytest.mark.parametrize("raw", HALF)
def test_half_an_answer_is_a_failed_connection_after_sending(says, raw):
    with pytest.raises(ConnectionFailed) as caught:
        send(says(raw).url, "POST", body=b"{}")
    assert caught.value.sent is True


@pytest.mark.parametrize("raw", [b"", HALF[0], HALF[5], b"HTTP/1.1 200 OK\r\nA: b"])
def test_a_reset_after_reading_was_sent(serve, raw):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(raw)
        peer.reset()

    with pytest.raises(ConnectionFailed) as caught:
        send(serve(handler).url, "POST", body=b"{}")
    assert caught.value.sent is True


def test_a_refused_connection_was_never_sent(serve):
    server = serve(lambda peer: None)
    server.close()
    with pytest.raises(ConnectionFailed) as caught:
        send(server.url, "POST", body=b"{}")
    assert caught.value.sent is False


def test_an_answer_before_the_body_was_read_still_counts(serve):
    """A server that refuses a large upload early says why, then closes."""

    def handler(peer: Peer) -> None:
        peer.sock.recv(1024)
        peer.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nlong")
        while peer.sock.recv(65536):
            pass

    answer = send(serve(handler).url, "POST", body=b"x" * 4_000_000)
    assert (answer.status, answer.content) == (413, b"long")


@pytest.mark.parametrize(
    "raw",
    [
        b"hello",
        b"hello\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 600 High\r\n\r\n",
        b"HTTP/1.1 2000 Long\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA b: space in name\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded first: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2.0\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(says, raw):
    with pytest.raises(ResponseInvalid) as caught:
        send(says(raw).url)
    assert caught.value.sent is True


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        (OK, b"ok"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 \r\nContent-Length: 2, 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nA: b\r\n\r\n",
            b"ok",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Encoding: gzip\r\n\r\n", b""),
    ],
)
def test_the_ways_in_which_a_body_may_end(says, raw, content):
    assert send(says(raw).url).content == content


def test_the_answer_to_head_has_no_body_whatever_its_length_says(says):
    answer = send(says(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n").url, "HEAD")
    assert answer.content == b""
    assert answer.headers["content-length"] == "5000"


def test_headers_are_joined_unfolded_and_read_as_utf_8(says):
    raw = (
        "HTTP/1.1 200 OK\r\nX-One: a\r\nx-one: b\r\nX-Fold: c\r\n  d\r\n"
        "X-Space : e \t\r\nX-Name: bücher\r\nContent-Length: 0\r\n\r\n"
    ).encode()
    headers = send(says(raw).url).headers
    assert headers["x-one"] == "a, b"
    assert headers["x-fold"] == "c d"
    assert headers["x-space"] == "e"
    assert headers["x-name"] == "bücher"
