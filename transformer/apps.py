from django.apps import AppConfig

from registry.check import definition_checks
from transformer import formats as format_folder
from transformer import transforms as transform_folder
from transformer.definition_checks import check_transforms
from transformer.format import formats
from transformer.transform import transforms


class TransformerConfig(AppConfig):
    name = "transformer"
    label = "transformer"
    verbose_name = "Transformer"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        formats.load(format_folder)
        transforms.load(transform_folder)
        definition_checks.add("transforms", check_transforms)
