from django.apps import AppConfig


class TransformerConfig(AppConfig):
    name = "transformer"
    label = "transformer"
    verbose_name = "Transformer"
    default_auto_field = "django.db.models.BigAutoField"
