"""XML as a tree: nothing that the standard keeps is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from integration_hub.lib.errors import TransformFailed
from tests.transformer.test_round_trips import CHARACTERS, thorough
from transformer import codec

XML = (
    b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- by hand --><?page 1?>'
    b'<o:a xmlns:o="urn:o" xmlns="urn:d" id="1" o:k="\xe4 &amp; &quot;">one <b/> two'
    b"<!--c--><o:b>&lt;3</o:b><b>x</b>\n</o:a><!-- end -->"
)
TREE = {
    "children": [
        {"comment": " by hand "},
        {"instruction": "page", "text": "1"},
        {
            "name": "o:a",
            "namespaces": {"o": "urn:o", "": "urn:d"},
            "attributes": {"id": "1", "o:k": '\u00e4 & "'},
            "children": [
                "one ",
                {"name": "b"},
                " two",
                {"comment": "c"},
                {"name": "o:b", "children": ["<3"]},
                {"name": "b", "children": ["x"]},
                "\n",
            ],
        },
        {"comment": " end "},
    ]
}
CHILD = "/children/0/children/0"


def read(raw):
    return codec.decode(raw, "", format_name="xml_tree")


def written(tree):
    return codec.encode("xml_tree", tree)[0]


def canonical(raw):
    return etree.tostring(etree.fromstring(raw).getroottree(), method="c14n")


def test_order_comments_instructions_space_and_prefixes_stay():
    assert read(XML) == TREE
    assert canonical(written(TREE)) == canonical(XML)


NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,6}", fullmatch=True)
TEXT = st.text(CHARACTERS, min_size=1, max_size=12)
COMMENT = TEXT.map(lambda text: {"comment": text.replace("\r", "").replace("-", "")})


def one(children):
    def build(name, attributes, inside):
        node = {"name": name}
        if attributes:
            node["attributes"] = attributes
        if inside:
            node["children"] = inside
        return node

    return st.builds(build, NAME, st.dictionaries(NAME, TEXT, max_size=3), children)


def apart(children):
    """Two texts side by side would be read as one."""
    return [
        child
        for number, child in enumerate(children)
        if not (number and isinstance(child, str) and isinstance(children[number - 1], str))
    ]


NODE = st.recursive(
    one(st.just([])), lambda inner: one(st.lists(inner | TEXT | COMMENT, max_size=4).map(apart))
)


@thorough
@given(NODE)
def test_a_tree_comes_back_as_it_was(root):
    tree = {"children": [root]}
    assert read(written(tree)) == tree


@pytest.mark.parametrize(
    ("tree", "at"),
    [
        ({}, ""),
        ({"children": []}, ""),
        ({"children": [{"name": "a"}, {"name": "b"}]}, ""),
        ({"children": [{"name": "a"}, "text"]}, "/children/1"),
        ({"children": [{"name": "a b"}]}, "/children/0/name"),
        ({"children": [{"name": "p:a"}]}, "/children/0/name"),
        ({"children": [{"name": "a", "attributes": {"1": "x"}}]}, "/children/0/attributes/1"),
        ({"children": [{"name": "a", "attributes": {"b": 1}}]}, "/children/0"),
        ({"children": [{"name": "a", "namespaces": {"x y": "u"}}]}, "/children/0/namespaces/x y"),
        ({"children": [{"name": "a", "children": [{"comment": "--"}]}]}, f"{CHILD}/comment"),
        ({"children": [{"name": "a", "children": [{"instruction": "XML"}]}]}, CHILD),
        ({"children": [{"name": "a", "children": ["\x01"]}]}, CHILD),
        ({"children": [{"name": "a", "children": [5]}]}, CHILD),
    ],
)  # fmt: skip
def test_what_is_no_tree_is_refused_with_its_place(tree, at):
    with pytest.raises(TransformFailed) as caught:
        written(tree)
    assert [fault.pointer for fault in caught.value.errors] == [at]


def test_too_much_of_it_is_refused():
    for raw, code in (
        (b"<a>" * 300 + b"</a>" * 300, "LIMIT_DEPTH"),
        (b"<a>" + b"<b/>" * 100_001 + b"</a>", "LIMIT_SIZE"),
        (b"<a " + b" ".join(b"b%d=''" % n for n in range(1_500)) + b"/>", "LIMIT_SIZE"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "FORMAT_PARSE"),
        (b"<a><b></a>", "FORMAT_PARSE"),
    ):
        with pytest.raises(TransformFailed) as caught:
            read(raw)
        assert caught.value.errors[0].code == code
    deep: dict = {"name": "a"}
    for _ in range(300):
        deep = {"name": "a", "children": [deep]}
    with pytest.raises(TransformFailed):
        written({"children": [deep]})
