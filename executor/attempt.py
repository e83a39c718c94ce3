"""One try of a call: credential, adapter, judgement (steps 6 to 9)."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credentials import runtime as credentials
from executor import claims, exchanges, shaping
from executor.calls import AttemptRecord
from executor.run import Run
from integration_hub.egress.door import HttpRequest, Signed
from integration_hub.lib import clock, log, metrics, redact
from integration_hub.lib.errors import AdapterFailed, AuthFailed, HubError
from registry.adapter import Adapter, AdapterAnswer, AdapterCall, adapters

_logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Attempted:
    """`error` is None for a success; `answer` is None when nothing came back."""

    data: Any = None
    error: HubError | None = None
    answer: AdapterAnswer | None = None
    duration_ms: float = 0.0


def make(run: Run, body: Any, *, has_body: bool) -> Attempted:
    """Try once and keep a record of it in `run`. Never raises a HubError but ClaimLost."""
    started_at, began = clock.now(), time.perf_counter()
    answer: AdapterAnswer | None = None
    call: AdapterCall | None = None
    adapter = adapters.get(run.target.instance.spec.type)  # admitted, so it is there
    with ExitStack() as stack:
        try:
            call = _prepare(run, body, has_body=has_body, stack=stack)
            claims.mark_sent(run)
            answer = _call(adapter, call, run)
            data = shaping.judge(run.target, answer, run.known.redactor())
            made = Attempted(data=data, answer=answer, duration_ms=_since(began))
        except claims.ClaimLost:
            raise
        except HubError as error:
            made = Attempted(error=error, answer=answer, duration_ms=_since(began))
    run.records.append(_record(run, adapter, call, made, started_at))
    if call is not None:
        _count(run, made)
    return made


def _count(run: Run, made: Attempted) -> None:
    labels = (run.target.instance.slug, run.target.method.name)
    outcome = made.error.code.lower() if made.error else "success"
    metrics.external_requests_total.labels(*labels, outcome).inc()
    metrics.external_request_seconds.labels(*labels).observe(made.duration_ms / 1000)
    if run.credential_id is not None and made.answer is not None:
        refused = isinstance(made.error, AuthFailed)
        metrics.auth_attempts_total.labels(*labels, "refused" if refused else "success").inc()


def _prepare(run: Run, body: Any, *, has_body: bool, stack: ExitStack) -> AdapterCall:
    instance, method = run.target.instance, run.target.method
    use = credentials.use_for(instance)
    run.credential_id, run.credential_revision = use.credential_id, use.revision
    run.learn(use.secrets)
    stack.enter_context(redact.registered(*use.secrets))

    def sign(request: HttpRequest) -> Signed:
        signed = use.sign(request)
        run.learn(signed.secrets)
        if signed.secrets:
            stack.enter_context(redact.registered(*signed.secrets))
        return signed

    return AdapterCall(
        method=method,
        config=instance.config,
        parameters=run.parameters,
        body=body,
        has_body=has_body,
        deadline=run.deadline.tightened(method.timeout_ms / 1000),
        sign=sign,
        allowed_hosts=instance.spec.allowed_hosts,
        redirects=instance.spec.redirects,
        idempotency_key=str(run.execution.pk) if method.idempotency_header else "",
    )


def _call(adapter: Adapter, call: AdapterCall, run: Run) -> AdapterAnswer:
    try:
        call.deadline.check(sent=False)
        return adapter.call(call)
    except HubError:
        raise
    except Exception as error:
        _logger.exception(
            "adapter_failed",
            adapter=adapter.type,
            execution_id=str(run.execution.pk),
            error=type(error).__name__,
        )
        raise AdapterFailed(
            f"The adapter {adapter.type} failed with {type(error).__name__}; other calls are not "
            "affected. The log has the trace under this execution's id."
        ) from error


def _record(
    run: Run, adapter: Adapter, call: AdapterCall | None, made: Attempted, started_at: datetime
) -> AttemptRecord:
    status = made.answer.status if made.answer else getattr(made.error, "upstream_status", None)
    return AttemptRecord(
        number=run.number,
        started_at=started_at,
        duration_ms=made.duration_ms,
        status_code=status,
        code=made.error.code if made.error else "",
        timings=exchanges.timings(made.answer),
        exchange=exchanges.raw(adapter, call, made.answer),
    )


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)
