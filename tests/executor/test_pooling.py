"""Connections are kept, bounded, and never given to a call that they are not for."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

import pytest

from integration_hub.egress import pooling
from integration_hub.egress.connect import connect
from integration_hub.egress.door import Deadline, Login, TlsOptions
from integration_hub.egress.pooling import Kept, Place, Pool, key_of
from integration_hub.lib.errors import (
    ConcurrencyLimitExceeded,
    ConnectionFailed,
    TargetForbidden,
    TimedOut,
)
from tests.raw_server import Peer, RawServer


def echo(peer: Peer) -> None:
    while piece := peer.sock.recv(4096):
        if piece == b"quit":
            return
        if piece != b"hush":
            peer.say(piece)


@pytest.fixture
def server():
    made = RawServer(echo)
    yield made
    made.close()


class Line(Kept):
    def __init__(self, sock) -> None:
        self._sock, self.pinged, self.closed = sock, 0, False

    @property
    def sock(self):
        return self._sock

    def say(self, text: bytes) -> bytes:
        self._sock.sendall(text)
        return self._sock.recv(4096)

    def ping(self) -> None:
        self.pinged += 1
        assert self.say(b"ping") == b"ping"

    def close(self) -> None:
        self.closed = True
        self._sock.close()


@pytest.fixture
def lent(server):
    """`with lent() as line`: a connection to the server, kept in a pool of this test's own."""
    pool: Pool[Line] = Pool()
    place = Place("127.0.0.1", server.port, b"key", size=2)

    def lend(deadline=None, **changes):
        limit = deadline or Deadline(5)
        at = replace(place, **changes)
        return pool.lent(at, limit, lambda: Line(connect(at.host, at.port, deadline=limit)))

    lend.pool = pool
    yield lend
    pool.close()


def test_a_connection_serves_the_next_call_too(lent, server) -> None:
    for _ in range(3):
        with lent() as line:
            assert line.say(b"hello") == b"hello"
    assert server.connections == 1


def test_each_call_has_its_own_deadline_and_cap(lent) -> None:
    with lent(Deadline(5)) as line:
        line.say(b"x")
    with pytest.raises(TimedOut), lent(Deadline(0.2)) as line:
        line.say(b"hush")


def test_what_fails_is_closed_and_never_lent_again(lent, server) -> None:
    with pytest.raises(RuntimeError), lent() as line:
        raise RuntimeError
    assert line.closed
    with lent() as again:
        assert again.say(b"x") == b"x"
    assert server.connections == 2


def test_one_that_the_other_side_ended_is_not_lent(lent, server) -> None:
    with lent() as line:
        line.sock.sendall(b"quit")
    time.sleep(0.1)
    with lent() as again:
        assert again is not line
        assert again.say(b"x") == b"x"


def test_one_that_rested_is_asked_first_and_one_that_rested_long_is_closed(
    lent, monkeypatch
) -> None:
    with lent() as line:
        pass
    monkeypatch.setattr(pooling, "RESTED", 0.0)
    with lent() as again:
        assert (again, again.pinged) == (line, 1)
    monkeypatch.setattr(pooling, "MAX_IDLE", 0.0)
    with lent() as third:
        assert third is not line
    assert line.closed


def test_an_unusable_one_is_not_kept(lent, server) -> None:
    with lent() as line:
        line.usable = False
    assert line.closed


def test_a_place_has_so_many_connections_and_no_more(lent) -> None:
    with lent(), lent():
        began = time.monotonic()
        with pytest.raises(ConcurrencyLimitExceeded) as caught, lent():
            pass
        assert 0.9 < time.monotonic() - began < 3
        assert caught.value.retry_after == 1.0
        assert "pool_size" in caught.value.detail
    with lent():
        pass


def test_a_call_that_waits_goes_on_as_soon_as_one_is_free(lent) -> None:
    held = threading.Event()

    def hold() -> None:
        with lent():
            held.set()
            time.sleep(0.2)

    with lent():
        other = threading.Thread(target=hold)
        other.start()
        held.wait()
        with lent() as line:
            assert line.say(b"x") == b"x"
        other.join()


def test_the_policy_is_asked_again_for_a_kept_connection(lent, settings) -> None:
    with lent():
        pass
    settings.HUB_OUTBOUND_ALLOW = []
    with pytest.raises(TargetForbidden), lent():
        pass


def test_nothing_was_sent_when_there_is_no_connection(lent, server) -> None:
    server.close()
    with pytest.raises(ConnectionFailed) as caught, lent():
        pass
    assert caught.value.sent is False


def test_another_secret_or_another_trust_is_another_place() -> None:
    keys = {
        key_of("sql", login=Login("hub", "a"), tls=None),
        key_of("sql", login=Login("hub", "b"), tls=None),
        key_of("sql", login=Login("huba", ""), tls=None),
        key_of("sql", login=Login("hub", "a"), tls=TlsOptions()),
        key_of("sql", login=Login("hub", "a"), tls=TlsOptions(verify=False)),
        key_of("sq", "l", login=Login("hub", "a"), tls=None),
    }
    assert len(keys) == 6


def test_a_child_of_a_fork_starts_without_connections(lent) -> None:
    with lent() as line:
        pass
    child = os.fork()
    if child == 0:
        os._exit(0 if not lent.pool._idle else 1)
    assert os.waitpid(child, 0)[1] == 0
    with lent() as again:
        assert again is line
