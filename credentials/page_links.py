"""What more can be done with a credential in the admin: pages of the apps above.

An upper app adds its page (a test, a rotation) at start-up, as for an instance's page.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from credentials.models import Credential
from integration_hub.lib.catalog import Catalog

CredentialLink = Callable[[HttpRequest, Credential], tuple[str, str] | None]

credential_links: Catalog[CredentialLink] = Catalog("credential link")


def links_of(request: HttpRequest, row: Credential) -> list[tuple[str, str]]:
    """Title and address of every page that this user may open, in the order of their names."""
    found = (link(request, row) for _, link in credential_links)
    return [link for link in found if link is not None]
