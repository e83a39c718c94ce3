"""Resolve once, judge every answer, connect to the judged address and to no other."""

from __future__ import annotations

import random
import socket
import threading
import time

import pytest

from integration_hub.egress import resolve
from integration_hub.egress.dial import check_peer
from integration_hub.egress.door import Deadline
from integration_hub.egress.policy import as_address
from integration_hub.lib.errors import Cancelled, ConnectionFailed, TargetForbidden, TimedOut
from tests.egress.conftest import OK, send


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%lo"],
        ["64:ff9b::7f00:1"],
        ["8.8.8.8", "127.0.0.1"],
        ["2606:4700::1111", "fd00:ec2::254"],
    ],
)
def test_a_name_that_resolves_to_a_forbidden_address_is_refused(settings, names, connects, answers):
    settings.HUB_OUTBOUND_ALLOW = []
    names["rebind.example"] = answers
    with pytest.raises(TargetForbidden):
        send("http://rebind.example/")
    assert connects == []


def test_a_rebinding_name_never_reaches_the_private_address(settings, monkeypatch, connects, says):
    """1,000 rounds: public at one look, private at the next; only judged addresses are dialled."""
    settings.HUB_OUTBOUND_ALLOW = ["127.0.0.2"]
    port = says(OK).port
    rng = random.Random(7)
    answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["169.254.169.254"]]
    monkeypatch.setattr(resolve, "lookup", lambda host: rng.choice(answers))
    outcomes = set()
    for _ in range(1000):
        try:
            send(f"http://rebind.example:{port}/")
        except (TargetForbidden, ConnectionFailed) as error:
            outcomes.add(type(error))
    assert {address for address, _ in connects} == {"127.0.0.2"}
    assert outcomes == {TargetForbidden, ConnectionFailed}


def test_a_name_is_resolved_once_for_a_connection(monkeypatch, says):
    asked = []
    monkeypatch.setattr(resolve, "lookup", lambda host: asked.append(host) or ["127.0.0.1"])
    assert send(f"http://api.example:{says(OK).port}/").status == 200
    assert asked == ["api.example"]


def test_a_literal_address_is_not_looked_up(names, says):
    assert send(says(OK).url).timings.dns_ms == 0


def test_the_socket_must_have_the_judged_peer(serve):
    server = serve(lambda peer: peer.hang())
    with socket.socket() as sock:
        sock.connect((server.host, server.port))
        check_peer(sock, as_address("127.0.0.1"), server.port)
        with pytest.raises(TargetForbidden, match="another address"):
            check_peer(sock, as_address("127.0.0.2"), server.port)
        with pytest.raises(TargetForbidden, match="another address"):
            check_peer(sock, as_address("127.0.0.1"), server.port + 1)


@pytest.mark.parametrize(("asked", "led_to"), [("0.0.0.0", "127.0.0.1"), ("[::]", "::1")])  # noqa: S104
def test_a_connect_that_leads_elsewhere_is_dropped(settings, serve, asked, led_to):
    """The kernel turns the unspecified address into loopback: a judged address, another peer."""
    settings.HUB_OUTBOUND_ALLOW = [f"{asked.strip('[]')}/{32 if '.' in asked else 128}"]
    heard = []
    server = serve(lambda peer: heard.append(peer.request()), host=led_to)
    with pytest.raises(TargetForbidden, match="another address"):
        send(f"http://{asked}:{server.port}/")
    assert heard in ([], [b""])


def test_an_ipv6_peer_is_compared_by_value_not_by_spelling(settings, serve):
    settings.HUB_OUTBOUND_ALLOW = ["::1"]

    def handler(peer):
        peer.request()
        peer.say(OK)

    answer = send(serve(handler, host="::1").url.replace("[::1]", "[0:0:0:0:0:0:0:1]"))
    assert answer.content == b"ok"


def test_a_kept_connection_is_judged_again(settings, serve):
    def handler(peer):
        while peer.request():
            peer.say(OK)

    url = serve(handler).url
    send(url)
    settings.HUB_OUTBOUND_ALLOW = []
    with pytest.raises(TargetForbidden):
        send(url)


def test_the_next_address_is_tried_when_one_refuses(names, says):
    server = says(OK)
    names["two.example"] = ["127.0.0.9", "127.0.0.1"]
    assert send(f"http://two.example:{server.port}/").status == 200


def test_an_address_that_swallows_packets_leaves_time_for_the_next(names, serve):
    """A full backlog drops SYNs: the connect neither succeeds nor fails."""

    def handler(peer):
        peer.request()
        peer.say(OK)

    good = serve(handler)
    with socket.create_server(("127.0.0.3", good.port), backlog=0) as full:
        fillers = [socket.socket() for _ in range(8)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        names["slow.example"] = ["127.0.0.3", "127.0.0.1"]
        began = time.monotonic()
        answer = send(f"http://slow.example:{good.port}/", connect_timeout=1.0)
        for filler in fillers:
            filler.close()
    assert answer.status == 200
    assert time.monotonic() - began < 1.0


def test_a_name_that_does_not_exist_was_never_sent_to(names):
    with pytest.raises(ConnectionFailed) as caught:
        send("http://nowhere.example/?key=secret")
    assert caught.value.sent is False
    assert "secret" not in caught.value.detail


@pytest.fixture
def stuck(monkeypatch):
    """A resolver that hangs until the test ends, and counts who asked."""
    release, asked = threading.Event(), []

    def lookup(host):
        asked.append(host)
        release.wait(30)
        return ["127.0.0.1"]

    monkeypatch.setattr(resolve, "lookup", lookup)
    yield asked
    release.set()


def test_a_resolver_that_hangs_is_abandoned_at_the_deadline(stuck):
    began = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        send("http://hang-1.example/", seconds=0.3)
    assert time.monotonic() - began < 0.8
    assert caught.value.sent is False


def test_a_hanging_lookup_ends_with_the_connect_timeout(stuck):
    with pytest.raises(ConnectionFailed):
        send("http://hang-2.example/", connect_timeout=0.2)


def test_a_cancelled_call_leaves_a_hanging_resolver(stuck):
    deadline = Deadline(20)
    threading.Timer(0.2, deadline.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        send("http://hang-3.example/", deadline=deadline)
    assert time.monotonic() - began < 1.7


def test_a_name_that_hangs_holds_one_thread_however_many_ask(stuck):
    def ask():
        with pytest.raises(TimedOut):
            send("http://hang-4.example/", seconds=0.3)

    askers = [threading.Thread(target=ask) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert stuck == ["hang-4.example"]


def test_lookups_are_bounded_and_the_rest_wait_their_turn(stuck):
    def ask(number):
        with pytest.raises(TimedOut):
            send(f"http://hang-{number}-many.example/", seconds=0.5)

    askers = [threading.Thread(target=ask, args=(n,)) for n in range(resolve.MAX_THREADS + 5)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(stuck) == resolve.MAX_THREADS


def test_a_name_is_asked_for_in_its_canonical_form(monkeypatch, says):
    asked = []
    monkeypatch.setattr(resolve, "lookup", lambda host: asked.append(host) or ["127.0.0.1"])
    send(f"http://BÜCHER.example.:{says(OK).port}/")
    assert asked == ["xn--bcher-kva.example"]
