from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from integration_hub.egress.door import Login
from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.mail_server import PASSWORD, USER, MailServer

BLOCK = {"from": "hub@acme.example", "to": "ada@acme.example", "text": "{text}"}


@contextmanager
def rig() -> Iterator[Rig]:
    with MailServer() as server:
        yield Rig(
            adapter=adapters.get("smtp"),
            config=_at("127.0.0.1", server.port),
            at=_at,
            works=Try(block=BLOCK, parameters={"text": "hello"}),
            changes=Try(block=BLOCK),
            wrong=(Wrong(block={**BLOCK, "to": "a@b, c@d"}, pointer="/smtp/to"),),
            greets=True,
            login=Login(USER, PASSWORD, secrets=(PASSWORD,)),
            secrets=(PASSWORD,),
        )
        adapters.get("smtp").close()


def _at(host: str, port: int) -> dict[str, object]:
    return {"host": host, "port": port, "tls": "off"}
