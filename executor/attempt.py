"""One try of a call: credential, adapter, judgement (steps 6 to 9)."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, cast

from credentials import runtime as credentials
from executor import claims, exchanges, reauth, shaping
from executor.calls import AttemptRecord
from executor.files import kinds as files
from executor.files import store
from executor.files.spool import Spool
from executor.followups.followup import Taken
from executor.run import Run
from integration_hub.egress.door import Challenged, HttpAnswer, Login, Signed
from integration_hub.lib import clock, log, metrics, redact, tracing
from integration_hub.lib.errors import AdapterFailed, AuthFailed, HubError, UpstreamError
from registry import adapter_isolation
from registry.adapter import Adapter, AdapterAnswer, AdapterCall, adapters

_logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Attempted:
    """`error` is None for a success; `answer` is None when nothing came back.

    `wait` is set when another request of the same execution follows, in seconds.
    """

    data: Any = None
    error: HubError | None = None
    answer: AdapterAnswer | None = None
    duration_ms: float = 0.0
    wait: float | None = None


def make(run: Run, body: Any, *, has_body: bool) -> Attempted:
    """Try once and keep a record of it in `run`. Never raises a HubError but ClaimLost."""
    started_at, began = clock.now(), time.perf_counter()
    answer: AdapterAnswer | None = None
    call: AdapterCall | None = None
    adapter = adapters.get(run.target.instance.spec.type)  # admitted, so it is there
    with ExitStack() as stack:
        step = stack.enter_context(tracing.span(f"attempt {run.number}"))
        try:
            call = _prepare(run, body, has_body=has_body, stack=stack)
            claims.mark_sent(run)
            answer = _call(adapter, call, run)
            answered = time.perf_counter()
            reauth.check_good(run, answer)
            taken = _judged(run, call, answer)
            run.transform_ms += (time.perf_counter() - answered) * 1000
            made = Attempted(
                data=taken.data, answer=answer, duration_ms=_since(began), wait=taken.wait
            )
        except claims.ClaimLost:
            raise
        except HubError as error:
            told = reauth.noted(run, reauth.classified(run, answer, error))
            made = Attempted(error=told, answer=answer, duration_ms=_since(began))
            step.fail(told.code)
    run.records.append(_record(run, adapter, call, made, started_at))
    if call is not None:
        _count(run, made)
    return made


def _judged(run: Run, call: AdapterCall, answer: AdapterAnswer) -> Taken:
    """The result, or that there is more to come."""
    if answer.spooled:
        return Taken(_filed(run, call, answer))
    if run.followup is None:
        return Taken(shaping.judge(run.target, answer, run.known.redactor()))
    document = shaping.read(run.target, answer, run.known.redactor())
    try:
        taken = run.followup.take(answer, document)
    except UpstreamError as error:
        error.upstream_status = answer.status
        error.upstream_body = shaping.readable(
            answer.content, answer.content_type, run.known.redactor()
        )
        raise
    if taken.wait is not None:
        return taken
    run.notes = taken.notes
    return replace(taken, data=shaping.finish(run.target, answer, taken.data))


def _filed(run: Run, call: AdapterCall, answer: AdapterAnswer) -> Any:
    """The handle of an answer that went to the file store."""
    private = files.is_private(run.target.method)
    spool = cast("Spool", call.spool)  # an adapter spools only where it was given one
    row = store.described(spool, answer, run.execution.pk, private=private) if spool.size else None
    handle = store.handle_of(row) if row is not None else None
    shaping.check_result(run.target, answer, handle)
    if row is not None:
        store.move_in(spool, row)
        run.file = row
    return handle


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
    spool = files.spool_for(run)
    if spool is not None:
        stack.callback(spool.discard)
    use = credentials.use_for(instance, run.deadline)
    run.credential_id, run.credential_revision = use.credential_id, use.revision
    run.credential_renewable, run.auth_rules = use.renewable, use.rules
    run.learn(use.secrets)
    stack.enter_context(redact.registered(*use.secrets))

    def learned(signed: Signed) -> Signed:
        run.learn(signed.secrets)
        redact.learned(*signed.secrets)
        if signed.answer_challenge is None:
            return signed
        return replace(signed, answer_challenge=partial(again, signed.answer_challenge))

    def again(answer_challenge: Challenged, answer: HttpAnswer) -> Signed | None:
        signed = answer_challenge(answer)
        return None if signed is None else learned(signed)

    def logged_in() -> Login:
        login = use.login()
        run.learn(login.secrets)
        redact.learned(*login.secrets)
        return login

    return AdapterCall(
        method=method,
        config=instance.config,
        parameters=run.parameters,
        body=body,
        has_body=has_body,
        deadline=run.deadline.tightened(method.timeout_ms / 1000),
        sign=lambda request: learned(use.sign(request)),
        login=logged_in,
        allowed_hosts=instance.spec.allowed_hosts,
        redirects=instance.spec.redirects,
        tls=use.tls,
        idempotency_key=str(run.execution.pk),
        onward=None if run.followup is None else run.followup.onward(),
        spool=spool,
    )


def _call(adapter: Adapter, call: AdapterCall, run: Run) -> AdapterAnswer:
    """Under a span of its own, of which the external system is told where its definition says."""
    instance = run.target.instance
    name = f"{adapter.type} {call.method.name}"
    with tracing.span(name, "client", host=instance.upstream.partition(":")[0]) as step:
        if instance.spec.propagate_trace:
            call = replace(call, headers={**call.headers, **tracing.headers()})
        try:
            answer = _called(adapter, call, run)
        except HubError as error:
            step.fail(error.code)
            raise
        step.note(status=answer.status)
        return answer


def _called(adapter: Adapter, call: AdapterCall, run: Run) -> AdapterAnswer:
    try:
        call.deadline.check(sent=False)
        return adapter_isolation.called(adapter, call)
    except (HubError, MemoryError):  # the second is the whole process's, not the adapter's
        raise
    except (Exception, SystemExit) as error:
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
    exchange = exchanges.raw(adapter, call, made.answer)
    sent, received = exchanges.sizes(exchange)
    return AttemptRecord(
        number=run.number,
        started_at=started_at,
        duration_ms=made.duration_ms,
        status_code=status,
        code=made.error.code if made.error else "",
        timings=exchanges.timings(made.answer),
        request_bytes=sent,
        response_bytes=received,
        exchange=exchange,
    )


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)
