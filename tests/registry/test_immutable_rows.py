"""The database itself refuses to change what was published, also to raw SQL."""

import pytest
from django.db import IntegrityError, connection, transaction

from registry.models import Definition

pytestmark = pytest.mark.django_db


def write(column, value):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE registry_definition SET {column} = %s", [value])  # noqa: S608


@pytest.mark.parametrize("status", ["published", "deprecated", "archived"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("document", "{}"),
        ("resolved", "{}"),
        ("digest", "x"),
        ("slug", "other"),
        ("version", "9.9.9"),
        ("type", "other"),
        ("status", "draft"),
    ],
)
def test_what_was_published_is_refused(define, status, column, value):
    row = define()
    write("status", status)
    with pytest.raises(IntegrityError, match="never changes"):
        write(column, value)
    row.refresh_from_db()
    assert (row.version, row.status) == ("1.2.0", status)


@pytest.mark.parametrize("column", ["document", "slug", "version"])
def test_a_draft_may_change(define, column):
    define(publish=False)
    write(column, "other")
    assert getattr(Definition.objects.get(), column) == "other"


@pytest.mark.parametrize("status", ["deprecated", "archived"])
def test_its_life_goes_on(define, status):
    define()
    write("status", status)
    assert Definition.objects.get().status == status
