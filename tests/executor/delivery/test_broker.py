from __future__ import annotations

import pytest
from django_q.brokers import get_broker
from django_q.models import OrmQ

from executor.delivery import node, nudge
from executor.delivery.broker import HubBroker

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker() -> HubBroker:
    found = get_broker()
    assert isinstance(found, HubBroker)
    return found


@pytest.mark.parametrize("queue", ["interactive", "batch", "health", "events"])
def test_a_cluster_takes_from_every_shared_queue(broker, queue):
    nudge.hint(nudge.DRAIN, queue)
    ((pk, _),) = broker.dequeue()
    assert OrmQ.objects.get(pk=pk).key == f"hub:{queue}"


def test_a_task_is_taken_once(broker):
    nudge.hint(nudge.DRAIN, "interactive")
    assert broker.dequeue()
    assert not broker.dequeue()


def test_a_canary_is_taken_by_its_own_cluster_alone(broker):
    nudge.hint(nudge.CANARY, node.canary_queue())
    node.current = node.Node(name="another:2")
    assert not broker.dequeue()
    node.current = node.Node(name="tests:1")
    assert broker.dequeue()


def test_a_cluster_of_one_priority_leaves_the_other(broker):
    nudge.hint(nudge.DRAIN, "interactive")
    node.current = node.Node(name="tests:1", queues=("batch",))
    assert not broker.dequeue()


@pytest.mark.parametrize("queue", ["interactive", "batch", "health", "events"])
def test_a_cluster_takes_from_the_queues_that_it_is_told_to_serve_alone(broker, queue):
    nudge.hint(nudge.DRAIN, queue)
    node.current = node.Node(name="tests:1", queues=tuple(set(node.QUEUES) - {queue}))
    assert not broker.dequeue()
    node.current = node.Node(name="tests:1", queues=(queue,))
    assert broker.dequeue()


def test_a_node_is_named_anew_each_time_even_where_host_and_process_id_are_the_same():
    assert node.default_name() != node.default_name()
