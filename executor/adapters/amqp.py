"""The `amqp` adapter: publishes one message a call to an AMQP 0-9-1 broker (RabbitMQ)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from amqp import Message as Content

from executor.tcp import location, messaging
from executor.tcp.lending import lent
from executor.tcp.messaging import Message
from executor.tcp.pooled import PooledAdapter
from integration_hub.egress.amqp_session import NOT_ALLOWED, AmqpSession, Declined, Nacked
from integration_hub.lib.errors import Fault
from registry.adapter import AdapterAnswer, AdapterCall, Exchanged, Sent, adapters
from registry.adapter_values import json_answer
from registry.spec import MethodSpec
from transformer.xsd import BODY_XSD

_ADDRESSED = ("exchange", "routing_key", "correlation_id", "reply_to")
_SHORT = 255  # bytes of a short string
_ANSWERS = 1024 * 1024  # bytes that a broker has to say to one message
_PLACE_TEXT = {"type": "string", "maxLength": _SHORT}
_NO_ROUTE = 312
_STATUSES = {311: 422, _NO_ROUTE: 404, 313: 404, 403: 403, 404: 404, 405: 409, 406: 422}


@adapters.register("amqp")
class AmqpAdapter(PooledAdapter[AmqpSession]):
    type: ClassVar[str] = "amqp"
    title: ClassVar[str] = "AMQP (RabbitMQ)"
    supported_auth: ClassVar[frozenset[str]] = frozenset({"basic", "mtls"})

    def config_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["host"],
            "properties": {
                **location.properties(
                    required="verified for the host's name, port 5671 unless said",
                    off="in clear, the password too; port 5672 unless said",
                ),
                "vhost": {
                    "type": "string",
                    "maxLength": _SHORT,
                    "default": "/",
                    "title": "Virtual host",
                },
            },
        }

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["routing_key"],
            "additionalProperties": False,
            "properties": {
                "exchange": {
                    **_PLACE_TEXT,
                    "description": "It must exist; without it the broker's default one, where "
                    "the routing key is the queue's name.",
                },
                "routing_key": {**_PLACE_TEXT, "description": "{x} is parameter x."},
                "headers": messaging.HEADERS_SCHEMA,
                "body": messaging.BODY_SCHEMA,
                "body_xsd": BODY_XSD,
                "persistent": {"type": "boolean", "description": "Kept on disk; true unless said."},
                "mandatory": {
                    "type": "boolean",
                    "description": "true (unless said): a message that no queue gets is refused.",
                },
                "priority": {"type": "integer", "minimum": 0, "maximum": 255},
                "expiration_ms": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
                "type": {**_PLACE_TEXT, "description": "The message's own type."},
                "correlation_id": _PLACE_TEXT,
                "reply_to": _PLACE_TEXT,
                "max_bytes": messaging.MAX_BYTES_SCHEMA,
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        return messaging.faults(method, self.type, addressed=_ADDRESSED, headers="headers")

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        return messaging.names_of(protocol, _ADDRESSED)

    def preview(self, call: AdapterCall) -> Sent:
        return _sent(call, _message(call))

    def call(self, call: AdapterCall) -> AdapterAnswer:
        message = _message(call)
        exchange, key = _address(call)
        mandatory = bool(call.method.protocol.get("mandatory", True))
        exchanged = Exchanged(_sent(call, message))
        try:
            with self._lent(call) as session:
                try:
                    session.publish(
                        _content(call, message), exchange=exchange, key=key, mandatory=mandatory
                    )
                except Declined as declined:
                    # What it has to say of a message ends the channel, but for a return.
                    session.usable = declined.code == _NO_ROUTE
                    return _refused(declined, exchanged)
                except Nacked:
                    said = {"message": "The broker could not take the message."}
                    return json_answer(
                        said, exchange=exchanged, status=503, said="did not take the message"
                    )
        except Declined as declined:
            return _refused(declined, exchanged)
        result = {
            "message_id": message.id,
            "exchange": exchange,
            "routing_key": key,
            "confirmed": True,
        }
        return json_answer(result, exchange=exchanged)

    def _lent(self, call: AdapterCall) -> AbstractContextManager[AmqpSession]:
        host, vhost = str(call.config["host"]), str(call.config.get("vhost", "/"))
        return lent(
            self._pool,
            call,
            lambda sock, login, _: AmqpSession(sock, host=host, vhost=vhost, login=login),
            port=_port(call.config),
            parts=(vhost,),
            max_bytes=_ANSWERS,
        )


def _port(config: Mapping[str, Any]) -> int:
    return location.port_of(config, 5672 if location.is_clear(config) else 5671)


def _message(call: AdapterCall) -> Message:
    return messaging.message_of(call, addressed=_ADDRESSED, headers="headers")


def _address(call: AdapterCall) -> tuple[str, str]:
    return (
        messaging.address(call, "exchange", most=_SHORT, empty=True),
        messaging.address(call, "routing_key", most=_SHORT, empty=True),
    )


def _content(call: AdapterCall, message: Message) -> Content:
    return Content(message.body, **_properties(call, message))


def _properties(call: AdapterCall, message: Message) -> dict[str, Any]:
    """The basic properties of AMQP; those without a value are left out."""
    block = call.method.protocol
    expiration = block.get("expiration_ms")
    found = {
        "message_id": message.id,
        "content_type": message.content_type,
        "delivery_mode": 2 if block.get("persistent", True) else 1,
        "application_headers": dict(message.headers),
        "priority": block.get("priority"),
        "expiration": None if expiration is None else str(expiration),
        "type": block.get("type"),
        "correlation_id": messaging.address(call, "correlation_id", most=_SHORT, empty=True),
        "reply_to": messaging.address(call, "reply_to", most=_SHORT, empty=True),
    }
    return {name: value for name, value in found.items() if value not in (None, "", {})}


def _sent(call: AdapterCall, message: Message) -> Sent:
    exchange, key = _address(call)
    scheme = "amqp" if location.is_clear(call.config) else "amqps"
    vhost = str(call.config.get("vhost", "/")).lstrip("/")
    url = location.url_of(scheme, str(call.config["host"]), _port(call.config), vhost)
    details = {"exchange": exchange, "routing_key": key, "message_id": message.id}
    return Sent("PUBLISH", url, {**message.headers, **details}, message.body, message.content_type)


def _refused(declined: Declined, exchange: Exchanged) -> AdapterAnswer:
    value = {"code": declined.code, "message": declined.text}
    status, what = _STATUSES.get(declined.code, 500), "the message"
    if declined.login:
        absent = declined.code == NOT_ALLOWED and "not found" in declined.text
        status, what = 404 if absent else 401, "the login"
        if declined.code == NOT_ALLOWED and not absent:
            status = 403
    said = f"refused {what} ({declined.code})"
    if declined.code == _NO_ROUTE:
        said = "returned the message: no queue is bound for its routing key"
    return json_answer(value, exchange=exchange, status=status, said=said)
