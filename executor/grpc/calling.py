"""One call on a channel that stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
from django.conf import settings
from google.protobuf.message import Message

from executor.grpc import messages
from executor.grpc.descriptors import Method
from executor.grpc.reflection import Metadata
from integration_hub.egress.call import too_large
from integration_hub.egress.door import Deadline
from integration_hub.lib.errors import ValidationFailed

DEFAULT_MESSAGES = 100
MAX_MESSAGES = 10_000


@dataclass(frozen=True, slots=True)
class Answered:
    document: Any
    wire_bytes: int


def invoke(
    channel: grpc.Channel,
    method: Method,
    message: Message,
    *,
    deadline: Deadline,
    metadata: Metadata,
    max_messages: int,
    proto_names: bool,
) -> Answered:
    """A message, or the first `max_messages` of a stream and whether those were all.

    Raises grpc.RpcError, ResponseInvalid, ResponseTooLarge, ValidationFailed.
    """
    if method.takes_stream:
        raise ValidationFailed(
            f"{method.path} takes a stream of messages, which one call cannot give."
        )
    left = deadline.check(sent=False)
    encode = method.request.SerializeToString
    if not method.streams:
        unary: grpc.UnaryUnaryMultiCallable[Message, bytes] = channel.unary_unary(
            method.path, request_serializer=encode
        )
        raw: bytes = unary(message, timeout=left, metadata=metadata)
        return Answered(messages.document_of(method, raw, proto_names=proto_names), len(raw))
    several: grpc.UnaryStreamMultiCallable[Message, bytes] = channel.unary_stream(
        method.path, request_serializer=encode
    )
    stream = several(message, timeout=left, metadata=metadata)
    try:
        found, complete = _first(stream, max_messages)
    finally:
        stream.cancel()
    documents = [messages.document_of(method, raw, proto_names=proto_names) for raw in found]
    return Answered({"messages": documents, "complete": complete}, sum(map(len, found)))


def _first(stream: Any, count: int) -> tuple[list[bytes], bool]:
    found: list[bytes] = []
    size = 0
    for raw in stream:
        if len(found) >= count:
            return found, False
        size += len(raw)
        if size > settings.HUB_MAX_RESPONSE_BYTES:
            raise too_large(settings.HUB_MAX_RESPONSE_BYTES)
        found.append(raw)
    return found, True
