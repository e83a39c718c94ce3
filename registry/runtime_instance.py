"""One instance as a call needs it: frozen, built once, shared by every thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from integration_hub.egress.door import TlsOptions
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import InstanceNotReady, MethodNotFound
from integration_hub.lib.near import near_names
from integration_hub.lib.schema import Validator, compile_schema
from registry.building import spec_of_text, with_overrides
from registry.choices import EXECUTABLE_DEFINITIONS, NOT_EXECUTABLE_STATES
from registry.misfits import misfit_of
from registry.models import Instance
from registry.spec import AuthSpec, DefinitionSpec, MethodSpec
from registry.tls import options_of
from registry.upstream import upstream_of


@dataclass(frozen=True, slots=True)
class RuntimeInstance:
    """One instance with its definition, overrides merged into `methods`. Shared: never changed.

    `upstream` is the host and port of the external system, empty where its config names none,
    `misfit` why this hub's adapter cannot run the definition.
    """

    id: UUID
    slug: str
    name: str
    definition_id: UUID
    definition_status: str
    spec: DefinitionSpec
    config: Mapping[str, Any]
    enabled: bool
    state: str
    context_type: str
    context_id: str
    labels: Mapping[str, str]
    methods: Mapping[str, MethodSpec]
    tls: TlsOptions | None = None
    upstream: str = ""
    misfit: str = ""

    @property
    def definition_ref(self) -> str:
        return self.spec.ref

    def method(self, name: str) -> MethodSpec:
        """Raises MethodNotFound with near names."""
        found = self.methods.get(name)
        if found is None:
            raise MethodNotFound(
                f"{self.spec.ref} has no method {name[:80]!r}; "
                f"GET /definitions/{self.spec.ref}/methods lists them.",
                suggestions=near_names(name, self.methods),
            )
        return found

    def auth(self, auth_id: str = "") -> AuthSpec | None:
        """The `auth` entry of this id; the only one when none is named."""
        return self.spec.auth_by_id(auth_id)

    def not_ready_reason(self) -> str:
        """Why no call may start, with the remedy; empty when one may."""
        if not self.enabled:
            return f"{self.slug} is disabled: POST /instances/{self.slug}/enable."
        if self.definition_status not in EXECUTABLE_DEFINITIONS:
            return f"{self.spec.ref} is {self.definition_status}: upgrade {self.slug}."
        if self.misfit:
            return self.misfit
        if self.state in NOT_EXECUTABLE_STATES:
            return f"{self.slug} is {self.state}: {_REMEDIES[self.state]}."
        return ""

    def require_ready(self) -> None:
        """Raises InstanceNotReady with the reason and the remedy."""
        reason = self.not_ready_reason()
        if reason:
            raise InstanceNotReady(reason, extra={"state": self.state})


_REMEDIES = {
    "pending_configuration": "correct its config (GET the instance shows config_errors)",
    "pending_authentication": "PUT its credentials",
    "config_error": "correct its config, then test it",
}


def param_validator(method: MethodSpec) -> Validator | None:
    """Judges parameters; None where any object is accepted."""
    return _validator(method, "param", method.param_schema)


def result_validator(method: MethodSpec) -> Validator | None:
    """Judges results; None where any is accepted."""
    return _validator(method, "result", method.result_schema)


def build(row: Instance) -> RuntimeInstance:
    """From a row whose definition is loaded."""
    spec = spec_of_text(row.definition.effective)
    overrides, config = jsonsafe.loads(row.overrides), jsonsafe.loads(row.config)
    methods = spec.methods
    if overrides:
        methods = {name: with_overrides(item, overrides) for name, item in methods.items()}
    return RuntimeInstance(
        id=row.pk,
        slug=row.slug,
        name=row.name,
        definition_id=row.definition_id,
        definition_status=row.definition.status,
        spec=spec,
        config=config,
        enabled=row.enabled,
        state=row.state,
        context_type=row.context_type,
        context_id=row.context_id,
        labels=jsonsafe.loads(row.labels),
        methods=methods,
        tls=options_of(overrides),
        upstream=upstream_of(config),
        misfit=misfit_of(spec),
    )


def _validator(
    method: MethodSpec, kind: str, schema: Mapping[str, Any] | bool | None
) -> Validator | None:
    if schema is None:
        return None
    found: Validator | None = method.memo.get(kind)
    if found is None:
        found = method.memo[kind] = compile_schema(schema)
    return found
