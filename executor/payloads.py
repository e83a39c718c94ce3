"""The bodies of an execution: what is kept in the open (masked) and what sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executor import exchanges, masking
from executor.calls import Target
from executor.models import Execution, Payload
from executor.run import Run
from integration_hub.coordination import rows
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import PayloadPurged
from integration_hub.lib.redact import Redactor
from integration_hub.sealing.field import Sealed, seal
from integration_hub.sealing.keyring import CannotOpen


def for_call(execution: Execution, target: Target, parameters: Any) -> Payload:
    """The row beside a new execution: parameters masked to show, and sealed to run or replay."""
    kept = masking.parameters(parameters, target.method.sensitive)
    payload = rows.new(Payload, id=execution.pk, parameters=jsonsafe.dumps_text(kept))
    sealed = jsonsafe.dumps_text([parameters, kept] if execution.values_of else parameters)
    payload.sealed_parameters = seal(payload, "sealed_parameters", sealed)
    return payload


def open_parameters(payload: Payload | None) -> dict[str, Any]:
    """The parameters as they were given. Raises PayloadPurged when they are no longer kept."""
    if payload is None or payload.sealed_parameters is None:
        raise PayloadPurged(
            "The parameters of this execution are no longer kept; send the call again instead."
        )
    try:
        return dict(_unsealed(payload, payload.sealed_parameters)[0])
    except CannotOpen as error:
        raise PayloadPurged(
            "The parameters of this execution cannot be opened with the keys in FERNET_KEYS; "
            "put the key back that they were sealed under."
        ) from error


def own_parameters(payload: Payload | None) -> dict[str, Any] | None:
    """The parameters as who gave them may read them, or None when they cannot be opened.

    A value of the hub's own credential is masked for them too, wherever they got it.
    """
    if payload is None or payload.sealed_parameters is None:
        return None
    try:
        return dict(_unsealed(payload, payload.sealed_parameters)[-1])
    except CannotOpen:
        return None


@dataclass(frozen=True, slots=True)
class Kept:
    """`shown` and `notes` go to the caller; `columns` are written to the payload row."""

    shown: Any
    columns: Mapping[str, Any]
    redactor: Redactor
    notes: Mapping[str, Any]


def notes_of(payload: Payload | None) -> dict[str, Any]:
    """The members that stand beside the result."""
    return dict(jsonsafe.loads(payload.notes)) if payload is not None and payload.notes else {}


def settle(run: Run, data: Any, *, has_data: bool) -> Kept:
    """What an ended run leaves: result, exchanges, and parameters once more if a secret was in."""
    paths, secrets = run.target.method.sensitive, run.known
    columns: dict[str, Any] = {}
    hidden = masking.sensitive_values(masking.PARAMETERS, run.parameters, paths)
    shown: Any = None
    if has_data:
        made = masking.result(data, paths, secrets, hidden)
        # Who replays another's call sees of it what everyone else sees.
        shown = made.kept if run.execution.values_of else made.shown
        hidden = (*hidden, *masking.sensitive_values(masking.RESULT, made.shown, paths))
        columns["data"] = jsonsafe.dumps_text(made.kept)
        if made.kept != shown:
            columns |= _sealed_data(run, shown)
    redactor = secrets.redactor(hidden)
    notes = masking.without(dict(run.notes), secrets) if run.notes else {}
    if notes:
        columns["notes"] = jsonsafe.dumps_text(notes)
    columns["exchanges"] = jsonsafe.dumps_text(_exchanges(run, redactor))
    if secrets.values:
        parameters = jsonsafe.dumps_text(masking.parameters(run.parameters, paths, secrets))
        if parameters != run.payload.parameters:
            columns |= {"parameters": parameters, **_sealed_parameters(run)}
    return Kept(shown, columns, redactor, notes)


def _unsealed(payload: Payload, sealed: Sealed) -> list[Any]:
    """As given, and as shown to their giver where that differs (`_parameters_text`)."""
    found = jsonsafe.loads(sealed.open(payload))
    return found if isinstance(found, list) else [found]


def _parameters_text(run: Run) -> str:
    given = dict(run.parameters)
    if run.execution.values_of:
        paths = run.target.method.sensitive
        return jsonsafe.dumps_text([given, masking.parameters(given, paths, run.known)])
    shown = masking.without(given, run.known)
    return jsonsafe.dumps_text(given if shown is given else [given, shown])


def _sealed_parameters(run: Run) -> dict[str, Any]:
    sealed = seal(run.payload, "sealed_parameters", _parameters_text(run))
    return {"sealed_parameters": sealed, "sealed_key": sealed.key_id}


def _sealed_data(run: Run, shown: Any) -> dict[str, Any]:
    """The unmasked result; a key that is newer than the parameters' takes those along."""
    payload = run.payload
    sealed = seal(payload, "sealed_data", jsonsafe.dumps_text(shown))
    columns: dict[str, Any] = {"sealed_data": sealed, "sealed_key": sealed.key_id}
    if payload.sealed_key not in ("", sealed.key_id):
        columns |= _sealed_parameters(run)
    return columns


def _exchanges(run: Run, redactor: Redactor) -> list[Any]:
    """Those of earlier runs of this execution, then this one's."""
    earlier = jsonsafe.loads(run.payload.exchanges) if run.payload.exchanges else []
    paths = run.target.method.sensitive
    sides = {masking.PARAMETERS: "request", masking.RESULT: "response"}
    hide = frozenset(side for name, side in sides.items() if any(name in p for p in paths))
    return earlier + [
        exchanges.masked(record.exchange, record.number, redactor, hide=hide)
        for record in run.records
        if record.exchange is not None
    ]
