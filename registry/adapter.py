"""The adapter contract and its catalog.

An adapter speaks one protocol. It knows no instance and imports no model: it
takes one frozen `AdapterCall` and returns one frozen `AdapterAnswer`, or raises
a `HubError` (an `UpstreamError` for anything the external system did). Any
other exception becomes ADAPTER_ERROR for that call alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from integration_hub.egress.door import (
    Deadline,
    HttpAnswer,
    HttpRequest,
    Login,
    Signer,
    Spool,
    Timings,
    TlsOptions,
)
from integration_hub.lib.catalog import Catalog
from integration_hub.lib.errors import Fault
from integration_hub.lib.schema import compile_schema
from registry.refs import version_of
from registry.spec import MethodSpec

SHIPPED_AUTH = frozenset(
    {
        "none", "basic", "digest", "bearer", "api_key", "oauth2", "jwt", "hmac", "aws_sigv4",
        "mtls", "session_login", "ssh_key",
    }
)  # fmt: skip
"""The auth schemes that come with the hub; others are of plug-ins."""

HTTP_AUTH = (SHIPPED_AUTH - {"ssh_key"}) | {"custom"}
"""What an adapter supports whose requests go through `AdapterCall.sign`."""


@dataclass(frozen=True, slots=True)
class Onward:
    """A later request of the same execution: the next page, or a look at a job.

    `parameters` stand beside the caller's and win. `address` is an absolute URL that
    the external system gave and replaces the method's own; with `look` it is read
    with GET and without a body.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    look: bool = False


@dataclass(frozen=True, slots=True)
class AdapterCall:
    """One attempt.

    `body` is the request transform's output, or None where the definition has
    none; then unused `parameters` form the body or the query (contract §4).
    `idempotency_key` is the same for every attempt of one execution.

    The credential comes by `sign`, onto an HTTP request, or by `login`, for any other
    protocol: one of them is called for each attempt, as late as can be, and what it
    gives is not kept. `tls` is for the host of the instance alone.
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
    onward: Onward | None = None
    tls: TlsOptions | None = None
    spool: Spool | None = None
    login: Callable[[], Login] = field(default=Login, repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a call sends in a protocol that is not HTTP, as the log shows it.

    `operation` is the protocol's own word (`SELECT`, `SEND`), `url` where it goes,
    as one (`smtp://mail.acme.example:587`), `details` what stands beside the
    `body`, by name. No part of a `Login` belongs here; the executor masks it all the same.
    """

    operation: str
    url: str
    details: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A finished exchange of a protocol that is not HTTP; what came back is the answer itself."""

    request: Sent
    wire_bytes: int = 0
    timings: Timings = field(default_factory=Timings)


@dataclass(frozen=True, slots=True)
class AdapterAnswer:
    """The external system's answer, not yet judged: any status counts as an answer.

    `status` is None for a success of a protocol without statuses. A refusal is an answer
    too, with the HTTP status that says the same (400, 401, 403, 404, 409, 422, 429, 500,
    503), what the system said as `content`, and in `said` the end of the sentence "The
    external system …": so the definition's `transient` and `auth.errors` judge it.

    `content` is the decoded-but-unparsed body with its `content_type`; `json_answer`
    makes one of a structured value. `exchange` is what was sent and received, for the
    log (redacted by the executor). With `spooled` the body went to the call's spool, as
    `call.spool.wants(200, {"content-type": …})` asked for, and `content` is empty.
    """

    status: int | None
    content: bytes
    content_type: str
    headers: Mapping[str, str]
    exchange: HttpAnswer | Exchanged | None = None
    spooled: bool = False
    said: str = ""


class Adapter(ABC):
    """One protocol. Stateless but for its pools; one object serves every thread.

    `keeps_deadline` says that `call` itself ends at the call's deadline and soon after
    a cancellation, as everything does that goes through the doors of egress. Without
    that word a call is watched from beside it, and given up when it is late.
    """

    type: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[str] = "1.0.0"
    supported_auth: ClassVar[frozenset[str]] = frozenset({"none"})
    keeps_deadline: ClassVar[bool] = False
    follows_addresses: ClassVar[bool] = False  # whether `Onward.address` means anything to it

    def initialize(self) -> None:  # noqa: B027 - a hook: most need none
        """Called once in each process before its first call there, never before a fork.

        What it raises disables the adapter in that process, with the error as the
        reason, until it is tried again a minute later.
        """

    def close(self) -> None:  # noqa: B027 - a hook: most need none
        """Called when the process ends or the adapter is switched off: give back pools.

        Calls may still be under way; after it `initialize` may be called again.
        """

    def takes_auth(self, scheme: str) -> bool:
        """Whether a definition may name this auth scheme; `custom` stands for plug-ins' own."""
        others = "custom" in self.supported_auth and scheme not in SHIPPED_AUTH
        return scheme in self.supported_auth or others

    @abstractmethod
    def config_schema(self) -> Mapping[str, Any]:
        """JSON Schema of the config members that the adapter itself needs."""

    @abstractmethod
    def method_schema(self) -> Mapping[str, Any]:
        """JSON Schema of a method's protocol block (`http: …`)."""

    @abstractmethod
    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        """Every fault of a method that the schema cannot see; pointers start at the method."""

    def method_warnings(self, method: MethodSpec) -> Iterable[Fault]:
        """What is no fault and wants a look, like a parameter that nothing uses."""
        return ()

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        """The parameters that no call can do without, whatever `param_schema` says."""
        return frozenset()

    @abstractmethod
    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        """Whether a method is safe to repeat when its definition does not say."""

    @abstractmethod
    def preview(self, call: AdapterCall) -> HttpRequest | Sent | None:
        """What `call` would send, without its credential; None where there is no such thing.

        Does no I/O. The log shows it where an attempt brought no answer.
        """

    @abstractmethod
    def call(self, call: AdapterCall) -> AdapterAnswer:
        """Make the call. Raises UpstreamError; `sent` says whether bytes may have left."""


def fault_of(name: str, adapter: Any) -> str:
    """Why a third party's adapter cannot be used; empty when it can. Raises what it raises."""
    if not isinstance(adapter, Adapter):
        return f"its entry point gives a {type(adapter).__name__}, which is no registry.Adapter"
    if getattr(adapter, "type", None) != name:
        return f"its type is {getattr(adapter, 'type', None)!r}, and its entry point {name!r}"
    if version_of(str(adapter.version)) is None:
        return f"its version {adapter.version!r} is no semantic version"
    for schema in (adapter.config_schema(), adapter.method_schema()):
        compile_schema(dict(schema))
    return ""


adapters: Catalog[Adapter] = Catalog(
    "adapter", entry_point_group="integration_hub.adapters", judge=fault_of
)
