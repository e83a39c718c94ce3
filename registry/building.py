"""A valid document to its DefinitionSpec: defaults filled, blocks merged member by member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from integration_hub.lib import jsonsafe, log
from integration_hub.lib.resilience.options import (
    CircuitOptions,
    LimitOptions,
    RetryOptions,
    TransientOptions,
)
from registry.adapter import adapters
from registry.spec import AuthSpec, DefinitionSpec, MethodSpec

_logger = log.get(__name__)
Block = Mapping[str, Any]
_TEXTS = ("description", "risk", "idempotency_header", "timeout_ms", "cache_seconds")
_RATE = frozenset({"requests", "per_seconds", "burst"})
_SPECS = ("param_schema", "result_schema", "request_transform", "response_transform", "pagination")


def build_spec(document: Block) -> DefinitionSpec:
    """The spec of a document that passed `parse_definition`; nothing is judged again."""
    check = document.get("health_check", {})
    return DefinitionSpec(
        slug=document["slug"],
        version=document["version"],
        name=document["name"],
        type=document["type"],
        document=document,
        methods={name: _method(document, name) for name in document["methods"]},
        description=document.get("description", ""),
        auth=tuple(_auth(entry) for entry in document.get("auth", ())),
        config_schema=document.get("config_schema"),
        default_config=document.get("default_config", {}),
        allowed_hosts=tuple(document.get("allowed_hosts", ())),
        health_method=check.get("method", ""),
        health_interval_seconds=check.get("interval_seconds", 60),
        health_slow_ms=check.get("slow_ms", 3_000),
        redirects=document.get("redirects", 0),
        propagate_trace=document.get("propagate_trace", False),
        tags=tuple(document.get("tags", ())),
        sunset=document.get("sunset", ""),
        supports=document.get("supports", ""),
    )


@lru_cache(maxsize=512)
def spec_of_text(text: str) -> DefinitionSpec:
    """`build_spec` of a stored document, once per content: instances share the compiled parts."""
    return build_spec(jsonsafe.loads(text))


def with_overrides(method: MethodSpec, overrides: Block) -> MethodSpec:
    """The method under an instance's `overrides`, which win member by member.

    What its definition does not cache stays uncached: nobody judged that it only reads.
    """
    cache = overrides.get("cache", {})
    return replace(
        method,
        timeout_ms=overrides.get("timeout_ms", method.timeout_ms),
        retry=method.retry.merged(overrides.get("retry")),
        circuit=method.circuit.merged(overrides.get("circuit_breaker")),
        limits=with_burst(method.limits, overrides.get("rate_limit")),
        transient=method.transient.merged(overrides.get("transient")),
        tolerant=overrides.get("result_schema") == "drift",
        cache_seconds=cache.get("seconds", method.cache_seconds) if method.cache_seconds else 0,
        stale_seconds=cache.get("stale_if_error_seconds", 0) if method.cache_seconds else 0,
    )


def with_burst(limits: LimitOptions, *blocks: Block | None) -> LimitOptions:
    """The merged limits; a rate without a `burst` of its own has a bucket of `requests` tokens."""
    merged = limits.merged(*blocks)
    says = [block for block in blocks if block]
    last_rate = max((i for i, b in enumerate(says) if "requests" in b), default=-1)
    last_burst = max((i for i, b in enumerate(says) if "burst" in b), default=-1)
    if merged.burst == 0 or last_rate > last_burst:
        return replace(merged, burst=merged.requests)
    return merged


def _method(document: Block, name: str) -> MethodSpec:
    body: Block = document["methods"][name]
    protocol: Block = body.get(document["type"], {})
    limits: Block = body.get("rate_limit", {})
    given = {key: body[key] for key in (*_TEXTS, *_SPECS) if key in body}
    return MethodSpec(
        name=name,
        idempotent=body.get("idempotent", _repeats(document["type"], protocol)),
        protocol=protocol,
        sensitive=tuple(body.get("sensitive", ())),
        examples=tuple(body.get("examples", ())),
        retry=RetryOptions().merged(document.get("retry"), body.get("retry")),
        circuit=CircuitOptions().merged(
            document.get("circuit_breaker"), body.get("circuit_breaker")
        ),
        limits=with_burst(LimitOptions(), document.get("rate_limit"), limits),
        own_rate=not _RATE.isdisjoint(limits),
        own_slots="max_concurrency" in limits,
        transient=TransientOptions().merged(document.get("transient"), body.get("transient")),
        **given,
    )


def _repeats(adapter: str, protocol: Block) -> bool:
    """The adapter's own word; one that is not there now, or fails, promises nothing."""
    if adapter not in adapters:
        return False
    try:
        return adapters.get(adapter).is_idempotent(protocol) is True
    except Exception:
        _logger.exception("adapter_failed", adapter=adapter, at="is_idempotent")
        return False


def _auth(entry: Block) -> AuthSpec:
    options = {key: value for key, value in entry.items() if key not in ("id", "type", "errors")}
    return AuthSpec(
        id=entry.get("id", entry["type"]),
        type=entry["type"],
        options=options,
        errors=tuple(entry.get("errors", ())),
    )
