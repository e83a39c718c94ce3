"""The catalogue judged as a whole: each file is valid, complete, and does what it says.

Nothing is sent: an example becomes the request that would leave, signed with a
credential made up for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credentials.scheme import schemes
from executor import shaping
from integration_hub.egress.door import Deadline, HttpRequest, Signed
from integration_hub.lib.errors import Fault, HubError
from integration_hub.lib.fields import Field
from integration_hub.lib.pointers import join
from registry.adapter import AdapterCall, adapters
from registry.building import build_spec
from registry.completeness import missing, sample_config
from registry.config import config_faults, filled
from registry.loading import files_in, read_file
from registry.spec import AuthSpec, DefinitionSpec, MethodSpec

FOLDER = Path(__file__).resolve().parent.parent / "registry" / "catalogue"
MADE_UP = "made-up-for-the-check"
_SECONDS = 5.0
_ALWAYS = frozenset({"access_token"})  # of a scheme that would fetch it


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its spec where it is a definition, and what is wrong with it."""

    path: Path
    spec: DefinitionSpec | None
    faults: tuple[Fault, ...]
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.spec is not None and not self.faults


def entries(paths: list[str]) -> Iterator[Entry]:
    """Every definition file below `paths`, judged. Raises ValidationFailed where there is none."""
    for path in files_in(paths):
        yield _entry(path)


def _entry(path: Path) -> Entry:
    read = read_file(path)
    if read.document is None:
        return Entry(path, None, read.faults, read.detail)
    if "extends" in read.document:
        detail = "An entry stands alone, so that each may be loaded without the others."
        return Entry(path, None, (Fault("/extends", detail, "INCOMPLETE"),))
    spec = build_spec(read.document)
    return Entry(path, spec, tuple(_faults(spec, path)))


def _faults(spec: DefinitionSpec, path: Path) -> Iterator[Fault]:
    if path.stem != spec.slug:
        yield Fault("/slug", f"The file is named {path.stem}: name it {spec.slug}.yaml.", "NAME")
    yield from missing(spec)
    config = filled(spec, sample_config(spec))
    wrong = config_faults(spec, config)
    if wrong:
        yield from wrong
    else:
        yield from _unbuildable(spec)


def _unbuildable(spec: DefinitionSpec) -> Iterator[Fault]:
    for method in spec.methods.values():
        for index, example in enumerate(method.examples):
            place = join(("methods", method.name, "examples", index))
            try:
                for entry in spec.auth or (None,):
                    request_of(spec, method, example, entry)
            except HubError as error:
                detail = f"No request can be made of it: {error.detail}"
                yield Fault(f"{place}/parameters", detail, error.code)


def request_of(
    spec: DefinitionSpec, method: MethodSpec, example: Mapping[str, Any], entry: AuthSpec | None
) -> HttpRequest | None:
    """What a call with the example's parameters would send; None for other protocols.

    Raises the HubError that the call would end with.
    """
    parameters = example.get("parameters", {})
    config = filled(spec, sample_config(spec))
    body, has_body = shaping.transformed(method, parameters)
    call = AdapterCall(
        method=method,
        config=config,
        parameters=parameters,
        body=body,
        has_body=has_body,
        deadline=Deadline(_SECONDS),
        sign=Signed,
        idempotency_key=MADE_UP,
    )
    request = adapters.get(spec.type).preview(call)
    if not isinstance(request, HttpRequest):
        return None
    if entry is None:
        return request
    scheme = schemes.get(entry.type)
    options = scheme.options_for(entry.options, config)
    return scheme.apply(request, data=made_up(scheme.fields), options=options).request


def made_up(fields: tuple[Field, ...]) -> dict[str, str]:
    """Credential data of the right shape that nobody takes."""
    return {item.name: MADE_UP for item in fields if item.required or item.name in _ALWAYS}
