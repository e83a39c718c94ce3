from django.apps import AppConfig

from credentials import backends as backend_folder
from credentials import schemes as folder
from credentials.backend import backends
from credentials.definition_checks import check_auth
from credentials.readiness import pending_credential
from credentials.scheme import schemes
from registry.check import definition_checks
from registry.readiness import authentication


class CredentialsConfig(AppConfig):
    name = "credentials"
    label = "credentials"
    verbose_name = "Credentials"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        schemes.load(folder)
        backends.load(backend_folder)
        definition_checks.add("auth", check_auth)
        authentication.add("credentials", pending_credential)
