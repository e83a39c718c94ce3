"""What inbound hooks have to say of a definition's `webhook` member."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from executor.inbound.verifier import faults_of, verifier_of
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.near import near_names
from registry.spec import DefinitionSpec
from transformer.services import compile_spec

UNSIGNED = (
    "Webhooks are taken unsigned (`verify: none`): whoever knows the address can send one. "
    "Let the external system sign them if it can."
)


def check_webhook(spec: DefinitionSpec) -> Iterator[Fault]:
    block = spec.document.get("webhook")
    if block is None:
        return
    yield from faults_of(block)
    if "transform" in block:
        try:
            compile_spec(block["transform"], response=False)
        except ValidationFailed as failed:
            for fault in failed.errors:
                place = f"/webhook/transform{fault.pointer}"
                yield Fault(place, fault.detail, fault.code)
    method = block.get("method")
    if block.get("then") == "execute" and method is None:
        yield Fault("/webhook/method", "`then: execute` needs the method to call.", "REQUIRED")
    if method is not None and method not in spec.methods:
        near = near_names(method, spec.methods)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        yield Fault("/webhook/method", f"There is no method {method!r}.{meant}", "UNKNOWN_METHOD")


def warn_of_webhook(spec: DefinitionSpec) -> Iterable[Fault]:
    if takes_unsigned(spec):
        yield Fault("/webhook/verify", UNSIGNED, "UNSIGNED")


def warning_of(spec: DefinitionSpec) -> str:
    """For the page of an instance; empty when there is none."""
    return UNSIGNED if takes_unsigned(spec) else ""


def takes_unsigned(spec: DefinitionSpec) -> bool:
    block = spec.document.get("webhook")
    return block is not None and not verifier_of(block).is_signed
