"""`vault:path#field`: a field of a secret in HashiCorp Vault's KV store, version 2."""

import re
from typing import Any

import hvac
from django.conf import settings
from hvac import exceptions

from credentials.backend import CannotLookUp, SecretBackend, backends
from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.egress.session import session
from integration_hub.lib import redact
from integration_hub.lib.errors import HubError

MAX_BYTES = 1_048_576
_PLACE = re.compile(r"(?P<path>[A-Za-z0-9_.\-]+(?:/[A-Za-z0-9_.\-]+)*)#(?P<field>[^#/\s]{1,200})")


@backends.register("vault")
class Vault(SecretBackend):
    name = "vault"
    title = "HashiCorp Vault (KV version 2)"

    def fault(self, place: str) -> str:
        found = _PLACE.fullmatch(place)
        if found is None or any(set(part) == {"."} for part in found["path"].split("/")):
            return "vault: takes a path and a field, as vault:acme/production#token."
        if not (settings.HUB_VAULT_URL and settings.HUB_VAULT_TOKEN):
            return "No Vault is set up: set HUB_VAULT_URL and HUB_VAULT_TOKEN."
        return ""

    def read(self, place: str, *, seconds: float) -> str:
        fault = self.fault(place)
        found = _PLACE.fullmatch(place)
        if fault or found is None:
            raise CannotLookUp(fault, lasting=True)
        with redact.registered(settings.HUB_VAULT_TOKEN):
            value = _fields(found["path"], seconds).get(found["field"])
        if not isinstance(value, str):
            raise CannotLookUp(
                f"The secret has no text field {found['field']!r}: see `vault kv get`.",
                lasting=True,
            )
        return value


def _fields(path: str, seconds: float) -> dict[str, Any]:
    tls = TlsOptions(authorities=settings.HUB_VAULT_CA) if settings.HUB_VAULT_CA else None
    client = hvac.Client(
        url=settings.HUB_VAULT_URL,
        token=settings.HUB_VAULT_TOKEN,
        namespace=settings.HUB_VAULT_NAMESPACE or None,
        session=session(deadline=Deadline(seconds), max_bytes=MAX_BYTES, tls=tls),
        strict_http=True,
    )
    try:
        answer = client.secrets.kv.v2.read_secret_version(
            path=path, mount_point=settings.HUB_VAULT_MOUNT, raise_on_deleted_version=True
        )
        return dict(answer["data"]["data"])
    except (exceptions.Forbidden, exceptions.Unauthorized):
        raise CannotLookUp(
            f"Vault refused it: HUB_VAULT_TOKEN has ended, or may not read "
            f"{settings.HUB_VAULT_MOUNT}/data/{path}.",
            lasting=True,
        ) from None
    except exceptions.InvalidPath:
        raise CannotLookUp(
            f"Vault has no such secret in {settings.HUB_VAULT_MOUNT}, or it was deleted.",
            lasting=True,
        ) from None
    except exceptions.VaultError as error:
        raise CannotLookUp(
            f"Vault answered with a fault ({type(error).__name__}): sealed or overloaded? See "
            "`vault status`."
        ) from None
    except HubError as error:
        raise CannotLookUp(f"Vault was not reached: {error.detail}") from None
    except (KeyError, TypeError, ValueError):
        raise CannotLookUp(
            "The answer is not that of a KV store, version 2: see HUB_VAULT_URL, HUB_VAULT_MOUNT."
        ) from None
