"""Several writes as one, on real tables of the hub."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F
from django.db.utils import DataError
from django.test.utils import isolate_apps

from executor.models import Attempt, Execution, IdempotencyRecord, Payload
from integration_hub.coordination.dbtime import Now
from integration_hub.coordination.models import LeaseRow, SlotRow
from integration_hub.coordination.statement import (
    RowUpdate,
    insert_unless_taken,
    write_together,
)
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import seal

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def an_execution(**changes):
    values = {
        "status": "executing",
        "mode": "sync",
        "instance_id": new_id(),
        "instance_slug": "crm",
        "definition_id": new_id(),
        "definition_ref": "crm@1.0.0",
        "method": "create",
        "caller": "token:1",
        "created_at": NOW,
    }
    return Execution(**(values | changes))


def an_attempt(execution, number=1):
    return Attempt(execution=execution, number=number, started_at=NOW, duration_ms=1.5)


def a_record(key="key", owner="token:1", instance=None, execution=None):
    return IdempotencyRecord(
        owner=owner,
        instance_id=instance or uuid4(),
        method="create",
        key_digest=key,
        body_digest="body",
        execution_id=execution.pk if execution else new_id(),
        created_at=NOW,
    )


@pytest.fixture
def statements(on_postgres, django_assert_num_queries):
    """`with statements(3)`: one on PostgreSQL, three elsewhere and a transaction around."""

    def expect(elsewhere):
        return django_assert_num_queries(1 if on_postgres else elsewhere)

    return expect


@pytest.mark.django_db
def test_inserts_and_updates_go_together_and_the_updates_are_counted(statements):
    first, second = an_execution(), an_execution()
    with statements(2):
        write_together(inserts=[first, second, Payload(id=first.pk)])
    with statements(4):
        counts = write_together(
            inserts=[an_attempt(first), an_attempt(first, 2), LeaseRow(name="x")],
            updates=[
                (Execution.objects.filter(status="executing"), {"status": "completed"}),
                (Payload.objects.filter(pk=first.pk), {"data": '{"100%": "its %s"}'}),
            ],
        )
    assert counts == [2, 1]
    assert Execution.objects.get(pk=first.pk).status == "completed"
    assert Payload.objects.get(pk=first.pk).data == '{"100%": "its %s"}'
    assert [row.number for row in first.attempt_rows.all()] == [1, 2]
    assert not first._state.adding


@pytest.mark.django_db
def test_every_column_arrives_as_save_would_write_it():
    by_us, by_django = an_execution(metadata='{"ä": "\\u0000"}', due_at=NOW), None
    by_django = Execution(**{f.attname: getattr(by_us, f.attname) for f in by_us._meta.fields})
    by_django.pk = new_id()
    write_together(inserts=[by_us])
    by_django.save(force_insert=True)
    rows = Execution.objects.in_bulk([by_us.pk, by_django.pk])
    for field in Execution._meta.fields[1:]:
        assert getattr(rows[by_us.pk], field.attname) == getattr(rows[by_django.pk], field.attname)


@pytest.mark.django_db
@pytest.mark.parametrize("make", ["insert", "conditional insert"])
def test_sealed_values_pass_and_open_again_with_the_key_beside_them(make):
    execution = an_execution()
    payload = Payload(id=execution.pk, parameters='{"a": "***"}')
    payload.sealed_parameters = seal(payload, "sealed_parameters", '{"a": "secret"}')
    if make == "insert":
        write_together(inserts=[execution, payload])
    else:
        assert insert_unless_taken(a_record(execution=execution), [execution, payload])
    found = Payload.objects.get(pk=execution.pk)
    assert found.sealed_parameters.open(found) == '{"a": "secret"}'
    assert found.sealed_key == payload.sealed_parameters.key_id
    assert found.sealed_data is None
    sealed = seal(found, "sealed_data", "more")
    for update in (
        (Payload.objects.filter(pk=found.pk), {"sealed_data": sealed}),
        RowUpdate(Payload, {"pk": found.pk}, {"sealed_data": sealed}),
    ):
        Payload.objects.update(sealed_data=None)
        assert write_together(updates=[update]) == [1]
        found.refresh_from_db()
        assert found.sealed_data.open(found) == "more"


@pytest.mark.django_db
def test_a_sealed_column_refuses_what_is_not_sealed():
    with pytest.raises(FieldError):
        write_together(updates=[RowUpdate(Payload, {"pk": new_id()}, {"sealed_data": "plain"})])
    with pytest.raises(FieldError):
        write_together(updates=[(Payload.objects.all(), {"sealed_data": "plain"})])


@pytest.mark.django_db
def test_expressions_of_the_database_pass():
    lease = LeaseRow(name="a", until=Now())
    write_together(inserts=[lease, LeaseRow(name="b")])
    write_together(updates=[(LeaseRow.objects.filter(name="a"), {"fence": F("fence") + 7})])
    row = LeaseRow.objects.get(name="a")
    assert row.fence == 7
    assert row.until is not None
    assert insert_unless_taken(
        LeaseRow(name="c"), [LeaseRow(name="d", until=Now()), LeaseRow(name="e")]
    )
    assert LeaseRow.objects.get(name="d").until is not None


@pytest.mark.django_db
def test_a_row_update_takes_no_expression():
    with pytest.raises(FieldError):
        write_together(updates=[RowUpdate(LeaseRow, {"name": "a"}, {"fence": F("fence") + 1})])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"name": "a"}, {"a"}),
        ({"pk": "a", "owner": "x"}, {"a"}),
        ({"pk": "a", "owner": "y"}, set()),
        ({"until": None}, {"b"}),
        ({"name": ["a", "b", "z"]}, {"a", "b"}),
        ({"name": {"b"}, "until": None}, {"b"}),
        ({"name": ()}, set()),
    ],
)
def test_a_row_update_finds_by_equality_null_and_list(where, expected):
    LeaseRow.objects.create(name="a", owner="x", until=NOW)
    LeaseRow.objects.create(name="b", owner="x")
    assert write_together(updates=[RowUpdate(LeaseRow, where, {"fence": 5})]) == [len(expected)]
    assert set(LeaseRow.objects.filter(fence=5).values_list("name", flat=True)) == expected


@pytest.mark.django_db
def test_an_update_of_nothing_counts_nothing():
    execution = an_execution()
    updates = [(Execution.objects.filter(pk__in=[]), {"status": "failed"})]
    assert write_together(inserts=[execution], updates=updates) == [0]
    assert Execution.objects.get().status == "executing"
    assert write_together() == []


@pytest.mark.django_db
def test_a_row_without_its_key_gets_one():
    assert write_together(inserts=[SlotRow(scope="s", number=1, holder="h", until=1.0)]) == []
    assert SlotRow.objects.get().pk > 0


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["queryset", "row"])
def test_a_claim_that_was_lost_writes_nothing_else(kind, statements):
    execution = an_execution(fence=3)
    execution.save(force_insert=True)
    Payload.objects.create(id=execution.pk)

    def settle(fence):
        where = {"pk": execution.pk, "fence": fence}
        claim = (
            RowUpdate(Execution, where, {"status": "completed"})
            if kind == "row"
            else (Execution.objects.filter(**where), {"status": "completed"})
        )
        body = RowUpdate(Payload, {"pk": execution.pk}, {"data": "1"})
        rest = [(Payload.objects.filter(pk=execution.pk), {"exchanges": "[1]"})]
        return write_together(
            inserts=[an_attempt(execution), an_attempt(execution, 2)],
            updates=[claim, body if kind == "row" else rest[0]],
            only_if_updated=True,
        )

    with statements(1):
        assert settle(2) == [0, 0]
    assert Attempt.objects.count() == 0
    assert Execution.objects.get().status == "executing"
    with statements(3):
        assert settle(3) == [1, 1]
    assert Attempt.objects.count() == 2


@pytest.mark.django_db
def test_a_conflict_of_the_first_insert_prevents_everything():
    instance, taken = uuid4(), an_execution()
    assert insert_unless_taken(a_record(instance=instance), [taken, Payload(id=taken.pk)])
    late = an_execution()
    assert not insert_unless_taken(a_record(instance=instance), [late, Payload(id=late.pk)])
    assert late._state.adding
    counts = write_together(
        inserts=[a_record(instance=instance), late],
        updates=[(Execution.objects.all(), {"status": "failed"})],
        ignore_conflicts_first=True,
    )
    assert counts == [0]
    assert list(Execution.objects.values_list("pk", "status")) == [(taken.pk, "executing")]
    assert insert_unless_taken(a_record(key="other", instance=instance), [late])


@pytest.mark.django_db
def test_a_conflict_of_a_later_insert_is_an_error_and_undoes_the_first():
    LeaseRow.objects.create(name="there")
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_unless_taken(LeaseRow(name="new"), [LeaseRow(name="there")])
    assert not LeaseRow.objects.filter(name="new").exists()


@pytest.mark.django_db
def test_two_conditions_or_one_without_its_subject_are_refused():
    row, update = LeaseRow(name="a"), RowUpdate(LeaseRow, {"name": "a"}, {"fence": 1})
    with pytest.raises(ValueError, match="first insert"):
        write_together(updates=[update], ignore_conflicts_first=True)
    with pytest.raises(ValueError, match="only condition"):
        write_together(
            inserts=[row], updates=[update], ignore_conflicts_first=True, only_if_updated=True
        )
    with pytest.raises(ValueError, match="first update"):
        write_together(inserts=[row], only_if_updated=True)


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("conditional", [True, False])
def test_a_text_too_long_is_refused_not_cut(conditional):
    long = an_execution(code="x" * 41)
    rows = [a_record(), long]
    with pytest.raises(DataError), transaction.atomic():
        write_together(inserts=rows, ignore_conflicts_first=conditional)


@pytest.fixture
def note(transactional_db):
    """A model with JSON columns; the hub itself keeps JSON as text."""
    with isolate_apps("integration_hub.coordination"):

        class Note(models.Model):
            body = models.JSONField()
            extra = models.JSONField(null=True)

            class Meta:
                app_label = "coordination"

        with connection.schema_editor() as editor:
            editor.create_model(Note)
        yield Note
        with connection.schema_editor() as editor:
            editor.delete_model(Note)


def test_json_columns_pass(note):
    rows = [note(body={"a": [1, "ä", None]}), note(body=[], extra="text")]
    write_together(inserts=rows)
    assert insert_unless_taken(note(body=1), [note(body={"b": 2}), note(body={})])
    write_together(updates=[RowUpdate(note, {"extra": None}, {"extra": {"c": 3}})])
    found = [(row.body, row.extra) for row in note.objects.order_by("pk")]
    assert found[:3] == [({"a": [1, "ä", None]}, {"c": 3}), ([], "text"), (1, {"c": 3})]
    assert len(found) == 5


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_around_it_is_all_or_nothing():
    LeaseRow.objects.create(name="there")
    with pytest.raises(IntegrityError):
        write_together(
            inserts=[Payload(id=new_id()), LeaseRow(name="there")],
            updates=[(LeaseRow.objects.all(), {"fence": 9})],
        )
    assert not Payload.objects.exists()
    assert LeaseRow.objects.get().fence == 0


def race(work, threads=8):
    """Run `work(number)` in threads at once, each with its own connection."""
    gate = threading.Barrier(threads)

    def run(number):
        try:
            gate.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_is_first_for_each_key():
    instance = uuid4()

    def take(_):
        won = 0
        for key in range(10):
            execution = an_execution(instance_id=instance)
            record = a_record(key=str(key), instance=instance, execution=execution)
            won += insert_unless_taken(record, [execution, Payload(id=execution.pk)])
        return won

    assert sum(race(take)) == 10
    assert Execution.objects.count() == Payload.objects.count() == 10
    assert set(IdempotencyRecord.objects.values_list("execution_id", flat=True)) == set(
        Execution.objects.values_list("pk", flat=True)
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_loser_waits_for_the_winner_and_wins_when_that_one_rolls_back():
    instance, inserted, waiting = uuid4(), threading.Event(), threading.Event()

    def work(number):
        if number == 0:
            with transaction.atomic():
                assert insert_unless_taken(a_record(instance=instance), [an_execution()])
                inserted.set()
                waiting.wait()
                transaction.set_rollback(True)
            return "rolled back"
        inserted.wait()
        waiting.set()
        return insert_unless_taken(a_record(instance=instance), [an_execution()])

    assert set(map(str, race(work, 2))) == {"rolled back", "True"}
    assert Execution.objects.count() == IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_claims_of_one_row_exactly_one_settles_it():
    execution = an_execution()
    execution.save(force_insert=True)

    def settle(number):
        claim = RowUpdate(Execution, {"pk": execution.pk, "fence": 0}, {"fence": 1})
        counts = write_together(
            inserts=[an_attempt(execution, number)], updates=[claim], only_if_updated=True
        )
        return counts[0]

    assert sum(race(settle)) == 1
    assert Attempt.objects.count() == 1
