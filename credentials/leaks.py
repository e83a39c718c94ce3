"""Is a known secret in a stored row where it must not be?

Every secret of the hub is opened in memory for the length of one scan. Digests would
not do: a secret inside a longer text is only found by its own text, and who may run
this holds FERNET_KEYS anyway. Nothing that is found is ever printed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from credentials.models import Credential
from credentials.rotation import previous_of
from credentials.scheme import schemes
from integration_hub.events.models import EventSink
from integration_hub.lib import jsonsafe
from integration_hub.lib.redaction.needles import Needles
from integration_hub.sealing.keyring import CannotOpen

BATCH = 500
MIN_LENGTH = 8  # shorter values stand in ordinary texts too
MAX_FOUND = 1_000
_TEXTS = (models.CharField, models.TextField, models.JSONField)


@dataclass(frozen=True, slots=True)
class Leak:
    """Where a secret stands; never which."""

    table: str
    column: str
    pk: str


def known_secrets() -> set[str]:
    """Of every credential and sink that opens, and the hub's own keys."""
    own = (settings.SECRET_KEY, settings.HUB_VAULT_TOKEN, *settings.FERNET_KEYS)
    found = {*own, *settings.SECRET_KEY_FALLBACKS}
    for row in Credential.objects.iterator(BATCH):
        found.update(_of_credential(row))
    for sink in EventSink.objects.iterator(BATCH):
        found.update(_of_sink(sink))
    return {secret for secret in found if len(secret) >= MIN_LENGTH}


def scan(*, told: Callable[[str, int], None]) -> Iterator[Leak]:
    """Every row with a known secret, at most 1,000; `told(table, rows seen)` after each batch."""
    needles, found = Needles(known_secrets()), 0
    for model in apps.get_models(include_auto_created=True):
        for leak in _of_model(model, needles, told):
            yield leak
            found += 1
            if found >= MAX_FOUND:
                return


def _of_model(
    model: type[models.Model], needles: Needles, told: Callable[[str, int], None]
) -> Iterator[Leak]:
    fields = [f for f in model._meta.local_concrete_fields if isinstance(f, _TEXTS)]
    names = [f.name for f in fields if not getattr(f, "is_sealed", False)]
    if model._meta.proxy or not model._meta.managed or not names:
        return
    rows, last, seen = model._default_manager.order_by("pk"), None, 0
    while True:
        page = rows if last is None else rows.filter(pk__gt=last)
        batch = list(page.values_list("pk", *names)[:BATCH])
        for pk, *values in batch:
            for name, value in zip(names, values, strict=True):
                if value and needles.spans(_as_text(value)):
                    yield Leak(model._meta.db_table, name, str(pk))
        if not batch:
            return
        last, seen = batch[-1][0], seen + len(batch)
        told(model._meta.db_table, seen)


def _of_credential(row: Credential) -> Iterator[str]:
    for one in (row, previous_of(row)):
        try:
            if one is not None and one.type in schemes:
                yield from schemes.get(one.type).secrets(jsonsafe.loads(one.open_secret()))
        except CannotOpen:
            continue


def _of_sink(sink: EventSink) -> list[str]:
    try:
        return [] if sink.secret is None else list(_texts(jsonsafe.loads(sink.secret.open(sink))))
    except CannotOpen:
        return []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
