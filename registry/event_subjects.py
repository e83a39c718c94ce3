"""What registry answers when events ask about subjects: whose they are, how they are labelled.

Models are found by their name, because this is registered before any is loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.apps import apps

from integration_hub.access.caller import Caller
from integration_hub.lib import jsonsafe


def visible_subjects(caller: Caller) -> Any:
    """The slugs of the instances that exist for the caller, as a query."""
    rows = apps.get_model("registry", "Instance").objects
    return rows.visible_to(caller).values("slug")


def labels_of(subjects: Collection[str]) -> Mapping[str, Mapping[str, str]]:
    """The labels of the instances with these slugs."""
    rows = apps.get_model("registry", "Instance").objects.filter(slug__in=subjects)
    return {slug: jsonsafe.loads(text) for slug, text in rows.values_list("slug", "labels")}
