"""A connection to one broker of Kafka over the guarded socket.

The protocol, its records and its logins are kafka-python's; its client opens sockets
of its own, so that what is sent and read stands here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafka.errors import KafkaError, for_code
from kafka.net.sasl import get_sasl_mechanism
from kafka.protocol.metadata import ApiVersionsRequest, MetadataRequest
from kafka.protocol.parser import KafkaProtocol
from kafka.protocol.producer import ProduceRequest
from kafka.protocol.sasl import SaslAuthenticateRequest, SaslHandshakeRequest
from kafka.record import MemoryRecordsBuilder

from integration_hub.egress.door import Login
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Kept, quietly
from integration_hub.lib import clock
from integration_hub.lib.errors import ConnectionFailed, HubError

# What it would log are the bytes of each request, the login's too.
logging.getLogger("kafka").setLevel(logging.CRITICAL)

MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
_READ = 64 * 1024
_FRAME = 1024 * 1024
_ALL_IN_SYNC = -1
_TIMEOUT_MS = 10_000
_MAGIC = 2
_KNOWN_FOR = 60.0  # seconds; a leader that moved is noticed by its answer before
_NEWEST = {ProduceRequest.API_KEY: 12, MetadataRequest.API_KEY: 12}  # from 13 on topics are ids


class Declined(Exception):
    """The broker said no. `moved`: it leads no such partition now; `login`: it was at the login."""

    def __init__(self, text: str, *, moved: bool = False, login: bool = False) -> None:
        super().__init__(text)
        self.moved, self.login = moved, login


@dataclass(frozen=True, slots=True)
class Leader:
    """The broker that takes what is written to one partition."""

    partition: int
    host: str
    port: int


class KafkaSession(Kept):
    """Logged in. Raises Declined, ConnectionFailed and what the socket raises."""

    def __init__(
        self, sock: GuardedSocket, *, login: Login, mechanism: str = MECHANISMS[0]
    ) -> None:
        self._sock = sock
        self._protocol = KafkaProtocol(
            client_id="integration-hub", receive_message_max_bytes=_FRAME
        )
        self._known: dict[str, tuple[float, list[Leader]]] = {}
        if login.username:
            self._log_in(login, mechanism)
        self._versions = self._spoken()

    @property
    def sock(self) -> GuardedSocket:
        return self._sock

    def ping(self) -> None:
        self._spoken()

    def close(self) -> None:
        quietly(self._sock.close)

    def leaders(self, topic: str, *, fresh: bool = False) -> list[Leader]:
        """Those of a topic's partitions, in their order; known for a minute unless `fresh`."""
        found_at, leaders = self._known.get(topic, (0.0, []))
        if leaders and not fresh and time.monotonic() - found_at < _KNOWN_FOR:
            return leaders
        leaders = self._ask_leaders(topic)
        self._known = {topic: (time.monotonic(), leaders)}
        return leaders

    def publish(
        self, topic: str, partition: int, *, key: bytes, body: bytes, headers: Mapping[str, str]
    ) -> None:
        """Return when all replicas in step have it. Only the partition's leader takes it."""
        batch = MemoryRecordsBuilder(_MAGIC, 0, _FRAME)
        told = [(name, value.encode()) for name, value in headers.items()]
        batch.append(int(clock.now().timestamp() * 1000), key, body, told)
        batch.close()
        topics = ProduceRequest.TopicProduceData
        data = topics.PartitionProduceData(index=partition, records=batch.buffer())
        said = self._ask(
            self._best(ProduceRequest)(
                transactional_id=None,
                acks=_ALL_IN_SYNC,
                timeout_ms=_TIMEOUT_MS,
                topic_data=[topics(name=topic, partition_data=[data])],
            )
        )
        (answer,) = (one for of_topic in said.responses for one in of_topic.partition_responses)
        _check(answer.error_code)

    def _ask_leaders(self, topic: str) -> list[Leader]:
        wanted = [MetadataRequest.MetadataRequestTopic(name=topic)]
        request = self._best(MetadataRequest)(topics=wanted, allow_auto_topic_creation=False)
        said = self._ask(request)
        brokers = {broker.node_id: broker for broker in said.brokers}
        (of_topic,) = said.topics
        _check(of_topic.error_code)
        found = []
        for row in sorted(of_topic.partitions, key=lambda row: int(row.partition_index)):
            broker = brokers.get(row.leader_id)
            if broker is None:
                raise Declined(f"partition {row.partition_index} has no leader now", moved=True)
            found.append(Leader(row.partition_index, str(broker.host), int(broker.port)))
        return found

    def _log_in(self, login: Login, mechanism: str) -> None:
        offered = self._ask(SaslHandshakeRequest[1](mechanism=mechanism))
        if offered.error_code:
            ways = ", ".join(offered.mechanisms) or "none"
            raise Declined(f"it takes no {mechanism}; it offers: {ways}", login=True)
        way = get_sasl_mechanism(mechanism)(
            sasl_mechanism=mechanism,
            sasl_plain_username=login.username,
            sasl_plain_password=login.password,
        )
        while not way.is_done():
            said = self._ask(SaslAuthenticateRequest[0](way.auth_bytes()))
            if said.error_code:
                raise Declined("it refused the user name or the password", login=True)
            try:
                way.receive(said.auth_bytes)
            except (KeyError, ValueError):
                raise Declined("what answers does not know the password", login=True) from None

    def _spoken(self) -> dict[int, tuple[int, int]]:
        """Of each kind of request the versions that the broker speaks."""
        said = self._ask(ApiVersionsRequest[0]())
        _check(said.error_code)
        return {row.api_key: (row.min_version, row.max_version) for row in said.api_keys}

    def _best(self, request: Any) -> Any:
        """The newest version of `request` that both sides speak."""
        low, high = self._versions.get(request.API_KEY, (0, -1))
        best = min(high, _NEWEST[request.API_KEY])
        if best < max(low, request.min_version):
            raise Declined(f"it speaks no version of {request.__name__} that is known here")
        return request[best]

    def _ask(self, request: Any) -> Any:
        self._protocol.send_request(request)
        try:
            self._sock.sendall(self._protocol.send_bytes())
            while True:
                data = self._sock.recv(_READ)
                if not data:
                    raise ConnectionFailed("The Kafka broker closed the connection.")
                answers = self._protocol.receive_bytes(data)
                if answers:
                    return answers[0][1]
        except HubError:
            raise
        except OSError as error:
            raise ConnectionFailed("The connection to Kafka broke off.") from error
        except (KafkaError, ValueError):
            raise ConnectionFailed("What answers there is no Kafka broker.") from None


def _check(code: int) -> None:
    if not code:
        return
    kind = for_code(code)
    name = getattr(kind, "message", "") or kind.__name__
    raise Declined(f"{name} ({code})", moved=bool(getattr(kind, "invalid_metadata", False)))
