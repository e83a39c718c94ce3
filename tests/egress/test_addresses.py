"""Which hosts may be called: hundreds of spellings of forbidden ones, and public neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_hub.egress import policy
from integration_hub.lib.errors import TargetForbidden
from tests.egress.conftest import send

LINES = (Path(__file__).parent / "forbidden_hosts.txt").read_text(encoding="utf-8").split("\n")
FORBIDDEN = [line for line in LINES if line and not line.startswith("# ")]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "[2001:200::1]",
    "[2001:4860:4860::8888]",
    "[2001:db7:ffff::1]",
    "[2001:db9::1]",
    "[2003::1]",
    "[2400:cb00:2048:1::c629:d7a2]",
    "[2606:2800:220:1:248:1893:25C8:1946]",
    "[2606:4700:4700:0:0:0:0:1111]",
    "[2a00:1450:4001:81b::200e]",
    "[3fff:1000::1]",
    "example.com",
    "EXAMPLE.com",
    "example.com.",
    "example.com:8443",
    "a_b.example.com",
    "1e100.net",
    "10.example.com",
    "127.0.0.1.example.com",
    "dead.beef",
    "xn--bcher-kva.example",
    "bücher.example",
    "例え.テスト",
    "straße.example",
]


@pytest.fixture(autouse=True)
def nothing_is_opened(settings):
    settings.HUB_OUTBOUND_ALLOW = []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", FORBIDDEN)
def test_a_forbidden_host_is_refused_in_every_spelling(host, scheme):
    with pytest.raises(TargetForbidden):
        policy.check_url(f"{scheme}://{host}/path")


def test_the_list_is_long():
    assert len(FORBIDDEN) > 500


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_neighbour_of_a_forbidden_range_passes(host):
    policy.check_url(f"https://{host}/path?query=1")


def test_no_socket_is_opened_for_any_forbidden_host(connects, names):
    for host in FORBIDDEN:
        with pytest.raises(TargetForbidden):
            send(f"http://{host}/")
    assert connects == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/path",
        "example.com",
        "//example.com/",
        "http:example.com",
        "http:/example.com",
        "http://",
        "http:///path",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "dict://127.0.0.1:11211/stat",
        "ldap://127.0.0.1/",
        "javascript:alert(1)",
        "data:text/plain,hello",
        "jar:http://example.com!/",
        "unix:///var/run/docker.sock",
        "http+unix://%2fvar%2frun%2fdocker.sock/info",
        "ws://example.com/",
        " http://example.com/",
        "\thttp://example.com/",
        "http://example.com/\r\nHost: 127.0.0.1",
        "http://example.com/\npath",
        "http://example.com/a b",
        "http://example.com/\x00",
        "http://example.com/\x7f",
        "http://example.com/ü",
        "http://example.com/\\path",
        "http://example.com/#fragment",
        "http://example.com#@127.0.0.1/",
        "http\n://example.com/",
        "httpſ://example.com/",
        "http://example.com/" + "a" * 8192,
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
    ],
)
def test_a_url_that_readers_could_take_differently_is_refused(url):
    with pytest.raises(TargetForbidden):
        policy.check_url(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://Example.COM", "example.com", 80, "/"),
        ("HTTPS://example.com.:443/a/../b?c=%2F", "example.com", 443, "/a/../b?c=%2F"),
        ("http://example.com?x=1", "example.com", 80, "/?x=1"),
        ("http://bücher.example:8080/", "xn--bcher-kva.example", 8080, "/"),
        ("http://[2606:4700:0:0::1111]:81/", "2606:4700::1111", 81, "/"),
        ("http://example.com//@127.0.0.1/", "example.com", 80, "//@127.0.0.1/"),
    ],
)
def test_a_url_has_one_reading_and_its_path_is_left_alone(url, host, port, path):
    target = policy.parse_url(url)
    assert (target.origin.host, target.origin.port, target.path) == (host, port, path)
