"""What the routes that write need: systems to call, to connect to, and to tell."""

from tests.credentials.conftest import caller, connect, put
from tests.credentials.oauth2.conftest import server
from tests.credentials.oauth2.conftest import shop as renewing_shop
from tests.credentials.oauth2.consent import consent, shop
from tests.executor.conftest import _fresh_process, accept, acme, call

__all__ = [
    "_fresh_process",
    "accept",
    "acme",
    "call",
    "caller",
    "connect",
    "consent",
    "put",
    "renewing_shop",
    "server",
    "shop",
]
