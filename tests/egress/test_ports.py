"""HTTP is not sent to the ports of other protocols, unless the operator names one."""

from __future__ import annotations

import pytest

from integration_hub.egress import policy
from integration_hub.egress.ports import REFUSED_PORTS
from integration_hub.lib.errors import TargetForbidden
from tests.egress.conftest import send


@pytest.mark.parametrize("port", sorted(REFUSED_PORTS))
def test_a_port_of_another_protocol_is_refused(connects, port):
    url = f"http://127.0.0.1:{port}/"
    with pytest.raises(TargetForbidden, match="HUB_OUTBOUND_ALLOW"):
        policy.check_url(url)
    with pytest.raises(TargetForbidden):
        send(url)
    assert connects == []


@pytest.mark.parametrize("port", [80, 443, 3000, 5000, 8000, 8080, 8443, 9000, 9200, 15672])
def test_the_usual_ports_of_http_are_open(port):
    policy.check_url(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("allow", "host", "opened"),
    [
        (["127.0.0.1:6379"], "127.0.0.1", True),
        (["127.0.0.0/8"], "127.0.0.1", False),
        (["127.0.0.1:6380"], "127.0.0.1", False),
        (["93.184.216.34:6379"], "93.184.216.34", True),
        (["erp.acme.example:6379"], "erp.acme.example", True),
        (["erp.acme.example"], "erp.acme.example", False),
        (["*.acme.example:6379"], "erp.acme.example", True),
    ],
)
def test_an_entry_with_the_port_opens_it(settings, allow, host, opened):
    settings.HUB_OUTBOUND_ALLOW = ["127.0.0.0/8", *allow]
    if opened:
        policy.check_url(f"http://{host}:6379/")
    else:
        with pytest.raises(TargetForbidden):
            policy.check_url(f"http://{host}:6379/")
