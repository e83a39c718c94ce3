"""Consumers that are killed at any moment: no task is lost, and none is carried out twice."""

from __future__ import annotations

import json
import random
import signal
import time

import pytest
import redis

from tests.faults import figures
from tests.faults.processes import catches, kill
from tests.faults.rig import Rig, wait_for
from tests.services import OwnRedis

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
TASKS, KILLS = 300, 12
QUEUE = "tasks"


@pytest.fixture
def stream():
    server = OwnRedis()
    server.start()
    yield server
    server.stop()


def put(client: redis.Redis, number: int) -> None:
    event = {
        "specversion": "1.0",
        "id": f"t-{number}",
        "source": "/tasks",
        "type": "task.integration.execute",
        "data": {"instance": "target", "method": "write", "parameters": {"n": number}},
    }
    client.xadd(QUEUE, {"body": json.dumps(event)})


def test_killed_consumers_lose_no_task_and_do_none_twice(rig: Rig, stream: OwnRedis) -> None:
    client = redis.Redis.from_url(stream.url)

    def start(member: int):
        return rig._spawn(
            *("manage.py", "consume_events", "--queue", QUEUE, "--url", stream.url),
            *("--member", f"m-{member}", "--prefetch", "20"),
        )

    consumers = [start(number) for number in range(2)]
    moments = random.Random(7)
    for number in range(TASKS):
        put(client, number)
        if number % (TASKS // KILLS) == TASKS // KILLS - 1:
            time.sleep(1.5 + moments.random())
            which = moments.randrange(2)
            kill(consumers[which].pid)
            consumers[which].wait()
            consumers[which] = start(which)
    wait_for(
        "every task settled",
        lambda: (
            client.xinfo_groups(QUEUE)[0]["lag"] == 0
            and client.xpending(QUEUE, "integration-hub")["pending"] == 0
        ),
        seconds=120,
    )
    wait_for("every call made", lambda: len(rig.hits("/write")) >= TASKS, seconds=60)
    time.sleep(1)
    assert len(rig.hits("/write")) == TASKS
    rows = rig.query("SELECT correlation_id, status FROM executor_execution WHERE method = 'write'")
    assert sorted(row[0] for row in rows) == sorted(f"t-{number}" for number in range(TASKS))
    assert rig.query("SELECT count(*) FROM inbound_parkedmessage") == [(0,)]
    figures.write("Consumers killed 12 times during 300 tasks: lost or doubled", 0.0)
    for consumer in consumers:
        wait_for("its handler", lambda pid=consumer.pid: catches(pid, signal.SIGTERM), seconds=30)
        consumer.terminate()
        assert consumer.wait(20) == 0
