"""HUB_OUTBOUND_PROXY: the hub judges, the proxy only connects."""

from __future__ import annotations

import time
from base64 import b64encode

import pytest
from django.core.exceptions import ImproperlyConfigured

from integration_hub.egress.checks import check_outbound
from integration_hub.egress.connect import connect
from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.egress.proxy import Proxy
from integration_hub.lib.errors import ConnectionFailed, TargetForbidden, TimedOut
from tests.egress.conftest import OK, Peer, send

PUBLIC = "93.184.216.34"


@pytest.fixture
def asked() -> list[bytes]:
    return []


@pytest.fixture
def through(serve, settings, asked):
    """`through(then, answer)`: a proxy that says `answer` and then is the target."""

    def start(then=None, answer=b"HTTP/1.1 200 Connection established\r\n\r\n", user=""):
        def handler(peer: Peer) -> None:
            asked.append(peer.request())
            peer.say(answer)
            if then:
                then(peer)

        server = serve(handler)
        settings.HUB_OUTBOUND_PROXY = f"http://{user}127.0.0.1:{server.port}"
        return server

    return start


def polite(peer: Peer) -> None:
    while peer.request():
        peer.say(OK)


def test_the_proxy_is_asked_for_the_judged_address_and_never_for_a_name(
    through, asked, names, connects
):
    server = through(polite)
    names["api.acme.example"] = [PUBLIC]
    first, second = send("http://api.acme.example/x"), send("http://api.acme.example/y")
    assert (first.content, second.content) == (b"ok", b"ok")
    assert (first.reused, second.reused) == (False, True)
    assert asked[0].split(b"\r\n")[0] == b"CONNECT 93.184.216.34:80 HTTP/1.1"
    assert b"acme" not in asked[0]
    assert connects == [("127.0.0.1", server.port)]


def test_tls_goes_from_end_to_end(through, names, authority):
    context = authority.context("api.acme.example")

    def secured(peer: Peer) -> None:
        peer.sock = context.wrap_socket(peer.sock, server_side=True)
        polite(peer)

    through(secured)
    names["api.acme.example"] = names["evil.example"] = [PUBLIC]
    options = TlsOptions(authorities=authority.pem)
    assert send("https://api.acme.example/", tls=options).content == b"ok"
    with pytest.raises(ConnectionFailed, match="certificate"):
        send("https://evil.example/", tls=options)


@pytest.mark.parametrize("found", [["10.0.0.1"], ["169.254.169.254"], [PUBLIC, "10.0.0.1"]])
def test_a_forbidden_target_is_refused_before_the_proxy_hears_of_it(
    through, asked, names, connects, found
):
    through(polite)
    names["api.acme.example"] = found
    with pytest.raises(TargetForbidden):
        send("http://api.acme.example/")
    assert asked == []
    assert connects == []


def test_a_private_address_that_was_opened_is_reached_directly(through, asked, upstream):
    through(polite)
    assert send(f"{upstream.url}/echo").status == 200
    assert asked == []


def test_a_kept_connection_is_judged_by_its_target_not_by_the_proxy(through, names, settings):
    through(polite)
    names["api.acme.example"] = [PUBLIC]
    send("http://api.acme.example/")
    settings.HUB_OUTBOUND_POLICY = "allowlist"
    with pytest.raises(TargetForbidden):
        send("http://api.acme.example/")


def test_the_proxy_may_want_a_password(through, asked, names):
    through(polite, user="hub:p%40ss@")
    names["api.acme.example"] = [PUBLIC]
    send("http://api.acme.example/")
    wanted = b"Proxy-Authorization: Basic " + b64encode(b"hub:p@ss")
    assert wanted in asked[0].split(b"\r\n")


def test_what_the_target_says_first_is_not_lost(through, names):
    through(lambda peer: peer.hang(), answer=b"HTTP/1.1 200 OK\r\n\r\n220 mail\r\n")
    names["mail.acme.example"] = [PUBLIC]
    with connect("mail.acme.example", 25, deadline=Deadline(5)) as sock:
        assert sock.recv(100) == b"220 mail\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 2000 + b"\r\n",
        b"",
    ],
)
def test_a_proxy_that_does_not_connect_is_a_failed_connection_and_nothing_was_sent(
    through, names, answer
):
    through(answer=answer)
    names["api.acme.example"] = [PUBLIC]
    with pytest.raises(ConnectionFailed) as caught:
        send("http://api.acme.example/", "POST", body=b"x")
    assert caught.value.sent is False


def test_a_silent_proxy_ends_with_the_deadline_and_nothing_was_sent(through, names):
    through(lambda peer: peer.hang(), answer=b"HTTP/1.1 2")
    names["api.acme.example"] = [PUBLIC]
    began = time.perf_counter()
    with pytest.raises((TimedOut, ConnectionFailed)) as caught:
        send("http://api.acme.example/", seconds=0.3)
    assert time.perf_counter() - began < 0.8
    assert caught.value.sent is False


@pytest.mark.parametrize(
    "url", ["proxy:3128", "https://proxy:3128", "http://proxy", "http://u:secret@/", "http://a b:1"]
)
def test_a_setting_that_is_no_proxy_stops_the_start_without_its_password(settings, url):
    settings.HUB_OUTBOUND_PROXY = url
    [found] = check_outbound()
    assert found.id == "hub.E024"
    assert "secret" not in found.msg


def test_the_password_is_not_in_its_text():
    assert "pass" not in repr(Proxy.parse("http://hub:pass@proxy.internal:3128"))
    with pytest.raises(ImproperlyConfigured):
        Proxy.parse("socks5://proxy:1080")
