"""What sinks that are no webhooks share: where a server is, and a kept connection to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from integration_hub.egress import policy
from integration_hub.egress.connect import connect
from integration_hub.egress.door import Deadline, Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import K, Place, Pool, key_of
from integration_hub.events import trust
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

TIMEOUT = 15.0
CONNECTIONS = 4  # of one process to one place: a sink has as many lanes
ANSWERS = 1024 * 1024  # bytes that a server has to say to one event
OFF = "off"

Opened = Callable[[GuardedSocket, Login, TlsOptions | None], K]


def fields(*, ways: tuple[str, ...] = ("required", OFF)) -> tuple[Field, ...]:
    """Where, whom to trust there and who asks; the first of the `ways` of TLS is the default."""
    return (
        Field("host", max_length=253, schema={"pattern": r"^[^\s/@?#]+$"}),
        Field("port", "integer", required=False, schema={"minimum": 1, "maximum": 65535}),
        Field(
            "tls",
            required=False,
            help=f"{ways[0]} unless said; off: in clear, the password too.",
            schema={"enum": list(ways)},
        ),
        trust.FIELD,
        Field("username", required=False, max_length=320),
        Field("password", required=False, secret=True),
    )


def faults(config: Mapping[str, Any], default_port: int) -> list[Fault]:
    """What is wrong with `fields`. Raises TargetForbidden for a literal address that is
    never called."""
    origin = policy.tcp_origin(str(config["host"]), int(config.get("port") or default_port))
    if origin.address is not None:
        policy.permitted(origin, [origin.address])
    return list(trust.faults(config))


def address(config: Mapping[str, Any], *more: str) -> str:
    """Where it leads, for comparison."""
    return " ".join(str(config.get(name, "")) for name in ("host", "port", *more))


def is_clear(config: Mapping[str, Any]) -> bool:
    return config.get("tls") == OFF


def lent(
    pool: Pool[K],
    config: Mapping[str, Any],
    opened: Opened[K],
    *,
    port: int,
    parts: tuple[str, ...] = (),
    tls_at_once: bool = True,
) -> AbstractContextManager[K]:
    """A connection of `pool` that fits the config, else what `opened` makes of a socket.

    Raises what `opened` raises, and as `Pool.lent` does.
    """
    host, port = str(config["host"]), int(config.get("port") or port)
    login = Login(str(config.get("username", "")), str(config.get("password", "")))
    mode, deadline = str(config.get("tls", "")), Deadline(TIMEOUT)
    tls = None if is_clear(config) else trust.options_of(config)
    key = key_of(host, str(port), mode, *parts, login=login, tls=tls)
    place = Place(host, port, key, size=CONNECTIONS, max_bytes=ANSWERS)

    def make() -> K:
        at_once = tls if tls_at_once else None
        sock = connect(host, port, deadline=deadline, tls=at_once, max_bytes=ANSWERS)
        try:
            return opened(sock, login, tls)
        except BaseException:
            sock.close()
            raise

    return pool.lent(place, deadline, make)
