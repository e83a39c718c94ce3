"""Everything comes under the newest key while others write; what cannot be opened is left alone."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.core.management import call_command

from executor.models import IdempotencyRecord, Payload
from integration_hub.events.models import EventSink
from integration_hub.lib import clock, pause
from integration_hub.lib.ids import new_id
from integration_hub.sealing.census import key_uses, sealed_columns
from integration_hub.sealing.field import seal
from integration_hub.sealing.keyring import keyring
from integration_hub.sealing.queryset import sealed_fields
from integration_hub.sealing.rotation import rotate_all

pytestmark = pytest.mark.django_db

OLD = "the-old-key-q1w2e3r4t5y6u7i8o9p0a1s2d3"
NEW = "the-new-key-z9x8c7v6b5n4m3l2k1j0h9g8f7"
LOST = "the-lost-key-p1o2i3u4y5t6r7e8w9q0a1s2"


@pytest.fixture(autouse=True)
def old_key(settings, db):
    settings.FERNET_KEYS = [OLD]


@pytest.fixture
def new_key(settings):
    """Call it: a newer key stands in front from here on."""

    def put(*keys: str) -> str:
        settings.FERNET_KEYS = list(keys or (NEW, OLD))
        return keyring().newest

    return put


def run(*arguments: str, expect: int = 0, capsys) -> dict:
    try:
        call_command("rotate_keys", "--json", *arguments)
        code = 0
    except SystemExit as end:
        code = end.code
    assert code == expect
    return json.loads(capsys.readouterr().out)


def payload(parameters: str = '{"a": 1}', data: str | None = None) -> Payload:
    row = Payload(id=new_id())
    row.sealed_parameters = seal(row, "sealed_parameters", parameters)
    if data is not None:
        row.sealed_data = seal(row, "sealed_data", data)
    row.save(force_insert=True)
    return row


def record(text: str = "{}") -> IdempotencyRecord:
    row = IdempotencyRecord(
        owner="token:1",
        instance_id=new_id(),
        method="m",
        key_digest="k",
        body_digest="b",
        execution_id=new_id(),
        created_at=clock.now(),
    )
    row.body = seal(row, "body", text)
    row.save(force_insert=True)
    return row


def test_every_sealed_column_of_every_model_is_found() -> None:
    found = {(each.model, name) for each in sealed_columns() for name in each.fields}
    expected = {(model, name) for model in apps.get_models() for name in sealed_fields(model)}
    assert found == expected
    assert (Payload, "sealed_data") in found


def test_all_rows_come_under_the_newest_key_and_say_what_they_said(
    sink, new_key, settings, capsys
) -> None:
    rows = [sink("first", "one"), sink("second", "two")]
    both, one, kept = payload("P", "D"), payload("Q"), record("B")
    newest = new_key()
    told = run(capsys=capsys)
    settings.FERNET_KEYS = [NEW]
    assert [EventSink.objects.get(pk=row.pk).secret.open(row) for row in rows] == ["one", "two"]
    assert Payload.objects.get(pk=both.pk).sealed_parameters.open(both) == "P"
    assert Payload.objects.get(pk=both.pk).sealed_data.open(both) == "D"
    assert Payload.objects.get(pk=one.pk).sealed_data is None
    assert IdempotencyRecord.objects.get(pk=kept.pk).body.open(kept) == "B"
    assert told["rotated"] == 5
    by_id = {key["id"]: key for key in told["keys"]}
    assert by_id.pop(newest)["rows"] == 5
    (old,) = by_id.values()
    assert (old["rows"], old["safe_to_retire"]) == (0, True)


def test_more_rows_than_one_batch_are_all_brought_along(monkeypatch, new_key, sink) -> None:
    monkeypatch.setattr("integration_hub.sealing.rotation.BATCH", 3)
    for number in range(10):
        sink(f"sink-{number}")
    newest = new_key()
    seen: list[tuple[str, int]] = []
    outcome = rotate_all(told=lambda model, rows: seen.append((model, rows)))
    assert outcome.rotated == EventSink.objects.filter(secret_key=newest).count() == 10
    assert [rows for model, rows in seen if model == "events.EventSink"] == [3, 6, 9, 10]


def test_a_run_that_was_cut_short_goes_on_where_rows_are_behind(monkeypatch, new_key, sink) -> None:
    monkeypatch.setattr("integration_hub.sealing.rotation.BATCH", 2)
    for number in range(6):
        sink(f"sink-{number}")
    newest = new_key()

    def die(_: str, rows: int) -> None:
        if rows == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_all(told=die)
    assert EventSink.objects.filter(secret_key=newest).count() == 4
    assert rotate_all(told=lambda *_: None).rotated == 2
    assert rotate_all(told=lambda *_: None).rotated == 0


def test_an_edit_between_read_and_write_wins(new_key, sink) -> None:
    row, other = sink("first", "before"), sink("second", "untouched")
    newest = new_key()
    edited = []

    def edit() -> None:
        if not edited:
            edited.append(True)
            again = EventSink.objects.get(pk=row.pk)
            again.secret = seal(again, "secret", "after")
            again.save()

    with pause.at("sealing.rotate", edit):
        outcome = rotate_all(told=lambda *_: None)
    assert EventSink.objects.get(pk=row.pk).secret.open(row) == "after"
    assert EventSink.objects.get(pk=other.pk).secret.open(other) == "untouched"
    assert EventSink.objects.filter(secret_key=newest).count() == 2
    assert (outcome.rotated, outcome.overtaken) == (1, 1)


def test_an_edit_under_the_old_key_is_brought_along_too(new_key, sink, settings) -> None:
    """A process that was not restarted yet still seals with the old key."""
    row = sink("first", "before")
    newest = new_key()
    edited = []

    def edit() -> None:
        if not edited:
            edited.append(True)
            settings.FERNET_KEYS = [OLD]
            EventSink.objects.filter(pk=row.pk).update(secret=seal(row, "secret", "after"))
            settings.FERNET_KEYS = [NEW, OLD]

    with pause.at("sealing.rotate", edit):
        outcome = rotate_all(told=lambda *_: None)
    found = EventSink.objects.get(pk=row.pk)
    assert (found.secret.open(row), found.secret_key) == ("after", newest)
    assert (outcome.rotated, outcome.overtaken) == (1, 1)


def test_a_row_saved_for_another_reason_does_not_bring_the_old_ciphertext_back(
    new_key, sink
) -> None:
    loaded = sink("first", "one")
    newest = new_key()
    rotate_all(told=lambda *_: None)
    loaded.name = "renamed"
    loaded.save()
    found = EventSink.objects.get(pk=loaded.pk)
    assert (found.name, found.secret_key) == ("renamed", newest)
    assert found.secret.open(found) == "one"


def test_what_cannot_be_opened_is_counted_named_and_left_as_it_is(
    new_key, sink, raw, capsys, settings
) -> None:
    settings.FERNET_KEYS = [LOST]
    lost = sink("lost")
    settings.FERNET_KEYS = [OLD]
    changed, well = sink("changed"), sink("well", "fine")
    token = raw(changed)
    raw.write(changed, token[:-6] + b"AAAA==")
    before = raw(lost), raw(changed)
    newest = new_key()
    told = run(expect=1, capsys=capsys)
    assert (raw(lost), raw(changed)) == before
    assert EventSink.objects.get(pk=well.pk).secret.open(well) == "fine"
    assert told["unreadable"]["count"] == 2
    listed = {(row["model"], row["pk"]) for row in told["unreadable"]["rows"]}
    assert listed == {("events.EventSink", str(row.pk)) for row in (lost, changed)}
    uses = {key["id"]: (key["rows"], key["known"]) for key in told["keys"]}
    assert uses.pop(newest) == (1, True)
    assert sorted(uses.values()) == [(1, False), (1, True)]


def test_status_counts_and_changes_nothing(new_key, sink, raw, capsys) -> None:
    row = sink()
    before = raw(row)
    new_key()
    told = run("--status", expect=1, capsys=capsys)
    assert [key["rows"] for key in told["keys"]] == [0, 1]
    assert not any(key["safe_to_retire"] for key in told["keys"])
    assert raw(row) == before


def test_people_read_which_key_may_go(new_key, sink, capsys) -> None:
    sink()
    old = keyring().newest
    newest = new_key()
    call_command("rotate_keys")
    said = capsys.readouterr().out
    assert f"key {newest}: 1 rows, the newest key" in said
    assert f"key {old}: 0 rows, safe to retire" in said


def test_rows_without_a_ciphertext_use_no_key(new_key) -> None:
    Payload(id=new_id()).save(force_insert=True)
    new_key()
    assert [use.rows for use in key_uses()] == [0, 0]
