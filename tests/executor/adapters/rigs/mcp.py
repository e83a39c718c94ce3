from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.executor.adapters.rigs.bearer import signed
from tests.protocol_servers import TOKEN, McpServer


@contextmanager
def rig() -> Iterator[Rig]:
    server = McpServer()
    try:
        yield Rig(
            adapter=adapters.get("mcp"),
            config={"base_url": server.url},
            at=lambda host, port: {"base_url": f"http://{host}:{port}"},
            works=Try(block={"tool": "add"}, parameters={"a": 2, "b": 3}),
            changes=Try(block={"tool": "add"}),
            wrong=(Wrong(block={"operation": "list", "tool": "add"}, pointer="/mcp/tool"),),
            greets=True,
            sign=signed,
            secrets=(TOKEN,),
        )
    finally:
        server.stop()
