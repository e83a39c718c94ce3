from django.apps import AppConfig
from django.core import checks

from registry.check import definition_checks, definition_resolvers
from transformer import engines as engine_folder
from transformer import formats as format_folder
from transformer import transforms as transform_folder
from transformer.checks import check_engine
from transformer.definition_checks import check_transforms
from transformer.engine import engines
from transformer.format import formats
from transformer.named.using import with_used
from transformer.transform import transforms


class TransformerConfig(AppConfig):
    name = "transformer"
    label = "transformer"
    verbose_name = "Transformer"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        formats.load(format_folder)
        transforms.load(transform_folder)
        engines.load(engine_folder)
        checks.register(check_engine, "hub")
        definition_checks.add("transforms", check_transforms)
        definition_resolvers.add("transforms", with_used)
