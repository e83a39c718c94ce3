"""What a server says of its own services (gRPC Server Reflection, v1 and v1alpha)."""

from __future__ import annotations

import grpc
from grpc_reflection.v1alpha import reflection_pb2 as wire

from executor.grpc import descriptors
from executor.grpc.descriptors import BadDescriptors, Services
from integration_hub.egress.door import Deadline
from integration_hub.lib.errors import IntegrationFailed, ResponseInvalid

Metadata = tuple[tuple[str, str | bytes], ...]

# One is the other under its old name: same messages, same numbers.
_PATHS = tuple(
    f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
    for version in ("v1", "v1alpha")
)
_NOT_OFFERED = (
    "The server does not describe its services (no reflection): "
    "put a descriptor set into config.descriptor_set."
)


def services(
    channel: grpc.Channel, service: str, *, deadline: Deadline, metadata: Metadata
) -> Services:
    """The service with all that its files import.

    Raises IntegrationFailed where the server has no reflection or no such service,
    ResponseInvalid, and grpc.RpcError for any other status.
    """
    for path in _PATHS:
        try:
            return _Reader(channel, path, deadline, metadata).read(service)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNIMPLEMENTED:
                raise
    raise IntegrationFailed(_NOT_OFFERED, sent=False, upstream_status=404)


class _Reader:
    def __init__(
        self, channel: grpc.Channel, path: str, deadline: Deadline, metadata: Metadata
    ) -> None:
        self._ask = channel.stream_stream(
            path,
            request_serializer=wire.ServerReflectionRequest.SerializeToString,
            response_deserializer=wire.ServerReflectionResponse.FromString,
        )
        self._deadline, self._metadata = deadline, metadata

    def read(self, service: str) -> Services:
        files: dict[str, bytes] = {}
        waiting = self._keep(files, wire.ServerReflectionRequest(file_containing_symbol=service))
        while waiting:
            name = waiting.pop()
            if name not in files and name not in descriptors.WELL_KNOWN:
                waiting |= self._keep(files, wire.ServerReflectionRequest(file_by_filename=name))
        return descriptors.of_server(files.values())

    def _keep(self, files: dict[str, bytes], question: wire.ServerReflectionRequest) -> set[str]:
        """Keep the files of one answer; what they import and is not here yet."""
        asked = question.file_containing_symbol or question.file_by_filename
        answer = self._answer(question)
        if answer.WhichOneof("message_response") == "error_response":
            raise IntegrationFailed(
                f"The server does not know {asked[:200]!r}.", sent=False, upstream_status=404
            )
        needed: set[str] = set()
        for raw in answer.file_descriptor_response.file_descriptor_proto:
            try:
                file = descriptors.parse_file(raw)
            except BadDescriptors as bad:
                raise ResponseInvalid(f"The server's reflection is broken: {bad}.") from None
            files[file.name] = raw
            needed.update(file.dependency)
        if len(files) > descriptors.MAX_FILES:
            raise ResponseInvalid(
                f"The service needs more than {descriptors.MAX_FILES} files.", sent=False
            )
        return needed - files.keys()

    def _answer(self, question: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
        stream = self._ask(
            iter([question]), timeout=self._deadline.check(sent=False), metadata=self._metadata
        )
        for answer in stream:
            return answer
        raise ResponseInvalid("The server's reflection gave no answer.", sent=False)
