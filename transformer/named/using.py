"""`{"use": "name@^1"}`: the spec of a named transform, put where it is used.

A definition takes the spec when it is published, so that a later version of the
transform changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import jsonsafe, pointers
from integration_hub.lib.errors import Fault, NotFound, ValidationFailed
from transformer.choices import TransformStatus
from transformer.named.selectors import get_transform

_IN_METHOD = ("request_transform", "response_transform")


def with_used(document: Any) -> Any:
    """The definition document with the specs that it uses; as it is where it uses none.

    Raises ValidationFailed with the place of each that is not there.
    """
    faults: list[Fault] = []
    changed = _in_methods(document, faults)
    webhook = changed.get("webhook") if isinstance(changed, Mapping) else None
    if isinstance(webhook, Mapping) and _uses(webhook.get("transform")):
        spec = _taken(webhook["transform"], "/webhook/transform", faults)
        changed = {**changed, "webhook": {**webhook, "transform": spec}}
    if faults:
        raise ValidationFailed("A transform that is used is not there; see errors.", errors=faults)
    return changed


def spec_of(spec: Any) -> Any:
    """A spec on its own, resolved. Raises ValidationFailed."""
    if not _uses(spec):
        return spec
    faults: list[Fault] = []
    found = _taken(spec, "", faults)
    if faults:
        raise ValidationFailed("The transform that is used is not there.", errors=faults)
    return found


def _in_methods(document: Any, faults: list[Fault]) -> Any:
    methods = document.get("methods") if isinstance(document, Mapping) else None
    if not isinstance(methods, Mapping):
        return document
    changed: dict[str, Any] = {}
    for name, method in methods.items():
        if not isinstance(method, Mapping):
            continue
        for side in _IN_METHOD:
            if _uses(method.get(side)):
                at = pointers.join(("methods", name, side))
                method = {**method, side: _taken(method[side], at, faults)}  # noqa: PLW2901
                changed[name] = method
    return {**document, "methods": {**methods, **changed}} if changed else document


def _uses(spec: Any) -> bool:
    return isinstance(spec, Mapping) and "use" in spec


def _taken(spec: Mapping[str, Any], at: str, faults: list[Fault]) -> Any:
    """The spec that is meant, with where it is from; faults are noted."""
    ref = spec["use"]
    if len(spec) > 1 or not isinstance(ref, str):
        detail = "`use` stands alone and names a transform: name, name@1.2.0 or name@^1."
        faults.append(Fault(f"{at}/use", detail, "INVALID"))
        return spec
    try:
        row = get_transform(ref, pointer=f"{at}/use")
    except NotFound as error:
        faults.append(Fault(f"{at}/use", error.detail, "UNKNOWN_TRANSFORM"))
        return spec
    except ValidationFailed as error:
        faults.extend(error.errors)
        return spec
    if row.status != TransformStatus.PUBLISHED:
        detail = f"{row.ref} is {row.status}: only what is published can be used."
        faults.append(Fault(f"{at}/use", detail, "NOT_PUBLISHED"))
        return spec
    return {**jsonsafe.loads(row.document)["spec"], "from": row.ref}
