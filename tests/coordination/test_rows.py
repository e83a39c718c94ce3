"""Rows made without ceremony are the rows that the model itself would make."""

import pytest

from executor.models import Attempt, Execution
from integration_hub.coordination import rows
from integration_hub.lib.ids import new_id


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_has_what_the_model_gives_it():
    given = {"id": new_id(), "method": "ping", "instance_slug": "a"}
    assert values_of(rows.new(Execution, **given)) == values_of(Execution(**given))


def test_a_key_is_made_anew_for_each_row():
    one, other = (rows.new(Attempt, execution_id=new_id()) for _ in range(2))
    assert one.pk != other.pk


def test_a_row_is_new_until_it_is_written():
    assert rows.new(Attempt, execution_id=new_id())._state.adding


def test_a_name_that_is_no_column_is_refused():
    with pytest.raises(TypeError, match="nonsense"):
        rows.new(Execution, nonsense=1)


@pytest.mark.django_db
def test_a_row_can_be_saved_and_read_like_any_other():
    row = rows.new(Attempt, execution_id=new_id(), number=1, started_at="2026-01-01T00:00:00Z")
    row.duration_ms = 1.5
    row.save(force_insert=True)
    assert Attempt.objects.get(pk=row.pk).duration_ms == 1.5
