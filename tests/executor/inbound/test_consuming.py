"""Calls that are asked for by events: each once, acknowledged after the commit, or parked."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Callable
from contextlib import closing

import nats
import pytest
import redis
from amqp import Connection, Message
from django.core.management import CommandError, call_command

from executor.inbound import tasking
from executor.inbound.brokers import nats as nats_broker
from executor.inbound.consuming import MOST_DELIVERIES
from executor.inbound.models import ParkedMessage
from executor.models import Execution
from integration_hub.events.models import Event
from integration_hub.lib import errors, jsonsafe, pause
from registry import services as registry
from registry.models import Instance
from tests.events.brokers import Nats
from tests.rabbitmq import required_port

pytestmark = pytest.mark.django_db
QUEUE = "tests-tasks"


class Stop(BaseException):
    """The consumer's process ends here."""


def task(number: int = 1, **data) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"t-{number}",
            "source": "/tasks",
            "type": tasking.TASK,
            "data": {"instance": "acme", "method": "ping", **data},
        }
    ).encode()


class RedisPlace:
    def __init__(self, url: str) -> None:
        self.url, self._client = url, redis.Redis.from_url(url)

    def put(self, body: bytes) -> None:
        self._client.xadd(QUEUE, {"body": body})

    def waiting(self) -> int:
        return int(self._client.xpending(QUEUE, "integration-hub")["pending"])


class AmqpPlace:
    def __init__(self, port: int) -> None:
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/"
        self._open = lambda: Connection(f"127.0.0.1:{port}", userid="guest", password="guest")
        with closing(self._open()) as link:
            link.connect()
            channel = link.channel()
            channel.queue_declare(QUEUE, durable=False, auto_delete=False)
            channel.queue_purge(QUEUE)

    def put(self, body: bytes) -> None:
        with closing(self._open()) as link:
            link.connect()
            link.channel().basic_publish(Message(body), routing_key=QUEUE)

    def waiting(self) -> int:
        with closing(self._open()) as link:
            link.connect()
            return int(link.channel().queue_declare(QUEUE, passive=True).message_count)


class NatsPlace:
    """A stream named as the queue; what nobody settles is given out again after a second."""

    def __init__(self, port: int) -> None:
        self.url = f"nats://127.0.0.1:{port}"
        self._run(lambda js: js.add_stream(name=QUEUE, subjects=["tasks.>"]))

    def put(self, body: bytes) -> None:
        self._run(lambda js: js.publish("tasks.one", body))

    def waiting(self) -> int:
        found = self._run(lambda js: js.consumer_info(QUEUE, "integration-hub"))
        return int(found.num_ack_pending + found.num_pending)

    def _run(self, work):
        async def run():
            client = await nats.connect(self.url)
            try:
                return await work(client.jetstream())
            finally:
                await client.close()

        return asyncio.run(run())


@pytest.fixture(params=["redis_stream", "amqp", "nats"])
def place(request, tmp_path, monkeypatch):
    """A real broker with an empty queue."""
    if request.param == "redis_stream":
        yield RedisPlace(request.getfixturevalue("own_redis").url)
    elif request.param == "amqp":
        yield AmqpPlace(required_port())
    else:
        monkeypatch.setattr(nats_broker, "ACK_WAIT_S", 1.0)
        server = Nats(tmp_path)
        server.start()
        yield NatsPlace(server.port)
        server.stop()


@pytest.fixture
def consume(acme, place) -> Callable[..., dict]:
    """`consume()`: run the command until nothing waits; its counts."""

    def run(*options: str) -> dict:
        out = io.StringIO()
        call_command(
            *("consume_events", "--queue", QUEUE, "--url", place.url, "--until-empty", "--json"),
            *options,
            stdout=out,
        )
        return dict(json.loads(out.getvalue()))

    return run


def test_a_task_becomes_a_call_whose_end_answers_it(consume, place, work):
    place.put(task(parameters={"q": 1}, metadata={"from": "tasks"}))
    assert consume() == {"accepted": 1}
    execution = Execution.objects.get()
    assert (execution.status, execution.method) == ("queued", "ping")
    assert (execution.correlation_id, execution.caller) == ("t-1", "consumer")
    assert work(execution).status == "completed"
    (answer,) = Event.objects.filter(type="integration.method.executed")
    assert jsonsafe.loads(answer.data)["correlation_id"] == "t-1"
    assert place.waiting() == 0


def test_a_task_may_name_the_integration_and_whom_it_is_for(consume, place):
    body = jsonsafe.loads(task())
    body["data"] = {"integration": "acme", "method": "ping", "context": {"client_id": "7"}}
    place.put(json.dumps(body).encode())
    assert consume() == {"accepted": 1}
    assert Execution.objects.get().instance_slug == "acme"


def test_the_same_event_again_is_the_same_call(consume, place):
    for _ in range(3):
        place.put(task())
    place.put(task(2))
    assert consume("--prefetch", "2") == {"accepted": 2, "repeated": 2}
    assert Execution.objects.count() == 2


@pytest.mark.parametrize("point", ["task-taken", "before-acknowledge"])
def test_a_consumer_that_dies_between_commit_and_acknowledgement_does_nothing_twice(
    point, consume, place
):
    place.put(task())

    def die() -> None:
        raise Stop

    with pause.at(point, die), pytest.raises(Stop):
        consume()
    assert Execution.objects.count() == 1
    if isinstance(place, NatsPlace):
        time.sleep(1.2)  # the real server's own clock
    assert consume() == {"repeated": 1}
    assert Execution.objects.count() == 1
    assert place.waiting() == 0


def test_a_consumer_that_dies_before_the_commit_loses_nothing(consume, place, monkeypatch):
    place.put(task())

    def die(*_: object, **__: object) -> None:
        raise Stop

    with monkeypatch.context() as patched:
        patched.setattr(tasking, "accept", die)
        with pytest.raises(Stop):
            consume()
    assert not Execution.objects.exists()
    if isinstance(place, NatsPlace):
        time.sleep(1.2)  # the real server's own clock
    assert consume() == {"accepted": 1}


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"", "VALIDATION_ERROR", "JSON"),
        (b"\xff\x00binary", "VALIDATION_ERROR", "JSON"),
        (b"[]", "VALIDATION_ERROR", "CloudEvent"),
        (task().replace(b"task.integration.execute", b"task.other"), "VALIDATION_ERROR", "/type"),
        (task(instance="absent"), "INSTANCE_NOT_FOUND", "absent"),
        (task(method="absent"), "METHOD_NOT_FOUND", "absent"),
        (task(parameters=[]), "VALIDATION_ERROR", "/parameters"),
        (task(colour="red"), "VALIDATION_ERROR", "/colour"),
        (task(method="get_contact"), "VALIDATION_ERROR", "parameters"),
    ],
    ids=range(9),
)
def test_what_never_can_be_a_call_is_parked_with_the_reason_and_answered(
    body, code, said, consume, place
):
    place.put(body)
    place.put(task(2))
    assert consume() == {"parked": 1, "accepted": 1}
    row = ParkedMessage.objects.get()
    assert (row.code, row.queue) == (code, QUEUE)
    assert said in row.reason
    assert row.raw.open(row).encode("latin-1") == body
    answers = Event.objects.filter(type="integration.method.failed")
    is_task = b'"task.integration.execute"' in body
    assert answers.count() == int(is_task)
    for answer in answers:
        assert jsonsafe.loads(answer.data)["correlation_id"] == "t-1"


def test_equal_bytes_are_parked_once(consume, place):
    for _ in range(3):
        place.put(b"{}")
    assert consume() == {"parked": 3}
    assert ParkedMessage.objects.count() == 1


def test_one_id_with_another_body_is_parked(consume, place):
    place.put(task())
    place.put(task(parameters={"q": 2}))
    assert consume() == {"accepted": 1, "parked": 1}
    assert ParkedMessage.objects.get().code == "IDEMPOTENCY_KEY_REUSED"


def test_what_cannot_be_kept_now_comes_again_and_is_never_taken_for_poison(
    consume, place, monkeypatch
):
    refusals = [errors.InsufficientStorage("full", retry_after=0.01)] * (MOST_DELIVERIES + 3)
    accept = tasking.accept

    def later(*given):
        if refusals:
            raise refusals.pop()
        return accept(*given)

    monkeypatch.setattr(tasking, "accept", later)
    place.put(task())
    assert consume() == {"put_back": MOST_DELIVERIES + 3, "accepted": 1}
    assert not ParkedMessage.objects.exists()


def test_a_message_that_ends_its_consumers_is_parked(acme, own_redis, monkeypatch):
    place = RedisPlace(own_redis.url)
    place.put(task())

    def die(*_: object) -> None:
        raise Stop

    command = ("consume_events", "--queue", QUEUE, "--url", place.url, "--until-empty")
    with monkeypatch.context() as patched:
        patched.setattr(tasking, "accept", die)
        for _ in range(MOST_DELIVERIES):
            with pytest.raises(Stop):
                call_command(*command)
    call_command(*command)
    assert ParkedMessage.objects.get().code == "POISON"
    assert not Execution.objects.exists()
    assert place.waiting() == 0


def test_a_limited_consumer_calls_nothing_else(consume, place):
    place.put(task())
    assert consume("--instance", "other") == {"parked": 1}
    assert ParkedMessage.objects.get().code == "INSTANCE_NOT_FOUND"


def test_an_instance_that_is_disabled_is_answered_once(consume, place):
    registry.disable_instance(instance=Instance.objects.get(), actor="tests")
    place.put(task())
    assert consume() == {"parked": 1}
    assert Execution.objects.get().status == "rejected"
    assert Event.objects.filter(type="integration.method.failed").count() == 1


@pytest.mark.parametrize(
    "url", ["", "kafka://x", "redis://", "redis://h:port/0", "amqp://u:s3cr3t-word@:1/"]
)
def test_a_url_that_leads_nowhere_is_refused_without_its_password(url, db):
    with pytest.raises(CommandError) as refused:
        call_command("consume_events", "--queue", QUEUE, "--url", url)
    assert "s3cr3t-word" not in str(refused.value)


@pytest.mark.parametrize("path", ["tasks", "0/tasks", "-1", "²"])
def test_a_path_that_is_no_database_of_redis_is_refused_and_not_taken_for_one(path, db):
    with pytest.raises(CommandError, match="a database's number"):
        call_command("consume_events", "--queue", QUEUE, "--url", f"redis://127.0.0.1/{path}")
