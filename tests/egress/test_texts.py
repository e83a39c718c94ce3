"""Errors say what to do and give nothing away: no port states, no secrets (promise 45)."""

from __future__ import annotations

import logging
import socket
import statistics
import time

import pytest

from integration_hub.lib.errors import ConnectionFailed, HubError, TargetForbidden
from tests.egress.conftest import OK, Peer, send

SECRET = "canary-5e1f"


@pytest.fixture
def ports(serve):
    """Five open internal ports and five closed ones."""
    opened = [serve(lambda peer: peer.hang()).port for _ in range(5)]
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
    closed = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return opened, closed


def refusal(url: str) -> tuple[type[HubError], str, float]:
    began = time.perf_counter()
    with pytest.raises(HubError) as caught:
        send(url)
    return type(caught.value), caught.value.detail, time.perf_counter() - began


@pytest.mark.parametrize("host", ["127.0.0.1", "internal.example"])
def test_a_refusal_does_not_tell_an_open_port_from_a_closed_one(settings, names, ports, host):
    settings.HUB_OUTBOUND_ALLOW = []
    names["internal.example"] = ["127.0.0.1"]
    found = []
    for group in ports:
        tries = [refusal(f"http://{host}:{port}/") for port in group for _ in range(50)]
        found.append(({(kind, text) for kind, text, _ in tries}, [took for *_, took in tries]))
    (opened, open_times), (closed, closed_times) = found
    assert opened == closed
    assert {kind for kind, _ in opened} == {TargetForbidden}
    assert len(opened) == 1
    assert abs(statistics.mean(open_times) - statistics.mean(closed_times)) < 0.005


def test_refused_and_reset_read_alike(serve, ports):
    def handler(peer: Peer) -> None:
        peer.reset()

    _, closed = ports
    refused = refusal(f"https://127.0.0.1:{closed[0]}/")
    reset = refusal(serve(handler).url.replace("http:", "https:"))
    assert refused[:2] == reset[:2]


def test_a_refusal_names_the_remedy_and_not_the_address(settings, names):
    settings.HUB_OUTBOUND_ALLOW = []
    names["internal.example"] = ["10.11.12.13"]
    with pytest.raises(TargetForbidden) as caught:
        send("http://internal.example/")
    assert "HUB_OUTBOUND_ALLOW" in caught.value.detail
    assert "10.11" not in caught.value.detail


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/?k=canary-5e1f\r\n"
            b"Content-Length: 0\r\n\r\n"
        ),
    ],
)
def test_no_error_and_no_log_line_carries_the_url_or_a_credential(says, caplog, raw):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HubError) as caught:
        send(
            f"{says(raw).url}/path-{SECRET}?api_key={SECRET}",
            headers={"Authorization": f"Bearer {SECRET}"},
            redirects=1,
        )
    chain, error = [], caught.value
    while error is not None:
        chain.append(f"{error!r} {error}")
        error = error.__cause__
    assert SECRET not in " ".join(chain)
    assert SECRET not in caplog.text


def test_a_good_call_logs_no_url_even_at_debug(says, caplog):
    caplog.set_level(logging.DEBUG)
    send(f"{says(OK).url}/?api_key={SECRET}")
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{SECRET}@example.com/",
        f"http://{SECRET}@10.0.0.1/",
        f"http://example.com/ ?key={SECRET}",
        f"ftp://example.com/{SECRET}",
        f"http://exa mple.com/{SECRET}",
    ],
)
def test_a_refused_url_is_not_repeated(url):
    with pytest.raises(TargetForbidden) as caught:
        send(url)
    assert SECRET not in caught.value.detail


def test_a_failed_connection_names_host_and_no_more(serve):
    server = serve(lambda peer: None)
    server.close()
    with pytest.raises(ConnectionFailed) as caught:
        send(f"{server.url}/path?key={SECRET}")
    assert "127.0.0.1" in caught.value.detail
    assert SECRET not in caught.value.detail
    assert str(server.port) not in caught.value.detail
