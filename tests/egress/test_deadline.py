"""The total deadline holds against every way of being slow (promise 27), and so does a cancel."""

from __future__ import annotations

import threading
import time

import pytest

from integration_hub.egress.door import Deadline
from integration_hub.lib.errors import Cancelled, TimedOut
from tests.egress.conftest import OK, Peer, send

DEADLINE = 1.0
GRACE = 0.5
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def slow_head(peer: Peer) -> None:
    peer.request()
    peer.drip(HEAD * 50)


def slow_body(peer: Peer) -> None:
    peer.request()
    peer.say(HEAD + b"Content-Length: 5000\r\n\r\n")
    peer.drip(b"." * 5000)


def endless_chunks(peer: Peer) -> None:
    peer.request()
    peer.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while not peer.stop.wait(0.05):
        peer.say(b"1\r\n.\r\n")


def endless_interim(peer: Peer) -> None:
    peer.request()
    peer.drip(b"HTTP/1.1 102 Processing\r\n\r\n" * 10, pause=0.05)


def says_nothing(peer: Peer) -> None:
    peer.request()
    peer.hang()


def never_reads(peer: Peer) -> None:
    peer.hang()


@pytest.mark.parametrize(
    "slow", [slow_head, slow_body, endless_chunks, endless_interim, says_nothing]
)
def test_a_slow_upstream_ends_with_the_deadline(serve, slow):
    url = serve(slow).url
    began = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        send(url, "POST", seconds=DEADLINE, body=b"{}")
    assert DEADLINE <= time.monotonic() - began < DEADLINE + GRACE
    assert caught.value.sent is True


def test_a_stalled_handshake_ends_with_the_deadline(serve):
    url = serve(never_reads).url.replace("http:", "https:")
    began = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        send(url, seconds=DEADLINE)
    assert time.monotonic() - began < DEADLINE + GRACE
    assert caught.value.sent is False


def test_an_upstream_that_reads_nothing_ends_with_the_deadline(serve):
    url = serve(never_reads).url
    began = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        send(url, "POST", seconds=DEADLINE, body=b"x" * (32 * 1024 * 1024))
    assert time.monotonic() - began < DEADLINE + GRACE
    assert caught.value.sent is True


def test_a_deadline_that_has_passed_sends_nothing(says):
    server = says(OK)
    with pytest.raises(TimedOut) as caught:
        send(server.url, seconds=0)
    assert caught.value.sent is False
    assert server.connections == 0


@pytest.mark.parametrize("slow", [slow_head, slow_body, says_nothing])
def test_a_cancel_is_seen_within_a_second(serve, slow):
    deadline = Deadline(20)
    url = serve(slow).url
    threading.Timer(0.2, deadline.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        send(url, deadline=deadline)
    assert time.monotonic() - began < 1.5


def test_a_slow_answer_within_the_deadline_arrives_whole(serve):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.drip(OK, pause=0.02)

    answer = send(serve(handler).url, seconds=10)
    assert answer.content == b"ok"
    assert answer.timings.wait_ms > 500


def test_timings_name_the_phases_and_a_kept_connection_skips_two(serve):
    def handler(peer: Peer) -> None:
        while peer.request():
            peer.say(OK)

    url = serve(handler).url
    first, second = send(url), send(url)
    assert first.timings.connect_ms > 0
    assert first.timings.wait_ms > 0
    assert (second.timings.dns_ms, second.timings.connect_ms) == (0, 0)
    assert second.timings.wait_ms > 0
