from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from integration_hub.egress.door import HttpRequest, Signed
from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.grpc_server import SERVICE, GrpcUpstream

SECRET = "token-of-the-rig"


def signed(request: HttpRequest) -> Signed:
    headers = {**request.headers, "Authorization": f"Bearer {SECRET}"}
    return Signed(replace(request, headers=headers), (SECRET,))


def _block(**members: object) -> dict[str, object]:
    return {"service": SERVICE, "method": "Echo", **members}


@contextmanager
def rig() -> Iterator[Rig]:
    server = GrpcUpstream()
    server.token = f"Bearer {SECRET}"
    try:
        yield Rig(
            adapter=adapters.get("grpc"),
            config={"host": "127.0.0.1", "port": server.port, "tls": False},
            at=lambda host, port: {"host": host, "port": port, "tls": False},
            works=Try(block=_block(), parameters={"fullName": "Ada"}),
            changes=Try(block=_block()),
            wrong=(
                Wrong(block=_block(metadata={"X": "1"}), pointer="/grpc/metadata/X"),
                Wrong(block=_block(metadata={"x-bin": "1"}), pointer="/grpc/metadata/x-bin"),
            ),
            sign=signed,
            secrets=(SECRET,),
            greets=True,  # nothing of a call leaves before the server's settings came
        )
    finally:
        server.stop()
