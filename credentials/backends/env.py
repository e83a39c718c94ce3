"""`env:NAME`: a variable of the hub's processes, never one of its own settings."""

import re

from django.conf import settings

from credentials.backend import CannotLookUp, SecretBackend, backends
from integration_hub import env

_SET_ASIDE = "HUB_SECRET_"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


@backends.register("env")
class Environment(SecretBackend):
    name = "env"
    title = "Environment variable"

    def fault(self, place: str) -> str:
        prefix = settings.HUB_SECRET_ENV_PREFIX
        if not _NAME.fullmatch(place):
            return "env: takes the name of a variable, as env:ACME_TOKEN."
        if env.is_own(place) or (place.startswith("HUB_") and not place.startswith(_SET_ASIDE)):
            return "The hub's own settings may not be referred to."
        if not place.startswith(prefix):
            return (
                f"Only variables that begin with {prefix!r} may be referred to "
                "(HUB_SECRET_ENV_PREFIX)."
            )
        return ""

    def read(self, place: str, *, seconds: float) -> str:
        fault = self.fault(place)
        if fault:
            raise CannotLookUp(fault, lasting=True)
        found = env.outside(place)
        if found is None:
            raise CannotLookUp(
                "The variable is not set for this process: set it and restart the hub.",
                lasting=True,
            )
        return found
