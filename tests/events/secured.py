"""Servers of events whose certificate is of a private authority; fixtures by the test's `kind`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.events import brokers

HOST = "127.0.0.1"
ENDED = (-20, -10)  # days
SERVERS: Mapping[str, type[brokers.Server]] = {
    "redis_stream": brokers.Redis,
    "amqp": brokers.Rabbit,
    "nats": brokers.Nats,
    "mqtt": brokers.Mosquitto,
}


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def running(
    kind: str, folder: Path, leaf: tuple[str, str] | None = None
) -> Iterator[brokers.Server]:
    server = SERVERS[kind](folder, leaf)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def secured(request, authority, tmp_path) -> Iterator[brokers.Server]:
    """One of the kind in the test's parameters, whose certificate is for 127.0.0.1."""
    kind = request.node.callspec.params["kind"]
    with running(kind, tmp_path, authority.leaf(HOST)) as found:
        yield found


@pytest.fixture
def expired(request, authority, tmp_path) -> Iterator[brokers.Server]:
    kind = request.node.callspec.params["kind"]
    with running(kind, tmp_path, authority.leaf(HOST, days=ENDED)) as found:
        yield found
