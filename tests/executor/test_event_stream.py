"""`GET /events/stream`: events as they happen, for who may see them, on few threads."""

from __future__ import annotations

import json
import threading
from uuid import UUID

import pytest

from executor.api import event_stream_views, waiting
from integration_hub.access.models import Token
from integration_hub.events import following, services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Event
from integration_hub.lib import clock, ids
from registry.models import Instance

pytestmark = pytest.mark.django_db
PATH = "/api/v1/events/stream"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(following, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(following, "LIFETIME_S", 20.0)


def tell(subject: str = "acme", state: str = "connected") -> Event:
    return services.emit(type=EventType.INSTANCE_STATUS, subject=subject, data={"state": state})


class Listener:
    """One open stream; what it hears, comments left out."""

    def __init__(self, client, query=None, **headers) -> None:
        self.answer = client.get(PATH, query or {}, headers=headers)
        assert self.answer.status_code == 200, self.answer.content
        self._pieces = iter(self.answer.streaming_content)
        assert next(self._pieces).startswith(b"retry: ")

    def hear(self) -> dict:
        for piece in self._pieces:
            if not piece.startswith(b":"):
                id_line, data_line = piece.decode().strip().split("\n")
                found = json.loads(data_line.removeprefix("data: "))
                assert id_line == f"id: {found['id']}"
                return found
        raise AssertionError("the stream ended")

    def rest(self) -> list[bytes]:
        return list(self._pieces)

    def close(self) -> None:
        self.answer.close()


@pytest.fixture
def listen(api):
    opened = []

    def make(query=None, *, client=None, **headers) -> Listener:
        opened.append(Listener(client or api("read"), query, **headers))
        return opened[-1]

    yield make
    for each in opened:
        each.close()
    assert waiting._waiting == 0


def test_what_happens_is_told_and_what_was_before_is_not(listen):
    tell("before")
    stream = listen()
    assert stream.answer["Content-Type"] == "text/event-stream"
    made = tell("acme")
    found = stream.hear()
    assert (found["id"], found["subject"], found["specversion"]) == (str(made.pk), "acme", "1.0")


def test_a_listener_goes_on_behind_what_it_heard_last(listen, monkeypatch):
    rows = [tell(state=str(number)) for number in range(5)]
    for how in ({"Last-Event-ID": str(rows[2].pk)}, {}):
        query = {} if how else {"last_event_id": str(rows[2].pk)}
        heard = set()
        stream = listen(query, **how)
        while str(rows[4].pk) not in heard:
            heard.add(stream.hear()["id"])
        # Behind it nothing is missing; the seconds before it may come again.
        assert {str(rows[3].pk), str(rows[4].pk)} <= heard
        assert str(rows[2].pk) not in heard


def test_a_backlog_larger_than_a_page_is_told_whole_and_in_order(listen, monkeypatch):
    monkeypatch.setattr(following, "MOST_AT_ONCE", 7)
    monkeypatch.setattr(following, "MOST_LOOKED_AT", 10)
    first = tell()
    rows = [tell(state=str(number)) for number in range(40)]
    stream = listen(**{"Last-Event-ID": str(first.pk)})
    assert [stream.hear()["id"] for _ in rows] == [str(row.pk) for row in rows]


def test_an_event_whose_transaction_ends_late_is_not_missed(listen):
    early = ids.new_id()
    stream = listen()
    late = tell()
    assert stream.hear()["id"] == str(late.pk)
    row = services.build(type=EventType.INSTANCE_STATUS, subject="acme", data={"state": "x"})
    row.pk = ids.floor_id(clock.now())
    row.pk = UUID(int=max(early.int, late.pk.int - 1))
    row.save(force_insert=True)
    assert stream.hear()["id"] == str(row.pk)


@pytest.mark.parametrize(
    "query",
    [
        {"types": "integration.instance.*", "subjects": "ac*"},
        {"subjects": "other,acme"},
        {"labels": "team:sal*"},
    ],
)
def test_filters_are_those_of_sinks(query, listen, acme):
    Instance.objects.filter(slug="acme").update(labels='{"team":"sales"}')
    stream = listen(query)
    tell("unheard")
    made = tell("acme")
    assert stream.hear()["id"] == str(made.pk)


def test_a_limited_token_hears_of_its_instances_alone(listen, api):
    stream = listen(client=api("read", instances=("acme",)))
    tell("other")
    made = tell("acme")
    assert stream.hear()["id"] == str(made.pk)


def test_a_token_that_is_revoked_hears_no_more(listen, monkeypatch):
    monkeypatch.setattr(event_stream_views, "RECHECK_S", 0.0)
    stream = listen()
    Token.objects.update(revoked_at=clock.now())
    tell()
    assert stream.rest() == []


def test_a_heartbeat_shows_that_the_stream_lives(listen, monkeypatch):
    monkeypatch.setattr(following, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(following, "LIFETIME_S", 0.3)
    assert b": still here\n\n" in listen().rest()


def test_a_stream_ends_after_its_time_and_when_the_process_is_told_to(listen, monkeypatch):
    monkeypatch.setattr(following, "LIFETIME_S", 0.05)
    assert listen().rest() == []
    monkeypatch.setattr(following, "LIFETIME_S", 60.0)
    ending = threading.Event()
    monkeypatch.setattr(waiting, "_told", ending.is_set)
    stream = listen()
    ending.set()
    assert stream.rest() == []


def test_streams_take_a_quarter_of_the_threads_and_the_next_is_503(listen, api):
    for _ in range(waiting.seats()):
        listen()
    answer = api("read").get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"colour": "red"}, {}),
        ({"labels": "team"}, {}),
        ({"types": "x" * 5_000}, {}),
        ({"types": "x" * 201}, {}),
        ({"last_event_id": "soon"}, {}),
        ({}, {"Last-Event-ID": "7"}),
        ({}, {"Last-Event-ID": "ffffffff-ffff-7fff-bfff-ffffffffffff"}),
    ],
)
def test_what_cannot_be_asked_is_400(query, headers, api):
    answer = api("read").get(PATH, query, headers=headers)
    assert answer.status_code == 400, answer.content
    assert waiting._waiting == 0


def test_rights_are_those_of_events(api):
    assert api().get(PATH).status_code == 401
    assert api("execute").get(PATH).status_code == 403
