"""Brokers that speak Kafka's protocol: the cluster that librdkafka tests itself with.

It listens on loopback, keeps what is written, and takes single brokers down and up again
at their ports (rdkafka_mock.h).
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import confluent_kafka

_PRODUCER = 0
_Library = ctypes.CDLL


def _library() -> _Library:
    beside = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(beside.glob("librdkafka*"))))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("rd_kafka_conf_new", pointer, []),
        ("rd_kafka_new", pointer, [number, pointer, text, ctypes.c_size_t]),
        ("rd_kafka_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_new", pointer, [pointer, number]),
        ("rd_kafka_mock_cluster_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
        ("rd_kafka_mock_topic_create", number, [pointer, text, number, number]),
        ("rd_kafka_mock_broker_set_down", number, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_broker_set_up", number, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_broker_set_host_port", number, [pointer, ctypes.c_int32, text, number]),
        (
            "rd_kafka_mock_partition_set_leader",
            number,
            [pointer, text, ctypes.c_int32, ctypes.c_int32],
        ),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Cluster:
    """`brokers` of them with ids from 1; `ports` in the same order."""

    def __init__(self, brokers: int = 2) -> None:
        self._library = _library()
        said = ctypes.create_string_buffer(200)
        config = self._library.rd_kafka_conf_new()
        self._handle = self._library.rd_kafka_new(_PRODUCER, config, said, len(said))
        assert self._handle, said.value
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, brokers)
        self.bootstrap = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self.ports = [int(place.rpartition(":")[2]) for place in self.bootstrap.split(",")]
        self._ids = range(1, brokers + 1)

    def add_topic(self, name: str, partitions: int) -> None:
        """Its partitions are led by the brokers in turn."""
        self._told("rd_kafka_mock_topic_create", name.encode(), partitions, 1)

    def lead(self, topic: str, partition: int, broker: int) -> None:
        self._told("rd_kafka_mock_partition_set_leader", topic.encode(), partition, broker)

    def name(self, broker: int, host: str, port: int) -> None:
        """Clients are told that it is there."""
        self._told("rd_kafka_mock_broker_set_host_port", broker, host.encode(), port)

    def stop(self) -> None:
        for broker in self._ids:
            self.stop_one(broker)

    def stop_one(self, broker: int) -> None:
        self._told("rd_kafka_mock_broker_set_down", broker)

    def start(self) -> None:
        for broker in self._ids:
            self._told("rd_kafka_mock_broker_set_up", broker)

    def read(self, topic: str, count: int) -> list[confluent_kafka.Message]:
        """The first `count` messages of a topic, and what else there is after them."""
        client = confluent_kafka.Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "tests",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
            }
        )
        partitions = client.list_topics(topic, timeout=10).topics[topic].partitions
        client.assign([confluent_kafka.TopicPartition(topic, n, 0) for n in partitions])
        found = []
        while message := client.poll(10 if len(found) < count else 0.5):
            assert message.error() is None, message.error()
            found.append(message)
        client.close()
        return found

    def close(self) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)

    def _told(self, function: str, *arguments: object) -> None:
        failed = getattr(self._library, function)(self._cluster, *arguments)
        assert not failed, f"{function}: {failed}"
