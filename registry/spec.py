"""A definition as frozen data: what the executor works with, never the raw document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_hub.lib.resilience.options import (
    CircuitOptions,
    LimitOptions,
    RetryOptions,
    TransientOptions,
)

SAFE_HTTP_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class AuthSpec:
    """One entry of a definition's `auth`: `options` are the members that its scheme reads.

    `memo` keeps what is compiled from it once.
    """

    id: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[Mapping[str, Any], ...] = ()
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """One method. `protocol` is the adapter's own block (`http: {method, path, …}`).

    `memo` keeps what is compiled from this method once (validators, transforms);
    copies made for an instance's overrides share it, so it holds nothing that an
    override can change. `own_rate` and `own_slots`: its block has a limit of its own,
    so that it does not draw on what the instance's other methods share. `tolerant` and
    `stale_seconds` are of overrides alone: results may break their schema, and a kept
    answer may stand in for a failure so much longer.
    """

    name: str
    description: str = ""
    risk: str = "read"
    idempotent: bool = False
    idempotency_header: str = ""
    timeout_ms: int = 30_000
    param_schema: Mapping[str, Any] | None = None
    result_schema: Mapping[str, Any] | None = None
    protocol: Mapping[str, Any] = field(default_factory=dict)
    request_transform: Mapping[str, Any] | None = None
    response_transform: Mapping[str, Any] | None = None
    pagination: Mapping[str, Any] | None = None
    cache_seconds: int = 0
    stale_seconds: int = 0
    tolerant: bool = False
    sensitive: tuple[str, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()
    retry: RetryOptions = field(default_factory=RetryOptions)
    circuit: CircuitOptions = field(default_factory=CircuitOptions)
    limits: LimitOptions = field(default_factory=LimitOptions)
    own_rate: bool = False
    own_slots: bool = False
    transient: TransientOptions = field(default_factory=TransientOptions)
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DefinitionSpec:
    """One definition version. `document` is what was loaded, for export and display."""

    slug: str
    version: str
    name: str
    type: str
    document: Mapping[str, Any]
    methods: Mapping[str, MethodSpec]
    description: str = ""
    auth: tuple[AuthSpec, ...] = ()
    config_schema: Mapping[str, Any] | None = None
    default_config: Mapping[str, Any] = field(default_factory=dict)
    allowed_hosts: tuple[str, ...] = ()
    health_method: str = ""
    health_interval_seconds: int = 60
    health_slow_ms: int = 3_000
    redirects: int = 0
    propagate_trace: bool = False
    tags: tuple[str, ...] = ()
    sunset: str = ""
    supports: str = ""

    @property
    def ref(self) -> str:
        return f"{self.slug}@{self.version}"

    @property
    def needs_credential(self) -> bool:
        """Whether a call without a credential cannot work: no `auth` entry is `none`."""
        return bool(self.auth) and all(entry.type != "none" for entry in self.auth)

    def auth_by_id(self, auth_id: str) -> AuthSpec | None:
        """The `auth` entry that a credential names; the only entry when it names none."""
        if not auth_id and len(self.auth) == 1:
            return self.auth[0]
        return next((entry for entry in self.auth if entry.id == auth_id), None)
