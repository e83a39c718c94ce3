"""Two instances of one definition: what happens to one must not be felt by the other."""

import time
from typing import Any

from executor import services
from executor.calls import CallOptions
from integration_hub.access.caller import Caller
from integration_hub.lib import jsonsafe
from registry import services as registry
from tests.executor.conftest import DOCUMENT

_CALLER = Caller.command("tests")


def two_instances(methods: dict[str, Any], base_url: str) -> None:
    """The instances `a` and `b`, both of `base_url`."""
    document = {
        "slug": "plain",
        "name": "Plain",
        "version": "1.0.0",
        "type": "http",
        "config_schema": DOCUMENT["config_schema"],
        "methods": methods,
    }
    registry.create_definition(document=document, actor="tests", publish=True)
    for slug in ("a", "b"):
        registry.create_instance(
            definition="plain@1.0.0", slug=slug, actor="tests", config={"base_url": base_url}
        )


def call(slug: str, method: str) -> tuple[str, float]:
    """How it ended, a status or a code, and the seconds it took."""
    begun = time.perf_counter()
    reply = services.execute(
        caller=_CALLER, instance_ref=slug, method=method, parameters={}, options=CallOptions()
    )
    body = jsonsafe.loads(reply.body)
    return body.get("code", body["status"]), time.perf_counter() - begun


def p95(found: list[tuple[str, float]]) -> float:
    times = sorted(took for _, took in found)
    return times[int(0.95 * len(times))]
