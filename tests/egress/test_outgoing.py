"""What leaves is what was asked for: nothing merged in, nothing smuggled along."""

from __future__ import annotations

import pytest

from integration_hub.egress.door import HttpRequest
from integration_hub.egress.outgoing import OWN_HEADERS
from integration_hub.lib.errors import TargetForbidden, ValidationFailed
from tests.egress.conftest import OK, Peer, send


@pytest.fixture
def wire(serve):
    """A server, and the raw requests that reached it."""
    seen: list[bytes] = []

    def handler(peer: Peer) -> None:
        while raw := peer.request():
            seen.append(raw)
            peer.say(OK)

    server = serve(handler)
    server.seen = seen
    return server


def test_the_request_line_carries_the_url_as_it_was_signed(wire):
    path = "/a/../b/%2e%2E/c%2Fd//e;f=1?q=%7e~&[x]=|y|&empty="
    send(wire.url + path)
    assert wire.seen[0].startswith(f"GET {path} HTTP/1.1\r\n".encode())


def test_headers_are_ours_and_the_callers_and_no_others(wire):
    send(wire.url, headers={"X-Name": "bücher ", "accept-encoding": "identity"})
    head = wire.seen[0].partition(b"\r\n\r\n")[0].decode()
    lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    assert {name.lower(): value for name, value in lines.items()} == {
        "host": f"127.0.0.1:{wire.port}",
        "user-agent": "integration-hub",
        "accept-encoding": "identity",
        "x-name": "bücher",
    }


def test_a_body_travels_with_its_length(wire):
    send(wire.url, "POST", body=b'{"a":1}', headers={"Content-Type": "application/json"})
    head, _, body = wire.seen[0].partition(b"\r\n\r\n")
    assert b"Content-Length: 7\r\n" in head + b"\r\n"
    assert b"Transfer-Encoding" not in head
    assert body == b'{"a":1}'


def test_a_large_body_arrives_whole(wire):
    body = bytes(range(256)) * 20_000
    send(wire.url, "PUT", body=body)
    assert wire.seen[0].endswith(body)


def test_proxies_and_netrc_of_the_environment_are_ignored(wire, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password canary-5e1f\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(wire.url).status == 200
    assert b"authorization" not in wire.seen[0].lower()


def test_cookies_of_one_answer_do_not_travel_with_the_next_call(serve):
    seen = []

    def handler(peer: Peer) -> None:
        while raw := peer.request():
            seen.append(raw)
            peer.say(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    url = serve(handler).url
    send(url)
    send(url)
    assert b"cookie" not in seen[1].lower()


@pytest.mark.parametrize("name", sorted(OWN_HEADERS - {"host"}))
def test_headers_that_frame_the_message_cannot_be_given(wire, name):
    with pytest.raises(ValidationFailed, match="set by the hub"):
        send(wire.url, headers={name.title(): "1"})
    assert wire.connections == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "a\r\nX-B: b"},
        {"X-A": "a\nb"},
        {"X-A": "a\rb"},
        {"X-A": "a\x00b"},
        {"X-A": "a\x7fb"},
        {"X-A": "a\ud800"},
        {"X-A\r\nX-B": "b"},
        {"X A": "b"},
        {"X-A:": "b"},
        {"": "b"},
        {"X-Ä": "b"},
        {"X-A": "x" * 8193},
        {f"X-{n}": "y" for n in range(101)},
    ],
)
def test_a_header_that_could_be_read_as_two_is_refused(wire, headers):
    with pytest.raises(ValidationFailed):
        send(wire.url, headers=headers)
    assert wire.connections == 0


def test_a_header_that_looks_like_a_library_s_marker_is_just_text(wire):
    send(wire.url, headers={"X-A": "@@@SKIP_HEADER@@@", "User-Agent": "@@@SKIP_HEADER@@@"})
    assert wire.seen[0].count(b"@@@SKIP_HEADER@@@") == 2


def test_the_host_header_names_the_host_that_was_judged(wire):
    send(wire.url, headers={"host": f"127.0.0.1:{wire.port}"})
    with pytest.raises(TargetForbidden, match="Host"):
        send(wire.url, headers={"Host": "internal.example"})
    assert len(wire.seen) == 1


@pytest.mark.parametrize("method", ["get", "G T", "CONNECT", "TRACE", "GET\r\nX: y", "", "GÉT"])
def test_a_method_that_is_none_is_refused(wire, method):
    with pytest.raises(ValidationFailed):
        send(wire.url, method)
    assert wire.connections == 0


def test_the_answer_holds_the_request_as_it_was_given(wire):
    answer = send(wire.url, "POST", body=b"x", headers={"X-A": "b"})
    assert answer.request == HttpRequest("POST", wire.url, {"X-A": "b"}, b"x")
