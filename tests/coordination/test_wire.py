"""Plain connections to Redis: used again, looked at after a rest, never mixed up."""

import pytest
from django.conf import settings

from integration_hub.coordination.stores import wire
from integration_hub.coordination.stores.wire import Command, Script, bulk

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("empty_redis")]
ECHO = Script("return {KEYS[1], ARGV[1], ARGV[2]}")
COMMAND = Command(ECHO, ["a key"], ["fixed \r\n ü"], varying=1)


@pytest.fixture
def lines():
    return wire.lines(settings.REDIS_URL)


def test_what_is_packed_once_and_what_is_given_arrive_as_they_are(lines):
    for given in ("", "$3\r\nabc", "ü"):
        assert lines.send(COMMAND, bulk(given)).answer() == ["a key", "fixed \r\n ü", given]


def test_a_server_that_forgot_the_script_gets_it_again(lines, empty_redis):
    lines.send(COMMAND, bulk("1")).answer()
    empty_redis.script_flush()
    assert lines.send(COMMAND, bulk("2")).answer()[2] == "2"


def test_two_under_way_have_a_connection_each(lines):
    first, second = lines.send(COMMAND, bulk("1")), lines.send(COMMAND, bulk("2"))
    assert second.answer()[2] == "2"
    assert first.answer()[2] == "1"
    assert len(lines._free) == 2
    lines.send(COMMAND, bulk("3")).answer()
    assert len(lines._free) == 2


def test_one_that_the_server_closed_while_it_rested_is_not_used(lines, empty_redis):
    lines.send(COMMAND, bulk("1")).answer()
    (line,) = lines._free
    host, port = line._sock.getsockname()[:2]
    empty_redis.client_kill(f"{host}:{port}")
    line.used_at -= 2
    assert lines.send(COMMAND, bulk("2")).answer()[2] == "2"
    assert list(lines._free) != [line]


def test_a_script_that_fails_says_so_and_the_connection_stays(lines):
    broken = Command(Script("return redis.call('GET')"), [], [], varying=0)
    with pytest.raises(wire.redis.exceptions.ResponseError):
        lines.send(broken, b"").answer()
    assert lines.send(COMMAND, bulk("1")).answer()[2] == "1"
