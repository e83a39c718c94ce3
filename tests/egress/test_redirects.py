"""Redirects: off unless asked for, each hop judged, credentials kept at home (promise 44)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_hub.egress.door import Signed
from integration_hub.lib.errors import ConnectionFailed, ResponseInvalid, TargetForbidden
from tests.egress.conftest import OK, Peer, send

SECRET = "canary-5e1f"
SIGNED = {
    "Authorization": f"Bearer {SECRET}",
    "Cookie": f"session={SECRET}",
    "X-Api-Key": SECRET,
    "X-Signature": SECRET,
    "Accept": "application/json",
}


class Hops:
    """A server whose answers come from `routes`; `seen` are the requests as text."""

    def __init__(self, serve) -> None:
        self.routes: dict[str, bytes] = {}
        self.seen: list[str] = []
        self.server = serve(self.handle)
        self.url = self.server.url

    def handle(self, peer: Peer) -> None:
        while raw := peer.request():
            self.seen.append(raw.decode())
            peer.say(self.routes.get(raw.decode().split(" ")[1], OK))

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        self.routes[path] = (
            f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 4\r\n\r\nmove"
        ).encode()
        return self.url + path


@pytest.fixture
def here(serve) -> Hops:
    return Hops(serve)


@pytest.fixture
def elsewhere(serve) -> Hops:
    return Hops(serve)


def test_a_redirect_is_the_answer_unless_asked_for(here):
    answer = send(here.redirect("/a", "/b"))
    assert (answer.status, answer.content, answer.headers["location"]) == (302, b"move", "/b")
    assert len(here.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_same_origin_keeps_the_credential(here, status):
    answer = send(here.redirect("/a", "/b?x=1", status), redirects=1, headers=SIGNED)
    assert answer.status == 200
    assert answer.request.url == f"{here.url}/b?x=1"
    assert here.seen[1].count(SECRET) == 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_origin_gets_no_credential_and_nothing_a_signer_added(here, elsewhere, status):
    url = here.redirect("/a", f"{elsewhere.url}/b", status)
    assert send(url, redirects=1, headers=SIGNED).status == 200
    assert SECRET in here.seen[0]
    assert SECRET not in elsewhere.seen[0]
    assert "accept: application/json" in elsewhere.seen[0].lower()


def test_what_was_dropped_stays_dropped_on_the_way_back(here, elsewhere):
    elsewhere.redirect("/b", f"{here.url}/c")
    url = here.redirect("/a", f"{elsewhere.url}/b")
    assert send(url, redirects=5, headers=SIGNED).status == 200
    assert SECRET not in here.seen[1]


def test_the_same_host_on_another_port_is_another_origin(here, elsewhere):
    url = here.redirect("/a", f"{elsewhere.url}/b")
    send(url, redirects=1, headers=SIGNED, allowed_hosts=("127.0.0.1",))
    assert SECRET not in elsewhere.seen[0]


def test_the_signer_signs_again_on_the_same_origin_only(here, elsewhere):
    signed = []

    def resign(request):
        signed.append(request.url)
        return Signed(replace(request, headers={**request.headers, "X-Signature": "fresh-5e1f"}))

    here.redirect("/b", f"{elsewhere.url}/c")
    send(here.redirect("/a", "/b"), redirects=5, headers=SIGNED, resign=resign)
    assert signed == [f"{here.url}/b"]
    assert "fresh-5e1f" in here.seen[1]
    assert "5e1f" not in elsewhere.seen[0]


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (302, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (302, "HEAD", "HEAD"),
    ],
)
def test_the_method_and_body_change_as_the_status_says(here, status, method, expected):
    headers = {"Content-Type": "text/plain"}
    body = None if method == "HEAD" else b"the-body"
    if method == "HEAD":
        here.routes["/a"] = (
            f"HTTP/1.1 {status} Moved\r\nLocation: /b\r\nContent-Length: 4\r\n\r\n"
        ).encode()
        here.routes["/b"] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
        url = f"{here.url}/a"
    else:
        url = here.redirect("/a", "/b", status)
    send(url, method, redirects=1, body=body, headers=headers)
    second = here.seen[1]
    assert second.startswith(f"{expected} /b ")
    kept = expected == method and body is not None
    assert ("the-body" in second) is kept
    if body is not None:
        assert ("content-type: text/plain" in second.lower()) is kept


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "//169.254.169.254/latest/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://user@169.254.169.254/",
        "http://metadata.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http:\\\\169.254.169.254\\",
        "http://[half",
    ],
)
def test_a_redirect_to_a_forbidden_address_is_refused(here, names, connects, location):
    names["metadata.example"] = ["169.254.169.254"]
    url = here.redirect("/a", location)
    with pytest.raises((TargetForbidden, ResponseInvalid)) as caught:
        send(url, redirects=3, headers=SIGNED)
    assert {address for address, _ in connects} == {"127.0.0.1"}
    assert SECRET not in caught.value.detail
    if isinstance(caught.value, TargetForbidden):
        assert caught.value.extra == {"redirected": True}


def test_a_body_goes_to_another_host_only_where_the_definition_allows_it(serve, names, here):
    elsewhere = Hops(serve)
    names["other.example"] = ["127.0.0.1"]
    there = f"http://other.example:{elsewhere.server.port}/b"
    url = here.redirect("/a", there, 307)
    with pytest.raises(TargetForbidden, match="allowed_hosts"):
        send(url, "POST", redirects=1, body=b"data", allowed_hosts=("127.0.0.1",))
    assert elsewhere.seen == []
    allowed = ("127.0.0.1", "*.example")
    assert send(url, "POST", redirects=1, body=b"data", allowed_hosts=allowed).status == 200
    assert elsewhere.seen[0].endswith("data")


def test_a_get_may_go_on_to_a_host_that_holds_the_file(serve, names, here):
    """As object stores do: no credential travels, so `allowed_hosts` has no say."""
    elsewhere = Hops(serve)
    names["files.example"] = ["127.0.0.1"]
    url = here.redirect("/a", f"http://files.example:{elsewhere.server.port}/f?sig=1")
    answer = send(url, redirects=1, headers=SIGNED, allowed_hosts=("127.0.0.1",))
    assert answer.status == 200
    assert SECRET not in elsewhere.seen[0]


def test_a_first_request_outside_the_allowed_hosts_is_not_sent(here):
    with pytest.raises(TargetForbidden, match="allowed_hosts"):
        send(here.url, headers=SIGNED, allowed_hosts=("*.acme.example",))
    assert here.seen == []


def test_beyond_the_number_the_redirect_is_the_answer(here):
    url = here.redirect("/a", "/a")
    assert send(url, redirects=3).status == 302
    assert len(here.seen) == 4


def test_a_location_is_escaped_and_its_fragment_stays_here(here):
    url = here.redirect("/a", "/b c?d=ü#fragment")
    assert send(url, redirects=1).request.url == f"{here.url}/b%20c?d=%C3%BC"


def test_a_redirect_without_location_is_an_answer(says):
    answer = send(says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n").url, redirects=3)
    assert answer.status == 302


def test_a_hop_that_fails_to_connect_does_not_unsend_the_first(here, serve):
    gone = serve(lambda peer: None)
    gone.close()
    with pytest.raises(ConnectionFailed) as caught:
        send(here.redirect("/a", gone.url, 307), "POST", redirects=1)
    assert caught.value.sent is True
