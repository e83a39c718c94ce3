"""What a refused credential leads to: at most one forced refresh and one repeat an execution."""

from __future__ import annotations

from credentials import failures
from credentials import runtime as credentials
from credentials.choices import AuthOutcome
from credentials.errors import NotAcquired
from credentials.failures import Said
from executor import shaping
from executor.run import Run
from integration_hub.lib import clock, log
from integration_hub.lib.errors import AuthFailed, HubError, IntegrationFailed, UpstreamError
from integration_hub.lib.resilience import hints
from registry.adapter import AdapterAnswer

_logger = log.get(__name__)
_UNAUTHORIZED = 401
_NOT_TAKEN = (AuthOutcome.REFRESH.value, AuthOutcome.NEEDS_REAUTH.value)


def check_good(run: Run, answer: AdapterAnswer) -> None:
    """Raise what a rule says of an answer of good status: some systems refuse with a 200."""
    rules = run.auth_rules
    if not rules.judges_good or answer.status is None or answer.status >= 300 or answer.spooled:
        return
    found = failures.outcome_of(rules, _said(answer), renewable=False)
    if found is not None:
        raise _refused(run, answer, found)


def classified(run: Run, answer: AdapterAnswer | None, error: HubError) -> HubError:
    """The error as the `auth` entry's rules see it; `run` keeps what is to be done."""
    if answer is None or answer.status is None or not isinstance(error, UpstreamError):
        return error
    if answer.status < 300 and not isinstance(error, AuthFailed):
        return error
    run.auth_outcome = failures.outcome_of(
        run.auth_rules, _said(answer), renewable=run.credential_renewable
    )
    if run.auth_outcome is None:
        return error
    judged = _refused(run, answer, run.auth_outcome)
    if isinstance(error, AuthFailed) and isinstance(judged, AuthFailed):
        judged = error
    judged.extra.setdefault("reason", run.auth_outcome.value)
    judged.upstream_status, judged.upstream_body = error.upstream_status, error.upstream_body
    return judged


def noted(run: Run, error: HubError) -> HubError:
    """The same error; where it refuses the secret, what is looked up is not used again."""
    if isinstance(error, AuthFailed) and (
        error.upstream_status == _UNAUTHORIZED or error.extra.get("reason") in _NOT_TAKEN
    ):
        credentials.refused(run.target.instance, run.credential_revision)
    return error


def renewed(run: Run, error: HubError) -> bool:
    """Whether the credential is another now, so that the request is made once more.

    A caller without time, and one whose repeat was refused too, ends with `error`.
    """
    outcome, run.auth_outcome = run.auth_outcome, None
    if outcome == AuthOutcome.NEEDS_REAUTH:
        credentials.end(run.target.instance, run.credential_revision, error.detail)
        return False
    if outcome != AuthOutcome.REFRESH or run.cancelled.is_set() or not run.credential_renewable:
        return False
    if run.reauthenticated:
        credentials.leave_alone(run.credential_id, run.credential_revision)
        return False
    run.reauthenticated = True
    return _renew(run, error)


def _renew(run: Run, error: HubError) -> bool:
    try:
        credentials.renew(run.target.instance, seen=run.credential_revision, deadline=run.deadline)
    except NotAcquired as failure:
        error.extra["refresh"] = failure.reason.value
        error.detail = f"{error.detail} Its refresh failed: {failure.detail}"
        return False
    except HubError as other:
        _logger.warning("refresh_given_up", error=other.code, instance=run.target.instance.slug)
        return False
    run.step_base += 1  # the refused request was none of the tries
    return True


def _said(answer: AdapterAnswer) -> Said:
    return Said(
        answer.status,
        answer.headers,
        lambda: answer.content[: shaping.LOOKED_AT].decode("utf-8", "replace"),
    )


def _refused(run: Run, answer: AdapterAnswer, outcome: AuthOutcome) -> UpstreamError:
    slug = run.target.instance.slug
    body = shaping.readable(answer.content, answer.content_type, run.known.redactor())
    if outcome == AuthOutcome.TRANSIENT:
        return IntegrationFailed(
            f"The external system answered {answer.status}, which the definition calls transient.",
            transient=True,
            retry_after=hints.wait_seconds(answer.headers, clock.now(), answer.status),
            upstream_status=answer.status,
            upstream_body=body,
        )
    return AuthFailed(
        f"The external system answered {answer.status}; check the credential of instance "
        f"{slug} and what it is allowed to do.",
        upstream_status=answer.status,
        upstream_body=body,
        extra={"reason": outcome.value},
    )
