"""The second door: a socket that keeps the policy, the deadline and the cap."""

from __future__ import annotations

import smtplib
import threading
import time

import pytest

from integration_hub.egress import policy
from integration_hub.egress.connect import connect, start_tls
from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.lib.errors import (
    Cancelled,
    ConnectionFailed,
    ResponseTooLarge,
    TargetForbidden,
    TimedOut,
)
from tests.egress.conftest import Peer, echo


def test_a_client_library_speaks_over_the_socket(serve):
    def smtp(peer: Peer) -> None:
        peer.say(b"220 mail.example\r\n")
        while line := peer.sock.recv(1024):
            peer.say(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 ok\r\n")

    server = serve(smtp)

    class Mail(smtplib.SMTP):
        def _get_socket(self, host, port, timeout):
            return connect(host, port, deadline=Deadline(5))

    with Mail("127.0.0.1", server.port, local_hostname="hub") as mail:
        assert mail.noop() == (250, b"ok")


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0x7f.1"])
def test_the_policy_is_the_same_as_for_http(settings, connects, host):
    settings.HUB_OUTBOUND_ALLOW = []
    with pytest.raises(TargetForbidden):
        connect(host, 6379, deadline=Deadline(5))
    assert connects == []


def test_every_answer_of_the_resolver_is_judged(settings, names, connects):
    settings.HUB_OUTBOUND_ALLOW = []
    names["db.acme.example"] = ["93.184.216.34", "10.0.0.7"]
    with pytest.raises(TargetForbidden):
        connect("db.acme.example", 5432, deadline=Deadline(5))
    assert connects == []


def test_a_host_outside_the_allowed_ones_is_refused(connects):
    with pytest.raises(TargetForbidden, match="allowed_hosts"):
        connect("127.0.0.1", 1, deadline=Deadline(5), allowed_hosts=("*.acme.example",))
    assert connects == []


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(TargetForbidden):
        connect("127.0.0.1", port, deadline=Deadline(5))


def test_nobody_listens(serve):
    server = serve(echo)
    server.close()
    with pytest.raises(ConnectionFailed) as caught:
        connect("127.0.0.1", server.port, deadline=Deadline(5))
    assert caught.value.sent is False


def test_a_silent_peer_ends_with_the_deadline(serve):
    sock = connect("127.0.0.1", serve(Peer.hang).port, deadline=Deadline(0.3))
    began = time.perf_counter()
    with sock, pytest.raises(TimedOut):
        sock.recv(1)
    assert time.perf_counter() - began < 0.8


def test_a_cancel_is_seen_within_a_second(serve):
    deadline = Deadline(30)
    sock = connect("127.0.0.1", serve(Peer.hang).port, deadline=deadline)
    threading.Timer(0.2, deadline.cancel).start()
    began = time.perf_counter()
    with sock, pytest.raises(Cancelled):
        sock.recv(1)
    assert time.perf_counter() - began < 1.5


def test_the_timeout_of_a_library_bounds_one_operation_beside_the_deadline(serve):
    sock = connect("127.0.0.1", serve(Peer.hang).port, deadline=Deadline(10))
    sock.settimeout(0.2)
    began = time.perf_counter()
    with sock:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                sock.recv(1)
    assert 0.4 <= time.perf_counter() - began < 1.5


def test_a_librarys_timeout_does_not_outlive_the_deadline(serve):
    sock = connect("127.0.0.1", serve(Peer.hang).port, deadline=Deadline(0.3))
    sock.settimeout(20)
    with sock, pytest.raises(TimedOut):
        sock.recv(1)


def test_more_than_the_cap_is_refused(serve):
    def flood(peer: Peer) -> None:
        while True:
            peer.say(b"x" * 65536)

    pieces = []
    sock = connect("127.0.0.1", serve(flood).port, deadline=Deadline(5), max_bytes=100_000)
    with sock, pytest.raises(ResponseTooLarge):
        pieces.extend(iter(lambda: sock.recv(65536), b""))
    assert sum(map(len, pieces)) <= 100_000


def test_a_large_transfer_passes_where_no_cap_was_asked_for(serve):
    size = 8 * 1024 * 1024
    server = serve(lambda peer: peer.say(b"x" * size))
    with connect("127.0.0.1", server.port, deadline=Deadline(20)) as sock:
        assert sum(len(piece) for piece in iter(lambda: sock.recv(65536), b"")) == size


def test_tls_is_spoken_and_verified_for_the_host(authority, secure, names):
    server = secure(authority.context("db.acme.example"), echo)
    names["db.acme.example"] = names["evil.example"] = ["127.0.0.1"]
    options = TlsOptions(authorities=authority.pem)
    with connect("db.acme.example", server.port, deadline=Deadline(5), tls=options) as sock:
        sock.sendall(b"hello")
        assert sock.recv(5) == b"hello"
    with pytest.raises(ConnectionFailed, match="certificate"):
        connect("evil.example", server.port, deadline=Deadline(5), tls=options)
    with pytest.raises(ConnectionFailed, match="certificate"):
        connect("db.acme.example", server.port, deadline=Deadline(5), tls=TlsOptions())


def test_an_answer_under_tls_may_take_as_long_as_the_deadline(authority, secure):
    """The handshake leaves no timeout of its own behind."""

    def slowly(peer: Peer) -> None:
        peer.sock.recv(64)
        time.sleep(1.3)
        peer.say(b"late")

    server = secure(authority.context("127.0.0.1"), slowly)
    options = TlsOptions(authorities=authority.pem)
    with connect("127.0.0.1", server.port, deadline=Deadline(5), tls=options) as sock:
        assert sock.patience is None
        sock.sendall(b"query")
        assert sock.recv(4) == b"late"


def test_a_plain_connection_becomes_tls_when_the_protocol_says_so(authority, serve):
    context = authority.context("127.0.0.1")

    def starttls(peer: Peer) -> None:
        peer.sock.recv(64)
        peer.say(b"go\n")
        peer.sock = context.wrap_socket(peer.sock, server_side=True)
        echo(peer)

    sock = connect("127.0.0.1", serve(starttls).port, deadline=Deadline(5))
    sock.sendall(b"STARTTLS\n")
    assert sock.recv(3) == b"go\n"
    with start_tls(sock, "127.0.0.1", TlsOptions(authorities=authority.pem)) as secured:
        secured.sendall(b"secret")
        assert secured.recv(6) == b"secret"


def test_a_handshake_that_stalls_ends_with_the_deadline(serve):
    began = time.perf_counter()
    with pytest.raises((TimedOut, ConnectionFailed)):
        connect("127.0.0.1", serve(Peer.hang).port, deadline=Deadline(0.3), tls=TlsOptions())
    assert time.perf_counter() - began < 0.8


def test_what_is_not_tls_is_a_failed_connection(serve):
    server = serve(lambda peer: peer.say(b"220 plain text\r\n" * 10))
    with pytest.raises(ConnectionFailed):
        connect("127.0.0.1", server.port, deadline=Deadline(5), tls=TlsOptions())


@pytest.mark.parametrize("port", [22, 25, 5432, 6379])
def test_ports_of_other_protocols_are_open_to_this_door_alone(port):
    with pytest.raises(TargetForbidden, match=f"Port {port}"):
        policy.check_url(f"http://93.184.216.34:{port}/")
    policy.permitted(policy.tcp_origin("93.184.216.34", port), [policy.as_address("93.184.216.34")])
