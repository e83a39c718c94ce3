"""Services as a server or a descriptor set describes them, in a pool of their own."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from google.protobuf import (
    any_pb2,
    api_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    message_factory,
    source_context_pb2,
    struct_pb2,
    timestamp_pb2,
    type_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message

from integration_hub.lib.errors import InstanceNotReady, ResponseInvalid, ValidationFailed
from integration_hub.lib.near import near_names

MAX_FILES = 500
MAX_BYTES = 4 * 1024 * 1024
KEPT_SETS = 32

# Servers need not give these; whoever speaks protobuf has them.
WELL_KNOWN: Mapping[str, bytes] = {
    module.DESCRIPTOR.name: module.DESCRIPTOR.serialized_pb
    for module in (
        any_pb2,
        api_pb2,
        descriptor_pb2,
        duration_pb2,
        empty_pb2,
        field_mask_pb2,
        source_context_pb2,
        struct_pb2,
        timestamp_pb2,
        type_pb2,
        wrappers_pb2,
    )
}


class BadDescriptors(ValueError):
    """What was given is no set of descriptors; the message says why."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its path on the wire and the classes of its messages."""

    path: str
    request: type[Message]
    response: type[Message]
    streams: bool
    takes_stream: bool
    pool: descriptor_pool.DescriptorPool


class Services:
    """The services of one pool."""

    def __init__(self, files: Iterable[bytes]) -> None:
        """Raises BadDescriptors."""
        self.pool = descriptor_pool.DescriptorPool()
        _fill(self.pool, _parsed(files))

    def method(self, service: str, name: str) -> Method:
        """Raises ValidationFailed with near names."""
        try:
            found = self.pool.FindServiceByName(service)
        except KeyError:
            raise ValidationFailed(f"There is no service {service!r} at the server.") from None
        known = {method.name: method for method in found.methods}
        if name not in known:
            raise ValidationFailed(
                f"The service {service} has no method {name!r}.",
                suggestions=near_names(name, known),
            )
        return self._made(service, known[name])

    def _made(self, service: str, found: MethodDescriptor) -> Method:
        return Method(
            path=f"/{service}/{found.name}",
            request=message_factory.GetMessageClass(found.input_type),
            response=message_factory.GetMessageClass(found.output_type),
            streams=found.server_streaming,
            takes_stream=found.client_streaming,
            pool=self.pool,
        )


@lru_cache(maxsize=KEPT_SETS)
def of_set(text: str) -> Services:
    """The services of a FileDescriptorSet in base64 (`protoc --descriptor_set_out`, or `buf`).

    Raises InstanceNotReady.
    """
    try:
        raw = b64decode("".join(text.split()), validate=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(raw).file
        if not files:
            raise BadDescriptors("it is empty")
        return Services(file.SerializeToString() for file in files)
    except (ValueError, DecodeError) as error:
        said = str(error) if isinstance(error, BadDescriptors) else "it is no FileDescriptorSet"
        raise InstanceNotReady(
            f"config.descriptor_set cannot be read: {said}. Make it with `protoc "
            "--include_imports --descriptor_set_out=/dev/stdout … | base64`."
        ) from None


def of_server(files: Iterable[bytes]) -> Services:
    """Raises ResponseInvalid."""
    try:
        return Services(files)
    except BadDescriptors as bad:
        raise ResponseInvalid(
            f"What the server says of its services cannot be used: {bad}.", sent=False
        ) from None


def parse_file(raw: bytes) -> descriptor_pb2.FileDescriptorProto:
    """Raises BadDescriptors."""
    try:
        return descriptor_pb2.FileDescriptorProto.FromString(raw)
    except DecodeError:
        raise BadDescriptors("a file descriptor cannot be decoded") from None


def _parsed(files: Iterable[bytes]) -> dict[str, descriptor_pb2.FileDescriptorProto]:
    found: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    size = 0
    for raw in files:
        size += len(raw)
        if len(found) >= MAX_FILES or size > MAX_BYTES:
            raise BadDescriptors(f"there are more than {MAX_FILES} files or {MAX_BYTES} bytes")
        file = parse_file(raw)
        found[file.name] = file
    return found


def _fill(
    pool: descriptor_pool.DescriptorPool, files: Mapping[str, descriptor_pb2.FileDescriptorProto]
) -> None:
    """Each file after those that it imports, without recursion."""
    state: dict[str, bool] = {}  # False: begun, True: added
    stack = list(files)
    while stack:
        name = stack[-1]
        if state.get(name):
            stack.pop()
            continue
        file = files.get(name)
        if file is None and name in WELL_KNOWN:
            file = parse_file(WELL_KNOWN[name])
        if file is None:
            raise BadDescriptors(f"the imported file {name[:200]!r} is missing")
        waiting = [other for other in file.dependency if not state.get(other)]
        if waiting and name not in state:
            state[name] = False
            stack += waiting
            continue
        if waiting:
            raise BadDescriptors(f"the file {name[:200]!r} imports itself")
        _add(pool, file)
        state[name] = True
        stack.pop()


def _add(pool: descriptor_pool.DescriptorPool, file: descriptor_pb2.FileDescriptorProto) -> None:
    try:
        pool.Add(file)
    except (TypeError, ValueError) as error:
        said = " ".join(str(error).split())[:300]
        raise BadDescriptors(f"the file {file.name[:200]!r} is refused ({said})") from None
