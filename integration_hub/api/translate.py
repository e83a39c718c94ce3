"""Foreign exceptions, translated once at the edge of the API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from django.core import exceptions as core
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as drf

from integration_hub.coordination import disk
from integration_hub.lib import errors, log
from integration_hub.lib.errors import Fault, HubError
from integration_hub.lib.pointers import escape

DATABASE_RETRY_SECONDS = 5
SAY_WHO = "Send a token: Authorization: Bearer <token> (manage.py create_token makes one)."
_BROKEN = "The request is malformed or ended before it was complete."

_log = log.get("hub.api")

# Exceptions of which only the kind matters; a subclass is found through its bases.
_SENTENCES: dict[type[BaseException], tuple[type[HubError], str]] = {
    drf.NotAuthenticated: (errors.Unauthenticated, SAY_WHO),
    drf.AuthenticationFailed: (errors.Unauthenticated, SAY_WHO),
    core.PermissionDenied: (errors.Forbidden, "You may not do this."),
    Http404: (errors.NotFound, "There is nothing here under this name."),
    drf.NotAcceptable: (
        errors.NotAcceptable,
        "This address answers application/json; ask for that in Accept.",
    ),
    core.RequestDataTooBig: (
        errors.PayloadTooLarge,
        "The body is larger than the hub takes (HUB_MAX_REQUEST_BYTES).",
    ),
    core.SuspiciousOperation: (errors.ValidationFailed, _BROKEN),
    core.BadRequest: (errors.ValidationFailed, _BROKEN),
    UnreadablePostError: (errors.ValidationFailed, _BROKEN),
    BaseException: (
        errors.InternalFailure,
        "Something went wrong inside the hub. Its operator finds it in the log by request_id.",
    ),
}


@singledispatch
def translate(error: BaseException) -> HubError:
    """The HubError that says what `error` means to the caller."""
    kind, detail = next(_SENTENCES[base] for base in type(error).__mro__ if base in _SENTENCES)
    return kind(detail)


@translate.register
def _(error: errors.HubError) -> HubError:
    return error


@translate.register
def _(error: drf.ValidationError) -> HubError:
    faults = tuple(serializer_faults(error.detail))[:100]
    return errors.ValidationFailed(summary(faults), errors=faults)


@translate.register
def _(error: core.ValidationError) -> HubError:
    faults = tuple(Fault("", message) for message in error.messages)
    return errors.ValidationFailed(summary(faults), errors=faults)


@translate.register
def _(error: drf.ParseError) -> HubError:
    return errors.ValidationFailed(str(error.detail))


@translate.register
def _(error: drf.PermissionDenied) -> HubError:
    return errors.Forbidden(str(error.detail))


@translate.register
def _(error: drf.NotFound) -> HubError:
    return errors.NotFound(str(error.detail))


@translate.register
def _(error: drf.MethodNotAllowed) -> HubError:
    return errors.MethodNotAllowed(f"{error.detail} The header Allow lists what is.")


@translate.register
def _(error: drf.UnsupportedMediaType) -> HubError:
    return errors.UnsupportedMediaType(f"{error.detail} Say what you send in Content-Type.")


@translate.register
def _(error: drf.Throttled) -> HubError:
    return errors.RateLimitExceeded(
        "Too many requests.", retry_after=getattr(error, "wait", None) or 1
    )


@translate.register(OperationalError)
@translate.register(InterfaceError)
def _(error: Exception) -> HubError:
    if disk.is_full(error):
        _log.error("database_full", exc_info=error)
        return disk.refusal()
    _log.warning("database_unavailable", exc_info=error)
    return errors.ServiceUnavailable(
        "The hub's database does not answer now. Try again later.",
        retry_after=DATABASE_RETRY_SECONDS,
    )


@translate.register
def _(error: DataError) -> HubError:
    _log.warning("database_refused_value", exc_info=error)
    return errors.ValidationFailed("A value is outside of what the hub can store.")


@translate.register
def _(error: IntegrityError) -> HubError:
    _log.warning("database_conflict", exc_info=error)
    return errors.Conflict(
        "Another request changed the same thing at the same time. Read it again, then retry."
    )


def serializer_faults(detail: Any, pointer: str = "") -> Iterator[Fault]:
    """One fault a message of a serializer's nested error detail, with its JSON pointer."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            whole = key == "non_field_errors"
            yield from serializer_faults(value, pointer if whole else f"{pointer}/{escape(key)}")
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, (dict, list))
            yield from serializer_faults(value, f"{pointer}/{index}" if nested else pointer)
    else:
        code = str(getattr(detail, "code", "") or "invalid").upper()
        yield Fault(pointer, str(detail), code)


def summary(faults: tuple[Fault, ...]) -> str:
    """One sentence for people; the list is for machines."""
    if not faults:
        return "The request is not valid."
    first = faults[0]
    where = f" at {first.pointer}" if first.pointer else ""
    more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"The request is not valid{where}: {first.detail}{more}"
