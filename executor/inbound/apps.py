from django.apps import AppConfig

from executor.inbound import brokers as broker_modules
from executor.inbound.broker import brokers
from executor.inbound.definition_checks import check_webhook, warn_of_webhook, warning_of
from registry.check import definition_checks, definition_warnings
from registry.instance_warnings import instance_warnings


class InboundConfig(AppConfig):
    name = "executor.inbound"
    label = "inbound"
    verbose_name = "Webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        brokers.load(broker_modules)
        definition_checks.add("webhook", check_webhook)
        definition_warnings.add("webhook", warn_of_webhook)
        instance_warnings.add("webhook", warning_of)
