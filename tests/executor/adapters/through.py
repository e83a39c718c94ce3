"""A definition of any protocol, with its instance and credential, called as a caller does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from credentials import services as credentials
from executor import services
from executor.calls import CallOptions
from executor.models import Payload
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from registry import services as registry

CALLER = Caller.command("tests")


@dataclass(frozen=True)
class Made:
    """`status` and problem or result `body` of a call, and what the log kept of it."""

    status: int
    body: dict[str, Any]

    @property
    def exchange(self) -> dict[str, Any]:
        [exchange] = jsonsafe.loads(self.payload.exchanges)
        return exchange

    @property
    def payload(self) -> Payload:
        return Payload.objects.get(pk=self.body["execution_id"])

    @property
    def kept(self) -> str:
        """Everything that is kept as readable text."""
        payload = self.payload
        return f"{payload.exchanges}{payload.data}{payload.parameters}{self.body}"


def connect(
    document: Mapping[str, Any],
    config: Mapping[str, Any],
    *,
    type: str = "",  # noqa: A002 - the credential's word
    data: Mapping[str, Any] | None = None,
):
    """`call("method", {...}, timeout_ms=…)` on a new instance of a published definition."""
    revision.forget()
    registry.create_definition(document=dict(document), actor="tests", publish=True)
    slug = document["slug"]
    instance = registry.create_instance(
        definition=f"{slug}@1.0.0", slug=slug, actor="tests", config=dict(config)
    )
    if type:
        credentials.put_credential(instance=instance, type=type, data=dict(data), caller=CALLER)

    def call(method: str, parameters: Mapping[str, Any] | None = None, **options: Any) -> Made:
        reply = services.execute(
            caller=CALLER,
            instance_ref=slug,
            method=method,
            parameters=dict(parameters or {}),
            options=CallOptions(**options),
        )
        return Made(reply.status, jsonsafe.loads(reply.body))

    return call
