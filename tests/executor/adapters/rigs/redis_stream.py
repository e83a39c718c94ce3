from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from integration_hub.egress.door import Login
from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.services import OwnRedis

PASSWORD = "password-of-the-rig"


@contextmanager
def rig() -> Iterator[Rig]:
    server = OwnRedis()
    server.start()
    redis.Redis.from_url(server.url).config_set("requirepass", PASSWORD)
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    try:
        yield Rig(
            adapter=adapters.get("redis_stream"),
            config=_at("127.0.0.1", port),
            at=_at,
            works=Try(block={"stream": "s:{kind}"}, parameters={"kind": "made", "n": 1}),
            changes=Try(block={"stream": "s"}),
            wrong=(Wrong(block={"stream": "s:{"}, pointer="/redis_stream/stream"),),
            greets=True,  # the login is answered before the entry leaves
            login=Login("default", PASSWORD, secrets=(PASSWORD,)),
            secrets=(PASSWORD,),
        )
    finally:
        adapters.get("redis_stream").close()
        server.stop()


def _at(host: str, port: int) -> dict[str, object]:
    return {"host": host, "port": port, "tls": "off"}
