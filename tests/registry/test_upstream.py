"""Which host an instance talks to, read from its config."""

import pytest

from registry.upstream import upstream_of


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"base_url": "https://API.acme.example/v1"}, "api.acme.example:443"),
        ({"base_url": "http://acme.example"}, "acme.example:80"),
        ({"base_url": "http://[::1]:8080/"}, "::1:8080"),
        ({"url": "amqps://mq.example:5671/vhost"}, "mq.example:5671"),
        ({"host": "Files.example", "port": 22}, "files.example:22"),
        ({"base_url": "https://acme.example:wrong"}, ""),
        ({"base_url": 7}, ""),
        ({}, ""),
    ],
)
def test_the_first_address_counts(config, expected):
    assert upstream_of(config) == expected
