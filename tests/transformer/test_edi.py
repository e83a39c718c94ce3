"""EDIFACT and X12: read with every component kept, wrong envelopes told with their segment."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.lib.errors import TransformFailed
from tests.transformer.test_round_trips import thorough
from transformer import codec
from transformer.services import compile_spec

EDIFACT = b"""UNA:+.? '
UNB+UNOC:3+4000004000002:14+4000004000099:14+261123:0805+17'
UNH+1+ORDERS:D:96A:UN'
BGM+220+B?+10?'s+9'
FTX+AAI+++caf\xe9'
LIN+1++4000862141404:SRV'
UNT+5+1'
UNZ+1+17'
"""
ISA = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
    "*261123*0805*^*00501*000000017*0*P*:~"
)
X12 = f"""{ISA}
GS*PO*SENDER*RECEIVER*20261123*0805*7*X*005010~
ST*850*0001~
BEG*00*SA*128576**20261123~
REF*A^B*1:2~
SE*4*0001~
GE*1*7~
IEA*1*000000017~
""".encode()


def read(raw, name, **options):
    return codec.decode(raw, "", format_name=name, options=options)


def said(raw, name, **options):
    with pytest.raises(TransformFailed) as caught:
        read(raw, name, **options)
    return [(fault.line, fault.detail) for fault in caught.value.errors]


def test_an_order_is_read_as_messages_of_segments():
    [interchange] = read(EDIFACT, "edifact")["interchanges"]
    assert interchange["header"]["elements"][0] == ["UNOC", "3"]
    [message] = interchange["messages"]
    assert (message["type"], message["reference"]) == ("ORDERS", "1")
    assert message["segments"][1:] == [
        {"tag": "BGM", "elements": [["220"], ["B+10's"], ["9"]]},
        {"tag": "FTX", "elements": [["AAI"], [""], [""], ["café"]]},
        {"tag": "LIN", "elements": [["1"], [""], ["4000862141404", "SRV"]]},
    ]


def test_an_x12_order_is_read_as_groups_of_transactions():
    [interchange] = read(X12, "x12")["interchanges"]
    assert interchange["header"]["elements"][5] == ["SENDER         "]
    [group] = interchange["groups"]
    assert group["header"]["elements"][0] == ["PO"]
    [transaction] = group["transactions"]
    assert (transaction["type"], transaction["control"]) == ("850", "0001")
    assert transaction["segments"][1:] == [
        {"tag": "BEG", "elements": [["00"], ["SA"], ["128576"], [""], ["20261123"]]},
        {"tag": "REF", "elements": [{"repeats": [["A"], ["B"]]}, ["1", "2"]]},
    ]


def test_rules_read_what_is_in_them():
    spec = compile_spec(
        {
            "input": {"format": "edifact"},
            "rules": [
                {
                    "source": "interchanges[0].messages[0].segments[1].elements[1][0]",
                    "target": "order",
                }
            ],
        },
        response=True,
    )
    assert spec.run(spec.read(EDIFACT, "application/edifact")) == {"order": "B+10's"}


def test_separators_are_those_that_the_interchange_says():
    other = EDIFACT.replace(b"UNA:+.? '", b"UNA:|.! ~").replace(b"?", b"!")
    other = other.replace(b"+", b"|").replace(b"'\n", b"~").replace(b"B!|10!'s", b"B!|10's")
    plain = read(EDIFACT, "edifact")["interchanges"][0]["messages"][0]["segments"][2:]
    assert read(other, "edifact")["interchanges"][0]["messages"][0]["segments"][2:] == plain
    repeated = b"UNB+UNOW:4+a+b+261123:0805+1'UNH+1+X:1'FTX+a:1*b'UNT+3+1'UNZ+1+1'"
    [_, ftx] = read(repeated, "edifact")["interchanges"][0]["messages"][0]["segments"]
    assert ftx["elements"] == [{"repeats": [["a", "1"], ["b"]]}]
    assert read(X12.replace(b"*", b"|"), "x12") == read(X12, "x12")


@pytest.mark.parametrize(
    ("name", "raw", "line", "what"),
    [
        ("edifact", EDIFACT.replace(b"UNT+5", b"UNT+6"), 7, "'6' are announced, 5 are there (segm"),
        ("edifact", EDIFACT.replace(b"UNT+5+1", b"UNT+5+2"), 7, "The reference '2' is not that"),
        ("edifact", EDIFACT.replace(b"UNZ+1+17", b"UNZ+2+17"), 8, "(segment 8, UNZ, line 8)"),
        ("edifact", EDIFACT.replace(b"UNT+5+1'\n", b""), 7, "ends before what is in it"),
        ("edifact", EDIFACT.replace(b"UNZ+1+17'\n", b""), 2, "What UNB begins has no end"),
        ("edifact", EDIFACT.replace(b"'\nUNZ+1+17'", b"'\nUNZ+1+17"), 8, "The segment has no end"),
        ("edifact", EDIFACT.replace(b"LIN+", b"L?+"), 6, "is no tag of a segment (segment 6"),
        ("edifact", EDIFACT.replace(b"UNH+1+", b"XXX+1+"), 3, "outside of a message (segment 3"),
        ("edifact", b"BGM+1'", 1, "outside of a message (segment 1"),
        ("edifact", b"hello", 1, "no end"),
        ("edifact", b"UNA::.? '", 1, "does not say characters"),
        ("edifact", b"UNA", 1, "does not say characters"),
        ("x12", X12.replace(b"SE*4", b"SE*x"), 6, "'x' are announced, 4 are there"),
        ("x12", X12.replace(b"GE*1*7", b"GE*1*8"), 7, "The reference '8'"),
        ("x12", X12.replace(b"SE*4*0001~\n", b""), 6, "GE ends what did not begin"),
        ("x12", X12.replace(b"IEA*1*000000017~\n", b""), 1, "What ISA begins has no end"),
        ("x12", X12.replace(b"ST*850", b"GS*850"), 3, "GS stands at a wrong place"),
        ("x12", X12[10:], 1, "ISA of 106 characters"),
        ("x12", X12[:50], 1, "ISA of 106 characters"),
        ("x12", X12.replace(b":~\n", b"*~\n", 1), 1, "that differ"),
    ],
)
def test_what_is_wrong_is_told_with_its_segment_and_line(name, raw, line, what):
    found = said(raw, name)
    assert found[0][0] == line
    assert what in found[0][1]


def test_counts_are_not_checked_where_a_spec_says_so():
    raw = EDIFACT.replace(b"UNT+5", b"UNT+6").replace(b"UNZ+1+17", b"UNZ+9+x")
    assert read(raw, "edifact", check=False) == read(EDIFACT, "edifact")


def test_hostile_interchanges_are_bounded():
    begun = time.process_time()
    many = b"UNB+UNOA:1+a+b+1:1+1'" + b"A+'" * 300_000
    assert said(many.replace(b"A+'", b"BGM'"), "edifact")
    assert "100,000 segments" in said(b"UNB+x'UNH+1+X'" + b"BGM'" * 200_000, "edifact")[0][1]
    assert "1,000 parts" in said(b"UNB+" + b"+" * 2_000 + b"'", "edifact")[0][1]
    assert said(b"UNB" + b"?" * 1_000_001, "edifact")
    assert said(X12 + b"~" * 1_000_000, "x12")
    assert time.process_time() - begun < 10
    for name in ("edifact", "x12"):
        assert read(b"", name) is None
        assert said(b"\xff\xfe\x00\xd8", name)
        with pytest.raises(TransformFailed):
            codec.encode(name, {})


WORD = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=6)


@thorough
@given(st.lists(st.lists(st.lists(WORD, min_size=1, max_size=3), max_size=3), max_size=4))
def test_every_component_comes_back(segments):
    def escaped(text):
        return "".join("?" + char if char in "?+:'" else char for char in text)

    body = "".join(
        "+".join(["ABC", *(":".join(map(escaped, element)) for element in segment)]) + "'"
        for segment in segments
    )
    raw = f"UNB+UNOC:3+a+b+1:1+1'UNH+1+X:1'{body}UNT+{len(segments) + 2}+1'UNZ+1+1'"
    [message] = read(raw.encode("latin-1"), "edifact")["interchanges"][0]["messages"]
    assert [segment["elements"] for segment in message["segments"][1:]] == segments


@thorough
@given(st.binary(max_size=80), st.sampled_from(["edifact", "x12"]))
def test_whatever_comes_is_read_or_refused(raw, name):
    head = ISA.encode() if name == "x12" else b"UNB+UNOC:3+a+b+1:1+1'"
    for text in (raw, head + raw):
        with contextlib.suppress(TransformFailed):
            read(text, name)
