"""Entries that the adapter `redis_stream` adds are in the stream of a real Redis."""

from __future__ import annotations

import pytest
import redis

from integration_hub.egress.door import Deadline, Login, TlsOptions
from integration_hub.lib.errors import ConnectionFailed, TimedOut, ValidationFailed
from registry.adapter import adapters
from tests.executor.adapters.calling import answer, call_of, faults, value
from tests.executor.adapters.through import connect
from tests.services import OwnRedis
from tests.tls_end import TlsEnd

SECRET = "pass-word-91be03d7a4"
LOGIN = Login("", SECRET)


@pytest.fixture(scope="module")
def server():
    made = OwnRedis()
    made.start()
    redis.Redis.from_url(made.url).config_set("requirepass", SECRET)
    yield made
    made.stop()


@pytest.fixture
def client(server):
    found = redis.Redis.from_url(server.url, password=SECRET, decode_responses=True)
    found.flushall()
    yield found
    found.close()


@pytest.fixture
def config(server, client):
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    yield {"host": "127.0.0.1", "port": port, "tls": "off"}
    adapters.get("redis_stream").close()


def added(config, block, parameters=None, **members):
    return answer("redis_stream", config, block, parameters, login=LOGIN, **members)


def test_an_entry_is_in_the_stream_with_its_fields(config, client) -> None:
    block = {"stream": "orders:{region}", "fields": {"kind": "{kind}", "absent": "{none}"}}
    given = {"region": "eu", "kind": "made", "number": 2**70}
    done = value("redis_stream", config, block, given, login=LOGIN)
    [(entry, fields)] = client.xrange("orders:eu")
    assert done == {"id": entry, "stream": "orders:eu", "message_id": "0190-key"}
    assert fields == {
        "kind": "made",
        "message_id": "0190-key",
        "content_type": "application/json",
        "body": '{"number":1180591620717411303424}',
    }


def test_a_stream_keeps_the_length_that_it_is_told(config, client) -> None:
    for n in range(5):
        added(config, {"stream": "s", "max_length": 2, "exact": True}, {"n": n})
    assert [fields["body"] for _, fields in client.xrange("s")] == ['{"n":3}', '{"n":4}']


def test_a_stream_that_is_not_there_is_made_or_refused(config, client) -> None:
    assert added(config, {"stream": "s", "create": False}).status == 404
    assert not client.exists("s")
    assert added(config, {"stream": "s"}).status is None
    assert added(config, {"stream": "s", "create": False}).status is None


def test_refusals_are_told_apart_and_the_next_entry_goes_well(config, client) -> None:
    client.set("text", "x")
    assert added(config, {"stream": "text"}).status == 409
    bad = answer("redis_stream", config, {"stream": "s"}, login=Login("", "wrong-pass"))
    assert (bad.status, bad.said) == (401, "refused the login (WRONGPASS)")
    assert answer("redis_stream", config, {"stream": "s"}).status == 401
    assert added({**config, "database": 99}, {"stream": "s"}).status == 404
    client.acl_setuser("reader", enabled=True, passwords=["+r"], keys=["*"], commands=["+ping"])
    assert answer("redis_stream", config, {"stream": "s"}, login=Login("reader", "r")).status == 403
    assert added(config, {"stream": "s"}).status is None


def test_a_redis_that_is_full_is_asked_again_because_nothing_was_added(config, client) -> None:
    client.config_set("maxmemory", "1")
    try:
        full = added(config, {"stream": "s"})
    finally:
        client.config_set("maxmemory", "0")
    assert (full.status, full.said) == (429, "refused the entry (OOM)")


def test_an_entry_that_is_too_large_or_has_no_stream_is_not_sent(config, client) -> None:
    with pytest.raises(ValidationFailed, match="at most 50"):
        added(config, {"stream": "s", "max_bytes": 50}, {"text": "x" * 50})
    with pytest.raises(ValidationFailed):
        added(config, {"stream": "{name}"}, {})
    with pytest.raises(ValidationFailed):
        added(config, {"stream": "{name}"}, {"name": ""})
    assert client.dbsize() == 0


def test_under_tls_the_certificate_is_verified(config, client, authority) -> None:
    with TlsEnd(authority, "127.0.0.1", config["port"]) as end:
        secured = {**config, "tls": "required", "port": end.port}
        trusting = TlsOptions(authorities=authority.pem)
        for n in range(2):
            assert added(secured, {"stream": "s"}, {"n": n}, tls=trusting).status is None
        assert end.connections == 1
        with pytest.raises(ConnectionFailed, match="was not accepted"):
            added(secured, {"stream": "s"})
    assert client.xlen("s") == 2


def test_an_entry_without_an_answer_may_have_been_added(config, client, server) -> None:
    assert added(config, {"stream": "s"}).status is None
    server.halt()
    try:
        with pytest.raises(TimedOut) as caught:
            added(config, {"stream": "s"}, deadline=Deadline(0.3))
    finally:
        server.go_on()
    assert caught.value.sent is True


def test_each_fault_has_its_place() -> None:
    schema = {"properties": {"kind": {"type": "string"}}, "additionalProperties": False}
    block = {"stream": "{knd}", "fields": {"body": "x", "k": "{"}}
    found = [
        (item.pointer, item.code) for item in faults("redis_stream", block, param_schema=schema)
    ]
    assert ("/redis_stream/stream", "UNKNOWN_PARAMETER") in found
    assert ("/redis_stream/fields/body", "DUPLICATE") in found
    assert ("/redis_stream/fields/k", "FORMAT") in found


def test_a_preview_needs_no_redis() -> None:
    call = call_of("redis_stream", {"host": "r.acme.example"}, {"stream": "s"}, {"a": 1})
    sent = adapters.get("redis_stream").preview(call)
    assert (sent.operation, sent.url) == ("XADD", "rediss://r.acme.example:6379/0")


@pytest.mark.django_db
def test_in_the_hub_an_entry_carries_its_execution_and_masks_hold(config, client) -> None:
    document = {
        "slug": "stream",
        "name": "Stream",
        "version": "1.0.0",
        "type": "redis_stream",
        "auth": [{"type": "basic"}],
        "methods": {
            "add": {"redis_stream": {"stream": "s"}, "sensitive": ["parameters.email"]},
            "shaped": {
                "redis_stream": {"stream": "s", "body": "xml"},
                "request_transform": {"rules": [{"source": "email", "target": "contact.mail"}]},
            },
        },
    }
    data = {"username": "default", "password": SECRET}
    call = connect(document, config, type="basic", data=data)
    made = call("add", {"email": "ada@acme.example", "note": SECRET})
    assert made.status == 200
    [(_, fields)] = client.xrange("s")
    assert fields["message_id"] == made.body["execution_id"]
    assert "ada@acme.example" not in made.kept
    assert SECRET not in made.kept
    call("shaped", {"email": "ada@acme.example"})
    assert "<mail>ada@acme.example</mail>" in client.xrange("s")[1][1]["body"]
