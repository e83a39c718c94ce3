"""JSON to a protobuf message and back, by protobuf's own JSON mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from executor.grpc.descriptors import Method
from integration_hub.lib.errors import Fault, ResponseInvalid, ValidationFailed
from integration_hub.lib.pointers import join

_STEP = re.compile(r"Failed to parse (\w+) field")
_UNKNOWN = re.compile(r'no field named "([^"]{1,200})"(?: at "([^"]*)")?')


def request_of(method: Method, document: Any) -> Message:
    """Raises ValidationFailed that names the field, never its value."""
    if document is not None and not isinstance(document, Mapping):
        raise ValidationFailed(f"The message of {method.path} is made of an object.")
    message = method.request()
    try:
        json_format.ParseDict(dict(document or {}), message, descriptor_pool=method.pool)
    except json_format.ParseError as error:
        raise _refused(method, str(error)) from None
    except (TypeError, ValueError, AttributeError, RecursionError):
        raise ValidationFailed(
            f"The parameters do not fit the message {method.request.DESCRIPTOR.full_name}."
        ) from None
    return message


def document_of(method: Method, raw: bytes, *, proto_names: bool) -> Any:
    """The whole message, fields without a value included. Raises ResponseInvalid."""
    try:
        message = method.response.FromString(raw)
        return json_format.MessageToDict(
            message,
            preserving_proto_field_name=proto_names,
            always_print_fields_with_no_presence=True,
            descriptor_pool=method.pool,
        )
    except (DecodeError, json_format.Error, TypeError, ValueError, RecursionError):
        raise ResponseInvalid(
            f"The answer of {method.path} is no {method.response.DESCRIPTOR.full_name}: the "
            "server and what describes it do not agree."
        ) from None


def _refused(method: Method, said: str) -> ValidationFailed:
    steps = _STEP.findall(said)
    unknown = _UNKNOWN.search(said)
    if unknown:
        steps = [*(unknown[2] or "").split(".")[1:], unknown[1]]
        detail, code = "there is no such field in the message.", "UNKNOWN_FIELD"
    else:
        detail, code = "it does not fit the field's type.", "TYPE"
    name = method.request.DESCRIPTOR.full_name
    fault = Fault(join(("parameters", *steps)), detail, code)
    where = ".".join(steps) or "A value"
    return ValidationFailed(f"{where} cannot be sent as {name}: {detail}", errors=[fault])
