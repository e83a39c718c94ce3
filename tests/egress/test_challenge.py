"""A 401 may be answered once, with one more request, and only to the origin that was called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_hub.egress.door import Deadline, HttpAnswer, Signed
from integration_hub.lib.errors import TimedOut
from tests.egress.conftest import OK, Peer, send

REFUSED = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Ours\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def guarded(serve):
    """A server that wants `X-Proof` and keeps what it read."""
    seen: list[bytes] = []

    def handler(peer: Peer) -> None:
        while raw := peer.request():
            seen.append(raw)
            peer.say(OK if b"X-Proof: " in raw else REFUSED)

    server = serve(handler)
    server.seen = seen
    return server


def prove(answer: HttpAnswer) -> Signed:
    return Signed(replace(answer.request, headers={**answer.request.headers, "X-Proof": "1"}))


def test_the_same_request_is_sent_once_more_with_what_the_server_asked_for(guarded) -> None:
    answer = send(guarded.url, "POST", body=b"once", answer_challenge=prove)
    assert answer.status == 200
    assert answer.request.headers["X-Proof"] == "1"
    assert [raw.endswith(b"once") for raw in guarded.seen] == [True, True]


def test_a_second_refusal_is_the_answer(says, serve) -> None:
    def never(peer: Peer) -> None:
        while peer.request():
            peer.say(REFUSED)

    asked: list[int] = []

    def answered(answer: HttpAnswer) -> Signed:
        asked.append(answer.status)
        return prove(answer)

    assert send(serve(never).url, answer_challenge=answered).status == 401
    assert asked == [401]


def test_where_there_is_nothing_to_say_the_refusal_is_the_answer(guarded) -> None:
    assert send(guarded.url, answer_challenge=lambda _: None).status == 401
    assert send(guarded.url).status == 401
    assert len(guarded.seen) == 2


def test_another_origin_is_never_answered(guarded, says) -> None:
    away = guarded.url.replace("127.0.0.1", "localhost")
    moved = f"HTTP/1.1 302 Found\r\nLocation: {away}/\r\nContent-Length: 0\r\n\r\n".encode()
    answer = send(says(moved).url, redirects=1, answer_challenge=prove)
    assert answer.status == 401
    assert len(guarded.seen) == 1


def test_an_answer_that_leads_elsewhere_is_not_sent(guarded) -> None:
    def bent(answer: HttpAnswer) -> Signed:
        url = guarded.url.replace("127.0.0.1", "localhost")
        return Signed(replace(answer.request, url=f"{url}/"))

    assert send(guarded.url, answer_challenge=bent).status == 401
    assert len(guarded.seen) == 1


def test_the_deadline_holds_for_both_requests(serve) -> None:
    def slow(peer: Peer) -> None:
        while raw := peer.request():
            if b"X-Proof: " in raw:
                peer.hang()
            peer.say(REFUSED)

    with pytest.raises(TimedOut):
        send(serve(slow).url, deadline=Deadline(0.4), answer_challenge=prove)
