"""A sealed column opens for its own row alone, and only when asked."""

from __future__ import annotations

import base64
import copy
import json
import pickle

import orjson
import pytest
from django.core.exceptions import FieldError, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from executor.models import Payload
from integration_hub.coordination.statement import write_together
from integration_hub.events.models import EventSink
from integration_hub.lib import jsonsafe
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import Sealed, SealedField, seal
from integration_hub.sealing.keyring import CannotOpen, keyring
from tests.sealing.conftest import CANARY

pytestmark = pytest.mark.django_db

OLD = "an-old-key-that-is-long-enough-0123456789"
NEW = "a-new-key-that-is-long-enough-0123456789"


def test_what_is_sealed_is_opened_and_never_stored_in_clear(sink, raw) -> None:
    row = sink()
    assert isinstance(row.secret, Sealed)
    assert row.secret.open(row) == CANARY
    stored = raw(row)
    for form in (CANARY.encode(), CANARY.encode().hex().encode()):
        assert form not in stored
    assert base64.b64encode(b"canary9Qx7value")[:-4] not in stored


def test_an_empty_text_is_a_value_and_none_is_none(sink) -> None:
    row = sink(text="")
    assert row.secret.open(row) == ""
    row.secret = None
    row.save()
    assert EventSink.objects.get(pk=row.pk).secret is None


def test_loading_decrypts_nothing(sink, settings) -> None:
    sink()
    settings.FERNET_KEYS = [NEW]
    rows = list(EventSink.objects.all())
    assert repr(rows[0].secret) == "<Sealed ***>"
    with pytest.raises(CannotOpen):
        rows[0].secret.open(rows[0])


def test_one_bad_row_breaks_only_itself(sink, raw) -> None:
    bad, good = sink("bad"), sink("good")
    raw.write(bad, b"garbage")
    rows = {row.name: row for row in EventSink.objects.filter(name__in=["bad", "good"])}
    assert rows["good"].secret.open(good) == CANARY
    with pytest.raises(CannotOpen):
        rows["bad"].secret.open(bad)


def test_a_ciphertext_moved_to_another_row_does_not_open(sink, raw) -> None:
    first, second = sink("first", "one"), sink("second", "two")
    one, two = raw(first), raw(second)
    for row in (raw.write(first, two), raw.write(second, one)):
        with pytest.raises(CannotOpen, match="another row"):
            row.secret.open(row)


def test_a_ciphertext_moved_to_another_column_does_not_open() -> None:
    row = Payload(id=new_id())
    row.sealed_parameters = seal(row, "sealed_parameters", "{}")
    row.save()
    Payload.objects.filter(pk=row.pk).update(
        sealed_data=Sealed(row.sealed_parameters.token, "executor.payload", "sealed_data")
    )
    loaded = Payload.objects.get(pk=row.pk)
    assert loaded.sealed_parameters.open(loaded) == "{}"
    with pytest.raises(CannotOpen, match="another row"):
        loaded.sealed_data.open(loaded)


def test_a_copied_row_does_not_open(sink) -> None:
    row = sink()
    row.pk, row.name, row._state.adding = new_id(), "copy", True
    row.save()
    loaded = EventSink.objects.get(name="copy")
    with pytest.raises(CannotOpen):
        loaded.secret.open(loaded)


@pytest.mark.parametrize("text", ["", "x", "xy", CANARY])
def test_every_flipped_byte_is_detected(sink, raw, text: str) -> None:
    row = sink(text=text)
    token = raw(row)
    opened = []
    for place in range(len(token)):
        for mask in (0x01, 0x02, 0x10, 0x80):
            changed = bytearray(token)
            changed[place] ^= mask
            try:
                Sealed(bytes(changed), "events.eventsink", "secret").open(row)
                opened.append((place, mask))
            except CannotOpen:
                continue
    assert opened == []
    for other in (token[:-1], token + b"=", token + b"A", token + b"\n", b"", b"\xff\xfe"):
        with pytest.raises(CannotOpen):
            Sealed(other, "events.eventsink", "secret").open(row)


def test_the_primary_keys_spelling_does_not_matter(sink) -> None:
    row = sink()
    row.pk = str(row.pk).replace("-", "").upper()
    assert row.secret.open(row) == CANARY


def test_sealing_needs_a_primary_key() -> None:
    row = Payload(id=None)
    with pytest.raises(ValueError, match="primary key"):
        seal(row, "sealed_data", "x")


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        lambda s: f"{s!s} {s!r} {s}",
        lambda s: repr([s, {"s": s}]),
    ],
)
def test_a_sealed_value_shows_neither_text_nor_ciphertext(sink, show) -> None:
    row = sink()
    shown = show(row.secret)
    assert "***" in shown
    assert row.secret.token.decode() not in shown
    assert "canary" not in shown


@pytest.mark.parametrize(
    "write",
    [
        pickle.dumps,
        lambda s: json.dumps({"s": s}),
        lambda s: json.dumps({"s": s}, cls=DjangoJSONEncoder),
        orjson.dumps,
        jsonsafe.dumps,
    ],
)
def test_a_sealed_value_is_never_pickled_or_serialised(sink, write) -> None:
    row = sink()
    with pytest.raises(TypeError):
        write(row.secret)


def test_a_row_that_holds_one_is_never_pickled(sink) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(sink())
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(list(EventSink.objects.all()))


def test_copies_share_the_opaque_value(sink) -> None:
    row = sink()
    twin = copy.deepcopy(row)
    assert twin.secret is row.secret
    assert copy.copy(row.secret) is row.secret


@pytest.mark.parametrize("value", ["plain", b"bytes", 7, F("name"), Value("x")])
def test_only_sealed_values_are_saved(sink, value) -> None:
    row = sink()
    row.secret = value
    with pytest.raises(FieldError, match="seal"):
        row.save()
    row.pk, row._state.adding = new_id(), True
    with pytest.raises(FieldError, match="seal"):
        EventSink.objects.bulk_create([row])


def test_a_value_sealed_for_another_column_is_not_saved(sink) -> None:
    row = sink()
    payload = Payload(id=new_id())
    row.secret = seal(payload, "sealed_data", "x")
    with pytest.raises(FieldError):
        row.save()


@pytest.mark.parametrize(
    "value",
    ["plain", F("name"), Value("x"), Concat("name", Value("x")), F("secret")],
)
def test_an_update_takes_no_text_and_no_expression(sink, raw, value) -> None:
    row = sink()
    before = raw(row)
    with pytest.raises(FieldError), transaction.atomic():
        EventSink.objects.filter(pk=row.pk).update(secret=value)
    with pytest.raises(FieldError), transaction.atomic():
        EventSink._base_manager.filter(pk=row.pk).update(secret=value)
    with pytest.raises(FieldError), transaction.atomic():
        write_together(
            inserts=[], updates=[(EventSink.objects.filter(pk=row.pk), {"secret": value})]
        )
    assert raw(row) == before


def test_bulk_update_of_a_sealed_column_is_refused(sink, raw) -> None:
    row = sink()
    before = raw(row)
    for manager in (EventSink.objects, EventSink._base_manager):
        with pytest.raises(FieldError), transaction.atomic():
            manager.bulk_update([row], ["secret"])
    assert raw(row) == before
    row.config = '{"a": 1}'
    assert EventSink.objects.bulk_update([row], ["config"]) == 1


@pytest.mark.parametrize(
    "read",
    [
        lambda rows: rows.values("secret"),
        lambda rows: rows.values(),
        lambda rows: rows.values_list(),
        lambda rows: rows.values_list("name", "secret"),
        lambda rows: rows.values_list("secret", flat=True),
        lambda rows: rows.values(x=F("secret")),
        lambda rows: rows.values_list(Concat("secret", Value("x"))),
        lambda rows: rows.order_by("secret"),
        lambda rows: rows.order_by("-secret"),
        lambda rows: rows.order_by(F("secret").desc()),
        lambda rows: rows.filter(secret="x"),
        lambda rows: rows.filter(secret__contains="x"),
        lambda rows: rows.filter(secret__in=["x"]),
        lambda rows: rows.filter(secret__gt="x"),
        lambda rows: rows.filter(secret=F("name")),
        lambda rows: rows.exclude(secret__startswith="x"),
    ],
)
def test_values_filters_and_orders_of_a_sealed_column_are_refused(sink, read) -> None:
    sink()
    with pytest.raises(FieldError):
        list(read(EventSink.objects.all()))


def test_a_sealed_column_can_be_asked_whether_it_is_empty(sink) -> None:
    sink()
    EventSink.objects.create(name="none", type="log")
    assert EventSink.objects.filter(secret__isnull=False, name="first").count() == 1
    assert EventSink.objects.filter(secret__isnull=True, name="none").count() == 1
    assert EventSink.objects.values_list("name", flat=True).filter(name="none").get() == "none"
    assert EventSink.objects.defer("secret").get(name="first").name == "first"


def test_nothing_reaches_the_column_from_a_fixture() -> None:
    field = EventSink._meta.get_field("secret")
    assert isinstance(field, SealedField)
    assert field.to_python("") is None
    with pytest.raises(ValidationError):
        field.to_python("plain")


def test_the_newest_key_seals_and_every_key_opens(sink, settings) -> None:
    settings.FERNET_KEYS = [OLD]
    old = sink("old")
    settings.FERNET_KEYS = [NEW, OLD]
    new = sink("new")
    ring = keyring()
    assert (new.secret_key, old.secret_key) == ring.ids
    assert ring.newest == new.secret_key
    assert old.secret.open(old) == new.secret.open(new) == CANARY
    settings.FERNET_KEYS = [NEW]
    assert new.secret.open(new) == CANARY
    with pytest.raises(CannotOpen, match="FERNET_KEYS"):
        old.secret.open(old)


def test_a_key_id_tells_nothing_of_its_key(settings) -> None:
    settings.FERNET_KEYS = [NEW]
    assert keyring().newest not in NEW
    assert len(keyring().newest) == 8


def test_the_keys_id_is_written_with_the_column_by_every_way(sink, settings) -> None:
    row = sink()
    settings.FERNET_KEYS = [NEW, *settings.FERNET_KEYS]
    newest = keyring().newest
    row.secret = seal(row, "secret", "second")
    row.save(update_fields=["secret"])
    assert EventSink.objects.get(pk=row.pk).secret_key == newest
    other = sink("other")
    EventSink.objects.filter(pk=other.pk).update(secret_key="")
    EventSink.objects.filter(pk=other.pk).update(secret=seal(other, "secret", "third"))
    assert EventSink.objects.get(pk=other.pk).secret_key == newest
    third = EventSink(name="bulk", type="log")
    third.secret = seal(third, "secret", "x")
    EventSink.objects.bulk_create([third])
    assert EventSink.objects.get(name="bulk").secret_key == newest


def test_saving_a_loaded_row_keeps_ciphertext_and_key_id(sink, raw, settings) -> None:
    row = sink()
    before = raw(row), row.secret_key
    settings.FERNET_KEYS = [NEW]
    row.config = '{"a": 2}'
    row.save()
    assert (raw(row), EventSink.objects.get(pk=row.pk).secret_key) == before


def test_without_a_key_nothing_is_sealed_and_secret_key_is_no_substitute(sink, settings) -> None:
    row = sink()
    settings.FERNET_KEYS = []
    with pytest.raises(CannotOpen, match="FERNET_KEYS is empty"):
        seal(row, "secret", "x")
    with pytest.raises(CannotOpen):
        row.secret.open(row)
    settings.FERNET_KEYS = [settings.SECRET_KEY]
    with pytest.raises(CannotOpen):
        row.secret.open(row)


def test_a_large_text_with_any_character_survives(sink) -> None:
    text = "🔑\x00\n\u2028" * 20_000
    row = sink(text=text)
    assert row.secret.open(row) == text
