"""The WSDL by URL for what works, as a text for servers that would give none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from integration_hub.egress.door import Login
from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.soap_server import SoapUpstream, wsdl

PASSWORD = "password-of-the-rig"
SCHEMA = {"type": "object", "properties": {"note": {"type": "string"}}}


@contextmanager
def rig() -> Iterator[Rig]:
    server = SoapUpstream()
    server.password = PASSWORD
    try:
        yield Rig(
            adapter=adapters.get("soap"),
            config={"wsdl": server.url, "ws_security": "text"},
            at=lambda host, port: {
                "wsdl": wsdl(port),
                "base_url": f"http://{host}:{port}/soap/1.1",
                "ws_security": "text",
            },
            works=Try(block={"operation": "Echo"}, parameters={"note": "x"}),
            changes=Try(block={"operation": "Echo"}),
            wrong=(
                Wrong(
                    block={"operation": "Echo", "soap_headers": ["other"]},
                    pointer="/soap/soap_headers/0",
                    param_schema=SCHEMA,
                ),
            ),
            login=Login("hub", PASSWORD, secrets=(PASSWORD,)),
            secrets=(PASSWORD,),
        )
    finally:
        server.stop()
