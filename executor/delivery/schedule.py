"""django-q2's own schedules, kept as the settings list them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django_q.models import Schedule


def ensure() -> None:
    """Make the stored schedules those of HUB_SCHEDULES; run at every start, by any number.

    Schedules that are not ours are left alone; doubled rows of ours are removed.
    """
    wanted: Mapping[str, Mapping[str, Any]] = settings.HUB_SCHEDULES
    with transaction.atomic():
        for name, columns in wanted.items():
            rows = list(Schedule.objects.select_for_update().filter(name=name).order_by("pk"))
            if not rows:
                Schedule.objects.create(name=name, **columns)
                continue
            Schedule.objects.filter(pk=rows[0].pk).update(**columns)
            Schedule.objects.filter(pk__in=[row.pk for row in rows[1:]]).delete()
