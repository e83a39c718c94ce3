"""The `redis_stream` adapter: appends one entry a call to a stream of Redis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from executor.tcp import location, messaging
from executor.tcp.lending import lent
from executor.tcp.messaging import Message
from executor.tcp.pooled import PooledAdapter
from integration_hub.egress.redis_session import Declined, RedisSession
from integration_hub.lib.errors import Fault
from integration_hub.lib.pointers import join
from registry.adapter import AdapterAnswer, AdapterCall, Exchanged, Sent, adapters
from registry.adapter_values import json_answer
from registry.spec import MethodSpec
from transformer.xsd import BODY_XSD

_ADDRESSED = ("stream",)
_LONGEST = 1024  # bytes of a stream's name
_ANSWERS = 64 * 1024  # bytes that Redis has to say to one entry
_PORT = 6379
ID_FIELD, TYPE_FIELD, BODY_FIELD = "message_id", "content_type", "body"

# Nothing was added, and a later try may do better.
_BUSY = frozenset(
    {"OOM", "LOADING", "BUSY", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF"}
)
_STATUSES = {"WRONGPASS": 401, "NOAUTH": 401, "NOPERM": 403, "WRONGTYPE": 409, "MOVED": 409}


@adapters.register("redis_stream")
class RedisStreamAdapter(PooledAdapter[RedisSession]):
    type: ClassVar[str] = "redis_stream"
    title: ClassVar[str] = "Redis stream"
    supported_auth: ClassVar[frozenset[str]] = frozenset(
        {"none", "basic", "api_key", "bearer", "mtls"}
    )

    def config_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["host"],
            "properties": {
                **location.properties(
                    required="verified for the host's name, or no connection is made",
                    off="in clear, the password too",
                ),
                "database": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 65535,
                    "default": 0,
                    "title": "Database",
                },
            },
        }

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["stream"],
            "additionalProperties": False,
            "properties": {
                "stream": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": _LONGEST,
                    "description": "The stream's key; {x} is parameter x.",
                },
                "fields": {
                    **messaging.HEADERS_SCHEMA,
                    "description": f"Fields beside {ID_FIELD}, {TYPE_FIELD} and {BODY_FIELD}; "
                    "{x} is parameter x, and without it the field is left out.",
                },
                "body": messaging.BODY_SCHEMA,
                "body_xsd": BODY_XSD,
                "max_length": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 2**31 - 1,
                    "description": "Entries that the stream keeps, about; all unless said.",
                },
                "exact": {
                    "type": "boolean",
                    "description": "Keep max_length to the entry, which costs Redis more.",
                },
                "create": {
                    "type": "boolean",
                    "description": "false: a stream that is not there is a refusal (404).",
                },
                "max_bytes": messaging.MAX_BYTES_SCHEMA,
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        yield from messaging.faults(method, self.type, addressed=_ADDRESSED, headers="fields")
        yield from _field_faults(method)

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        return messaging.names_of(protocol, _ADDRESSED)

    def preview(self, call: AdapterCall) -> Sent:
        return _sent(call, _message(call), _stream(call))

    def call(self, call: AdapterCall) -> AdapterAnswer:
        message, stream = _message(call), _stream(call)
        exchange = Exchanged(_sent(call, message, stream))
        command = _command(call.method.protocol, message, stream)
        try:
            with self._lent(call) as session:
                try:
                    added = session.say(*command)
                except Declined as declined:
                    return _refused(declined, exchange)
        except Declined as declined:
            return _refused(declined, exchange)
        if added is None:
            value = {"message": "The stream is not there, and create is false."}
            return json_answer(value, exchange=exchange, status=404, said="has no such stream")
        result = {"id": added.decode(), "stream": stream, "message_id": message.id}
        return json_answer(result, exchange=exchange)

    def _lent(self, call: AdapterCall) -> AbstractContextManager[RedisSession]:
        database = int(call.config.get("database", 0))
        return lent(
            self._pool,
            call,
            lambda sock, login, _: RedisSession(sock, database=database, login=login),
            port=location.port_of(call.config, _PORT),
            parts=(str(database),),
            max_bytes=_ANSWERS,
        )


def _message(call: AdapterCall) -> Message:
    return messaging.message_of(call, addressed=_ADDRESSED, headers="fields")


def _stream(call: AdapterCall) -> str:
    return messaging.address(call, "stream", most=_LONGEST)


def _command(
    block: Mapping[str, Any], message: Message, stream: str
) -> Iterator[str | bytes | int]:
    yield from ("XADD", stream)
    if not block.get("create", True):
        yield "NOMKSTREAM"
    if (length := block.get("max_length")) is not None:
        yield from ("MAXLEN", "=" if block.get("exact") else "~", int(length))
    yield "*"
    for name, value in message.headers.items():
        yield from (name, value)
    yield from (ID_FIELD, message.id, TYPE_FIELD, message.content_type, BODY_FIELD, message.body)


def _sent(call: AdapterCall, message: Message, stream: str) -> Sent:
    scheme = "redis" if location.is_clear(call.config) else "rediss"
    port = location.port_of(call.config, _PORT)
    path = str(call.config.get("database", 0))
    url = location.url_of(scheme, str(call.config["host"]), port, path)
    details = {**message.headers, "stream": stream, "message_id": message.id}
    return Sent("XADD", url, details, message.body, message.content_type)


def _field_faults(method: MethodSpec) -> Iterator[Fault]:
    taken = {ID_FIELD, TYPE_FIELD, BODY_FIELD}
    for name in method.protocol.get("fields", {}):
        if name in taken:
            detail = f"The hub itself writes the field {name}; leave it out."
            yield Fault(join(("redis_stream", "fields", name)), detail, "DUPLICATE")
    if method.idempotency_header in taken - {ID_FIELD}:
        detail = f"The field {method.idempotency_header} holds something else; name another."
        yield Fault("/idempotency_header", detail, "DUPLICATE")


def _refused(declined: Declined, exchange: Exchanged) -> AdapterAnswer:
    word, what = declined.word, "the login" if declined.login else "the entry"
    other = 401 if declined.login else 400
    if declined.login and declined.text.startswith("DB index"):
        other, what = 404, "the database"
    status = 429 if word in _BUSY else _STATUSES.get(word, other)
    value = {"code": word, "message": declined.text}
    return json_answer(value, exchange=exchange, status=status, said=f"refused {what} ({word})")
