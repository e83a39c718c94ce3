from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from integration_hub.egress.door import HttpRequest, Signed
from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.upstream import Upstream

SECRET = "token-of-the-rig"
PARAMETERS = {"type": "object", "properties": {"id": {"type": "string"}}}


def signed(request: HttpRequest) -> Signed:
    headers = {**request.headers, "Authorization": f"Bearer {SECRET}"}
    return Signed(replace(request, headers=headers), (SECRET,))


@contextmanager
def rig() -> Iterator[Rig]:
    server = Upstream().start()
    try:
        yield Rig(
            adapter=adapters.get("http"),
            config={"base_url": server.url},
            at=lambda host, port: {"base_url": f"http://{host}:{port}"},
            works=Try(
                block={"method": "GET", "path": "/contacts/{id}"},
                parameters={"id": "7"},
                param_schema=PARAMETERS,
            ),
            changes=Try(block={"method": "POST", "path": "/contacts"}),
            wrong=(
                Wrong(block={"method": "GET", "path": "/a//b"}, pointer="/http/path"),
                Wrong(block={"method": "GET", "path": "/{no}"}, pointer="/http/path"),
                Wrong(
                    block={"method": "GET", "path": "/", "headers": {"Host": "x"}},
                    pointer="/http/headers/Host",
                ),
            ),
            sign=signed,
            secrets=(SECRET,),
        )
    finally:
        server.stop()
