"""The credential of the servers in tests/protocol_servers.py, on a request."""

from dataclasses import replace

from integration_hub.egress.door import HttpRequest, Signed
from tests.protocol_servers import TOKEN


def signed(request: HttpRequest) -> Signed:
    headers = {**request.headers, "Authorization": f"Bearer {TOKEN}"}
    return Signed(replace(request, headers=headers), (TOKEN,))
