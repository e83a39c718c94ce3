"""HUB_OUTBOUND_ALLOW, HUB_OUTBOUND_POLICY and `allowed_hosts`."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from integration_hub.egress import policy
from integration_hub.egress.checks import check_outbound
from integration_hub.lib.errors import TargetForbidden


def verdict(url: str, address: str) -> str:
    return policy.rules().verdict(policy.parse_url(url).origin, policy.as_address(address))


@pytest.mark.parametrize(
    ("allow", "url", "address", "expected"),
    [
        ([], "http://a.example", "10.0.0.1", "forbidden"),
        ([], "http://a.example", "8.8.8.8", "public"),
        (["10.0.0.0/8"], "http://a.example", "10.0.0.1", "opened"),
        (["10.0.0.0/8"], "http://a.example", "11.0.0.1", "public"),
        (["10.0.0.0/8"], "http://a.example", "192.168.0.1", "forbidden"),
        (["10.0.0.9/8"], "http://a.example", "10.0.0.1", "opened"),
        (["10.0.0.1"], "http://a.example", "10.0.0.1", "opened"),
        (["10.0.0.1"], "http://a.example", "10.0.0.2", "forbidden"),
        (["10.0.0.1:8080"], "http://a.example:8080", "10.0.0.1", "opened"),
        (["10.0.0.1:8080"], "http://a.example:8081", "10.0.0.1", "forbidden"),
        (["fd12::/16"], "http://a.example", "fd12::1", "opened"),
        (["::1"], "http://a.example", "::1", "opened"),
        (["[::1]:80"], "http://a.example", "::1", "opened"),
        (["[::1]:80"], "http://a.example:81", "::1", "forbidden"),
        (["127.0.0.0/8"], "http://a.example", "::ffff:127.0.0.1", "forbidden"),
        (["a.example"], "http://a.example", "10.0.0.1", "opened"),
        (["A.Example."], "http://a.example", "10.0.0.1", "opened"),
        (["a.example"], "http://b.a.example", "10.0.0.1", "forbidden"),
        (["*.a.example"], "http://b.a.example", "10.0.0.1", "opened"),
        (["*.a.example"], "http://a.example", "10.0.0.1", "forbidden"),
        (["*.a.example"], "http://xa.example", "10.0.0.1", "forbidden"),
        (["a.example:8443"], "https://a.example:8443", "10.0.0.1", "opened"),
        (["a.example:8443"], "https://a.example", "10.0.0.1", "forbidden"),
        (["bücher.example"], "http://xn--bcher-kva.example", "10.0.0.1", "opened"),
    ],
)
def test_the_operator_opens_what_the_list_names(settings, allow, url, address, expected):
    settings.HUB_OUTBOUND_ALLOW = allow
    assert verdict(url, address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "0.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "100.100.100.200",
        "fd00:ec2::254",
        "fe80::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_the_name_of_a_host_never_opens_metadata(settings, address):
    settings.HUB_OUTBOUND_ALLOW = ["a.example", "*.b.example"]
    assert verdict("http://a.example", address) == "forbidden"
    assert verdict("http://x.b.example", address) == "forbidden"


def test_metadata_opens_only_when_its_own_range_is_named(settings):
    settings.HUB_OUTBOUND_ALLOW = ["169.254.169.254/32"]
    assert verdict("http://169.254.169.254", "169.254.169.254") == "opened"


def test_an_allowlist_refuses_everything_else(settings):
    settings.HUB_OUTBOUND_POLICY = "allowlist"
    settings.HUB_OUTBOUND_ALLOW = ["api.acme.example", "8.8.0.0/16"]
    assert verdict("https://api.acme.example", "1.1.1.1") == "opened"
    assert verdict("https://dns.example", "8.8.8.8") == "opened"
    assert verdict("https://other.example", "1.1.1.1") == "forbidden"
    with pytest.raises(TargetForbidden):
        policy.check_url("https://1.1.1.1/")


@pytest.mark.parametrize(
    "entry", ["10.0.0.0/40", "http://a.example", "a b", "a.example:99999", "*"]
)
def test_an_entry_that_is_none_is_named_with_what_it_should_be(settings, entry):
    settings.HUB_OUTBOUND_ALLOW = ["10.0.0.0/8", entry]
    with pytest.raises(ImproperlyConfigured, match=r"HUB_OUTBOUND_ALLOW.*CIDR"):
        policy.rules()


def test_one_forbidden_address_among_public_ones_condemns_the_name(settings):
    settings.HUB_OUTBOUND_ALLOW = []
    origin = policy.parse_url("http://a.example").origin
    found = [policy.as_address(text) for text in ("8.8.8.8", "10.0.0.1")]
    with pytest.raises(TargetForbidden):
        policy.permitted(origin, found)


def test_beside_an_opened_address_a_forbidden_one_is_left_out(settings):
    settings.HUB_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    origin = policy.parse_url("http://localhost").origin
    found = [policy.as_address(text) for text in ("::1", "127.0.0.1")]
    assert policy.permitted(origin, found) == [policy.as_address("127.0.0.1")]


@pytest.mark.parametrize(
    ("patterns", "url", "allowed"),
    [
        (("*.acme.example",), "https://api.acme.example", True),
        (("*.acme.example",), "https://a.b.acme.example", True),
        (("*.acme.example",), "https://acme.example", False),
        (("*.acme.example",), "https://acme.example.evil.example", False),
        (("*.acme.example",), "https://evilacme.example", False),
        (("acme.example",), "https://ACME.example.:444", True),
        (("acme.example:443",), "https://acme.example", True),
        (("acme.example:443",), "https://acme.example:444", False),
        (("b.example", "acme.example"), "https://acme.example", True),
        (("127.0.0.1",), "http://127.0.0.1:8000", True),
        (("::1",), "http://[::1]:8000", True),
        ((), "https://anything.example", True),
    ],
)
def test_allowed_hosts_say_where_a_credential_may_go(patterns, url, allowed):
    origin = policy.parse_url(url).origin
    if allowed:
        policy.check_host(origin, patterns)
    else:
        with pytest.raises(TargetForbidden, match="allowed_hosts"):
            policy.check_host(origin, patterns)


def test_a_pattern_that_is_no_host_refuses_rather_than_matches():
    origin = policy.parse_url("https://acme.example").origin
    with pytest.raises(TargetForbidden, match="allowed_hosts"):
        policy.check_host(origin, ("http://acme.example/",))


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "300.1.1.1", "http://erp", "a b", "erp:0", "*"])
def test_an_entry_that_opens_nothing_is_seen_at_the_start(settings, entry):
    settings.HUB_OUTBOUND_ALLOW = ["127.0.0.0/8", entry]
    (found,) = check_outbound()
    assert found.id == "hub.E020"
    assert repr(entry) in found.msg


def test_sound_entries_are_quiet(settings):
    settings.HUB_OUTBOUND_ALLOW = ["127.0.0.0/8", "10.1.2.3", "[::1]", "erp.internal:8443"]
    assert check_outbound() == []
