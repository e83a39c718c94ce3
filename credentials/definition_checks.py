"""What credentials has to say of a definition: every `auth` entry is known and complete."""

from __future__ import annotations

from collections.abc import Iterator

from credentials import failures
from credentials.scheme import schemes
from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import json_schema
from integration_hub.lib.schema import compile_schema
from registry.spec import AuthSpec, DefinitionSpec


def check_auth(spec: DefinitionSpec) -> Iterator[Fault]:
    for index, entry in enumerate(spec.auth):
        yield from _entry_faults(entry, f"/auth/{index}")


def _entry_faults(entry: AuthSpec, base: str) -> Iterator[Fault]:
    try:
        scheme = schemes.get(entry.type)
    except UnknownPlugin as error:
        detail = error.reason and f"is disabled here: {error.reason}"
        known = f"is not one of this hub; it has {', '.join(error.known)}"
        yield Fault(f"{base}/type", f"The type {entry.type!r} {detail or known}.", "UNKNOWN_TYPE")
        return
    yield from failures.faults(entry.errors, base)
    options = dict(entry.options)
    faults = compile_schema(json_schema(scheme.options)).faults(options, base)
    yield from faults
    if not faults:
        for fault in scheme.check_options(options):
            yield Fault(base + fault.pointer, fault.detail, fault.code)
