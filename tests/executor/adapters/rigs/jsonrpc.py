from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.executor.adapters.rigs.bearer import signed
from tests.protocol_servers import TOKEN, jsonrpc_server


@contextmanager
def rig() -> Iterator[Rig]:
    server = jsonrpc_server()
    try:
        yield Rig(
            adapter=adapters.get("jsonrpc"),
            config={"base_url": server.url},
            at=lambda host, port: {"base_url": f"http://{host}:{port}"},
            works=Try(block={"method": "subtract"}, parameters={"minuend": 5, "subtrahend": 3}),
            changes=Try(block={"method": "subtract"}),
            wrong=(
                Wrong(
                    block={"method": "subtract", "positional": ["a", "b"]},
                    pointer="/jsonrpc/positional/1",
                    param_schema={"type": "object", "properties": {"a": {}}},
                ),
            ),
            sign=signed,
            secrets=(TOKEN,),
        )
    finally:
        server.stop()
