"""A real gRPC server with reflection on loopback; its messages are described here."""

from __future__ import annotations

import threading
from base64 import b64encode
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from grpc_reflection.v1alpha import reflection

PACKAGE = "acme.crm.v1"
SERVICE = f"{PACKAGE}.Contacts"
_FIELD = descriptor_pb2.FieldDescriptorProto


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="acme/crm/v1/contacts.proto",
        package=PACKAGE,
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    contact = file.message_type.add(name="Contact")
    kinds = (
        ("full_name", _FIELD.TYPE_STRING),
        ("big_number", _FIELD.TYPE_INT64),
        ("photo", _FIELD.TYPE_BYTES),
        ("active", _FIELD.TYPE_BOOL),
        ("score", _FIELD.TYPE_DOUBLE),
    )
    for number, (name, kind) in enumerate(kinds, 1):
        contact.field.add(name=name, number=number, type=kind, label=_FIELD.LABEL_OPTIONAL)
    contact.field.add(
        name="created_at",
        number=6,
        type=_FIELD.TYPE_MESSAGE,
        type_name=".google.protobuf.Timestamp",
        label=_FIELD.LABEL_OPTIONAL,
    )
    contact.field.add(
        name="friends",
        number=7,
        type=_FIELD.TYPE_MESSAGE,
        type_name=f".{PACKAGE}.Contact",
        label=_FIELD.LABEL_REPEATED,
    )
    service = file.service.add(name="Contacts")
    same = f".{PACKAGE}.Contact"
    for name, streams, takes in (
        ("Echo", False, False),
        ("Fail", False, False),
        ("Hang", False, False),
        ("Large", False, False),
        ("Die", False, False),
        ("Watch", True, False),
        ("Endless", True, False),
        ("Upload", False, True),
    ):
        service.method.add(
            name=name,
            input_type=same,
            output_type=same,
            server_streaming=streams,
            client_streaming=takes,
        )
    return file


FILE = _file()
_pool = descriptor_pool.DescriptorPool()
_pool.Add(descriptor_pb2.FileDescriptorProto.FromString(timestamp_pb2.DESCRIPTOR.serialized_pb))
_pool.Add(FILE)
Contact = message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.Contact"))
DESCRIPTOR_SET = b64encode(
    descriptor_pb2.FileDescriptorSet(file=[FILE]).SerializeToString()
).decode()


class GrpcUpstream:
    """`seen` are method, metadata and message of each call; `fail_with` is what Fail answers."""

    def __init__(self, *, reflects: bool = True, tls: tuple[bytes, bytes] | None = None) -> None:
        self.seen: list[tuple[str, dict, object]] = []
        self.asked_to_reflect = 0
        self.fail_with = (grpc.StatusCode.NOT_FOUND, "no such contact")
        self.pushback = ""
        self.token = ""
        self.let_go = threading.Event()
        self._server = grpc.server(
            futures.ThreadPoolExecutor(8),
            interceptors=[_Counting(self)],
            options=[("grpc.so_reuseport", 0)],
        )
        self._server.add_generic_rpc_handlers((self._handlers(),))
        if reflects:
            reflection.enable_server_reflection(
                (SERVICE, reflection.SERVICE_NAME), self._server, pool=_pool
            )
        if tls is None:
            self.port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            key, chain = tls
            made = grpc.ssl_server_credentials([(key, chain)])
            self.port = self._server.add_secure_port("127.0.0.1:0", made)
        self._server.start()

    def stop(self) -> None:
        self.let_go.set()
        self._server.stop(None).wait(5)

    def _handlers(self):
        kinds = {
            "Watch": grpc.unary_stream_rpc_method_handler,
            "Endless": grpc.unary_stream_rpc_method_handler,
            "Upload": grpc.stream_unary_rpc_method_handler,
        }
        made = {
            method.name: kinds.get(method.name, grpc.unary_unary_rpc_method_handler)(
                getattr(self, f"_{method.name.lower()}"),
                Contact.FromString,
                Contact.SerializeToString,
            )
            for method in FILE.service[0].method
        }
        return grpc.method_handlers_generic_handler(SERVICE, made)

    def _note(self, method: str, request, context) -> None:
        metadata = dict(context.invocation_metadata())
        self.seen.append((method, metadata, request))

    def _echo(self, request, context):
        self._note("Echo", request, context)
        if self.token and dict(context.invocation_metadata()).get("authorization") != self.token:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you")
        return request

    def _fail(self, request, context):
        self._note("Fail", request, context)
        if self.pushback:
            context.set_trailing_metadata((("grpc-retry-pushback-ms", self.pushback),))
        context.abort(*self.fail_with)

    def _hang(self, request, context):
        self._note("Hang", request, context)
        self.let_go.wait(20)
        return request

    def _large(self, request, context):
        self._note("Large", request, context)
        return Contact(photo=b"x" * int(request.big_number))

    def _die(self, request, context):
        self._note("Die", request, context)
        self._server.stop(None)
        self.let_go.wait(5)
        return request

    def _watch(self, request, context):
        self._note("Watch", request, context)
        for number in range(int(request.big_number)):
            yield Contact(full_name=request.full_name, big_number=number)

    def _endless(self, request, context):
        self._note("Endless", request, context)
        while context.is_active() and not self.let_go.is_set():
            yield Contact(photo=b"x" * 1000)

    def _upload(self, requests, context):
        return next(requests)


class _Counting(grpc.ServerInterceptor):
    def __init__(self, upstream: GrpcUpstream) -> None:
        self.upstream = upstream

    def intercept_service(self, continuation, details):
        if "ServerReflection" in details.method:
            self.upstream.asked_to_reflect += 1
        return continuation(details)
