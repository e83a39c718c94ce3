from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.commands.dumpdata import Command as DumpData

from integration_hub.sealing.model import SealedModel


class Command(DumpData):
    help = (
        f"{DumpData.help} Credentials are left out, and sealed columns are empty: "
        "a fixture carries no secret. Example: manage.py dumpdata registry"
    )

    def handle(self, *app_labels: str, **options: Any) -> None:
        options["exclude"] = [*options["exclude"], *_left_out()]
        super().handle(*app_labels, **options)


def _left_out() -> list[str]:
    return [
        model._meta.label
        for model in apps.get_models()
        if issubclass(model, SealedModel) and not model.in_fixtures
    ]
