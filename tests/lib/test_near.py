import pytest

from integration_hub.lib.near import near_names

KNOWN = ["create_contact", "get_contact", "list_contacts", "ping"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("get_contct", "get_contact"),
        ("GET_CONTACT", "get_contact"),
        ("pin", "ping"),
        ("contact", "create_contact"),
    ],
)
def test_a_misspelt_name_finds_what_was_meant(name, expected):
    assert expected in near_names(name, KNOWN)


@pytest.mark.parametrize("name", ["", "zzz", "x" * 10_000])
def test_nothing_resembles_nonsense(name):
    assert near_names(name, KNOWN) == []


def test_there_are_at_most_three():
    assert len(near_names("item", [f"item{n}" for n in range(50)])) == 3
