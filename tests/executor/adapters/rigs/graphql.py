from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.executor.adapters.rigs.bearer import signed
from tests.protocol_servers import TOKEN, graphql_server


@contextmanager
def rig() -> Iterator[Rig]:
    server = graphql_server()
    try:
        yield Rig(
            adapter=adapters.get("graphql"),
            config={"base_url": server.url},
            at=lambda host, port: {"base_url": f"http://{host}:{port}"},
            works=Try(
                block={"query": "query ($id: ID!) { contact(id: $id) { name } }"},
                parameters={"id": "1"},
                param_schema={"type": "object", "properties": {"id": {"type": "string"}}},
            ),
            changes=Try(block={"query": 'mutation { rename(id: "1", name: "B") { id } }'}),
            wrong=(
                Wrong(block={"query": "query {"}, pointer="/graphql/query"),
                Wrong(block={"query": "subscription { x }"}, pointer="/graphql/query"),
                Wrong(
                    block={"query": "query A { a } query B { b }"},
                    pointer="/graphql/operation_name",
                ),
            ),
            sign=signed,
            secrets=(TOKEN,),
        )
    finally:
        server.stop()
