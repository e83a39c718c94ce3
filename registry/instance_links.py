"""What more can be done with an instance in the admin: pages of the apps above.

Registry owns the catalog; an upper app adds its page (credentials, a test of the
connection, trying a method) at start-up. An entry returns the page's title and
address, or None for a user who may not open it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from integration_hub.lib.catalog import Catalog
from registry.models import Instance

InstanceLink = Callable[[HttpRequest, Instance], tuple[str, str] | None]

instance_links: Catalog[InstanceLink] = Catalog("instance link")


def links_of(request: HttpRequest, instance: Instance) -> list[tuple[str, str]]:
    """Title and address of every page that this user may open, in the order of their names."""
    found = (link(request, instance) for _, link in instance_links)
    return [link for link in found if link is not None]
