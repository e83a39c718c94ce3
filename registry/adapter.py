"""The adapter contract and its catalog.

An adapter speaks one protocol. It knows no instance and imports no model: it
takes one frozen `AdapterCall` and returns one frozen `AdapterAnswer`, or raises
a `HubError` (an `UpstreamError` for anything the external system did). Any
other exception becomes ADAPTER_ERROR for that call alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest, Signer
from integration_hub.lib.catalog import Catalog
from integration_hub.lib.errors import Fault
from registry.spec import MethodSpec


@dataclass(frozen=True, slots=True)
class AdapterCall:
    """One attempt.

    `body` is the request transform's output, or None where the definition has
    none; then unused `parameters` form the body or the query (contract §4).
    `idempotency_key` is the same for every attempt of one execution.
    """

    method: MethodSpec
    config: Mapping[str, Any]
    parameters: Mapping[str, Any]
    body: Any
    has_body: bool
    deadline: Deadline
    sign: Signer
    allowed_hosts: tuple[str, ...] = ()
    redirects: int = 0
    idempotency_key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AdapterAnswer:
    """The external system's answer, not yet judged: any status counts as an answer.

    `content` is the decoded-but-unparsed body with its `content_type`.
    `exchange` is what was sent and received, for the log (redacted by the executor).
    """

    status: int | None
    content: bytes
    content_type: str
    headers: Mapping[str, str]
    exchange: HttpAnswer | None = None


class Adapter(ABC):
    """One protocol. Stateless but for its pools; one object serves every thread."""

    type: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[str] = "1.0.0"
    supported_auth: ClassVar[frozenset[str]] = frozenset({"none"})

    @abstractmethod
    def config_schema(self) -> Mapping[str, Any]:
        """JSON Schema of the config members that the adapter itself needs."""

    @abstractmethod
    def method_schema(self) -> Mapping[str, Any]:
        """JSON Schema of a method's protocol block (`http: …`)."""

    @abstractmethod
    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        """Every fault of a method that the schema cannot see; pointers start at the method."""

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        """The parameters that no call can do without, whatever `param_schema` says."""
        return frozenset()

    @abstractmethod
    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        """Whether a method is safe to repeat when its definition does not say."""

    @abstractmethod
    def preview(self, call: AdapterCall) -> HttpRequest | None:
        """The request that `call` would send, unsigned; None where there is no such thing."""

    @abstractmethod
    def call(self, call: AdapterCall) -> AdapterAnswer:
        """Make the call. Raises UpstreamError; `sent` says whether bytes may have left."""


adapters: Catalog[Adapter] = Catalog("adapter", entry_point_group="integration_hub.adapters")
