"""One attempt of an adapter, without the hub around it (`through` is with it)."""

from __future__ import annotations

from typing import Any

from integration_hub.egress.door import Deadline, HttpRequest, Login, Signed
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault
from registry.adapter import AdapterAnswer, AdapterCall, adapters
from registry.spec import MethodSpec


def _unsigned(request: HttpRequest) -> Signed:
    return Signed(request)


def faults(kind: str, block: dict[str, Any], **members: Any) -> list[Fault]:
    return list(adapters.get(kind).check_method(MethodSpec(name="m", protocol=block, **members)))


def call_of(
    kind: str,
    config: dict[str, Any],
    block: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    *,
    login: Login | None = None,
    spec: dict[str, Any] | None = None,
    **members: Any,
) -> AdapterCall:
    """One attempt; `spec` are members of the method, the others those of the call."""
    has_body = "body" in members
    return AdapterCall(
        method=MethodSpec(name="m", protocol=block, **(spec or {})),
        config=config,
        parameters=parameters or {},
        body=members.pop("body", None),
        has_body=has_body,
        deadline=members.pop("deadline", None) or Deadline(10),
        sign=_unsigned,
        login=lambda: login or Login(),
        idempotency_key=members.pop("key", "0190-key"),
        **members,
    )


def answer(kind: str, *arguments: Any, **members: Any) -> AdapterAnswer:
    return adapters.get(kind).call(call_of(kind, *arguments, **members))


def value(kind: str, *arguments: Any, **members: Any) -> Any:
    """The document of a call that went well."""
    found = answer(kind, *arguments, **members)
    assert found.status is None, found.content
    return jsonsafe.loads(found.content)
