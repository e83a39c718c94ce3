"""A credential's data as it was sent: judged by the scheme's fields, never quoted.

The schema validator is not used here, because its sentences may quote what they judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from credentials import references
from credentials.scheme import AuthScheme
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.fields import Field
from integration_hub.lib.near import near_names
from integration_hub.lib.pointers import join
from integration_hub.lib.redact import MASK

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "text": (str,),
    "datetime": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
}


def accept(
    scheme: AuthScheme,
    options: Mapping[str, Any],
    sent: Any,
    stored: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The data to seal: what was sent, `***` replaced by what is stored.

    An optional member sent as `***` stays absent where none is stored.

    Raises ValidationFailed with every fault; pointers start with /data.
    """
    if not isinstance(sent, dict):
        raise _refused([Fault("/data", "An object is needed.", "TYPE")])
    sent = _without_absent(scheme, sent, stored)
    faults = [*_unknown(scheme, sent), *_placeholders(sent, stored)]
    data = {name: _kept(name, value, stored) for name, value in sent.items()}
    faults += [fault for field in scheme.fields for fault in _field_faults(field, data)]
    if not faults and not references.has_any(data):  # those are judged when they are looked up
        faults = [
            Fault(f"/data{fault.pointer}", fault.detail, fault.code)
            for fault in scheme.check_data(data, options)
        ]
    if faults:
        raise _refused(faults)
    return data


def judge(scheme: AuthScheme, options: Mapping[str, Any], data: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with data whose references were looked up, without quoting it."""
    faults = [fault for field in scheme.fields for fault in _field_faults(field, data)]
    return faults or list(scheme.check_data(data, options))


def _refused(faults: list[Fault]) -> ValidationFailed:
    return ValidationFailed("The credential is not valid; see errors.", errors=faults)


def _without_absent(
    scheme: AuthScheme, sent: Mapping[str, Any], stored: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    if stored is None:
        return sent
    absent = {f.name for f in scheme.fields if not f.required and f.name not in stored}
    return {n: value for n, value in sent.items() if not (value == MASK and n in absent)}


def _kept(name: str, value: Any, stored: Mapping[str, Any] | None) -> Any:
    return stored[name] if stored and value == MASK and name in stored else value


def _unknown(scheme: AuthScheme, sent: Mapping[str, Any]) -> Iterator[Fault]:
    known = [field.name for field in scheme.fields]
    for name in sent:
        if name not in known:
            near = near_names(name, known)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            takes = ", ".join(known) or "no members"
            detail = f"The type {scheme.type!r} has no such member; it takes {takes}.{meant}"
            yield Fault(join(("data", name)), detail, "UNKNOWN")


def _placeholders(sent: Mapping[str, Any], stored: Mapping[str, Any] | None) -> Iterator[Fault]:
    for name, value in sent.items():
        if value == MASK and (stored is None or name not in stored):
            detail = f"{MASK} means unchanged, and there is nothing stored yet: send the value."
            yield Fault(join(("data", name)), detail, "PLACEHOLDER")


def _field_faults(field: Field, data: Mapping[str, Any]) -> Iterator[Fault]:
    place = join(("data", field.name))
    if field.name not in data:
        if field.required:
            yield Fault(place, "This member is needed.", "REQUIRED")
        return
    value = data[field.name]
    if references.is_reference(value):
        detail = references.fault(value)
        if detail:
            yield Fault(place, detail, "REFERENCE")
    elif not isinstance(value, _TYPES[field.kind]) or (
        field.kind == "integer" and isinstance(value, bool)
    ):
        yield Fault(place, _wanted(field), "TYPE")
    elif isinstance(value, str):
        yield from _text_faults(field, value, place)


def _text_faults(field: Field, value: str, place: str) -> Iterator[Fault]:
    if len(value) < field.schema.get("minLength", 1 if field.required else 0):
        yield Fault(place, "It must not be empty.", "LENGTH")
    if len(value) > field.max_length:
        yield Fault(place, f"Longer than {field.max_length} characters.", "LENGTH")
    if "enum" in field.schema and value not in field.schema["enum"]:
        yield Fault(place, f"One of {', '.join(field.schema['enum'])}.", "ENUM")


def _wanted(field: Field) -> str:
    return f"A value of the type {field.kind} is needed."
