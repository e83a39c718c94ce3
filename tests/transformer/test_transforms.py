"""Each value transform at work, in rules as operators write them."""

from __future__ import annotations

from contextlib import suppress

import pytest

from integration_hub.lib.errors import TransformFailed, ValidationFailed
from transformer.services import compile_spec
from transformer.transform import transforms

PEOPLE = [
    {"name": "Bo", "age": 41, "team": {"id": 1}},
    {"name": "Al", "age": 7, "team": {"id": 2}},
    {"name": "Cy", "team": {"id": 1}},
]
WORKS = [
    ("trim", {}, "  a ", "a"),
    ("upper", {}, "aß", "ASS"),
    ("lower", {}, "AÉ", "aé"),
    ("split", {"separator": ","}, "a,b", ["a", "b"]),
    ("join", {"separator": "-"}, ["a", 1, True], "a-1-true"),
    ("replace", {"old": "a", "new": "b"}, "aXa", "bXb"),
    ("date_format", {"input": "%d.%m.%Y", "output": "%Y-%m-%d"}, "23.11.2026", "2026-11-23"),
    ("case", {"style": "camel"}, "HTTP server_name-2", "httpServerName2"),
    ("case", {"style": "snake"}, "createdAtUTC", "created_at_utc"),
    ("case", {"style": "kebab"}, "Straße Größe", "straße-größe"),
    ("case", {"style": "title"}, "ada LOVELACE", "Ada Lovelace"),
    ("case", {"style": "constant"}, "maxAge", "MAX_AGE"),
    ("pad", {"length": 5, "with": "0"}, "42", "00042"),
    ("pad", {"length": 4, "side": "right"}, "ab", "ab  "),
    ("truncate", {"length": 5, "end": "…"}, "abcdefg", "abcd…"),
    ("truncate", {"length": 5}, "abc", "abc"),
    ("squeeze", {}, " a \n\t b ", "a b"),
    ("unicode", {"form": "NFC"}, "e\u0301", "é"),
    ("unicode", {"accents": False}, "Ångström", "Angstrom"),
    ("slug", {}, "Grüße aus Köln!", "grusse-aus-koln"),
    ("slug", {"separator": "_", "length": 5}, "Hello world", "hello"),
    ("hash", {"algorithm": "md5"}, "abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("base64", {"direction": "encode"}, "ü?>", "w7w/Pg=="),
    ("base64", {"direction": "encode", "url": True}, "ü?>", "w7w_Pg"),
    ("base64", {"direction": "decode"}, "w7w_Pg", "ü?>"),
    ("hex", {"direction": "encode"}, "ü", "c3bc"),
    ("hex", {"direction": "decode"}, "C3BC", "ü"),
    ("percent", {"direction": "encode", "keep": "/"}, "a b/ü", "a%20b/%C3%BC"),
    ("percent", {"direction": "decode"}, "a%20b", "a b"),
    ("url_part", {"part": "host"}, "https://API.example.com:8443/a?x=1#f", "api.example.com"),
    ("url_part", {"part": "port"}, "https://api.example.com/a", 443),
    ("url_part", {"part": "parameter", "parameter": "x"}, "https://a.b/?x=1&x=2", "1"),
    ("url_part", {"part": "parameter", "parameter": "y"}, "https://a.b/?x=1", None),
    ("lookup", {"table": {"1": "low", "2": "high"}}, 2, "high"),
    ("lookup", {"table": {"a": 1}, "other": {"n": None}}, "z", {"n": None}),
    ("coalesce", {}, [None, "", 0, "x"], 0),
    ("json_text", {"direction": "encode"}, {"a": [1, None]}, '{"a":[1,null]}'),
    ("json_text", {"direction": "decode"}, "[12345678901234567890]", [12345678901234567890]),
    ("email", {}, " Ada.L@EXAMPLE.com ", "Ada.L@example.com"),
    ("email", {"lower": True}, "Ada@Example.com", "ada@example.com"),
    ("phone", {"country": "DE"}, "030 901820", "+4930901820"),
    ("phone", {}, "+1 (650) 253-0000", "+16502530000"),
    ("iban", {}, "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    ("iso_code", {"of": "country"}, "deu", "DE"),
    ("iso_code", {"of": "country", "form": "alpha_3"}, "France", "FRA"),
    ("iso_code", {"of": "currency"}, "eur", "EUR"),
    ("iso_code", {"of": "language", "form": "alpha_3"}, "en", "eng"),
    ("in_zone", {"zone": "Europe/Berlin"}, "2026-07-01T10:00:00Z", "2026-07-01T12:00:00+02:00"),
    (
        "in_zone",
        {"zone": "UTC", "from": "America/New_York"},
        "2026-01-01T00:00",
        "2026-01-01T05:00:00+00:00",
    ),
    ("epoch", {"to": "datetime"}, 1795420800, "2026-11-23T08:00:00+00:00"),
    ("epoch", {"to": "datetime", "unit": "ms"}, 1500, "1970-01-01T00:00:01.500000+00:00"),
    ("epoch", {"to": "number"}, "2026-11-23T09:00:00+01:00", 1795420800),
    ("epoch", {"to": "number", "unit": "ms"}, "1970-01-01T00:00:01.5Z", 1500),
    ("shift", {"by": 1, "unit": "months"}, "2026-01-31", "2026-02-28"),
    ("shift", {"by": -1, "unit": "years"}, "2024-02-29T10:00:00Z", "2023-02-28T10:00:00+00:00"),
    ("shift", {"by": 36, "unit": "hours"}, "2026-12-31T12:00:00Z", "2027-01-02T00:00:00+00:00"),
    ("shift", {"by": -1}, "2026-03-01", "2026-02-28"),
    ("date_text", {"locale": "de", "form": "long"}, "2026-11-23", "23. November 2026"),
    ("date_text", {"form": "EEE, d MMM y HH:mm"}, "2026-11-23T08:05:00Z", "Mon, 23 Nov 2026 08:05"),
    ("number_read", {"locale": "de"}, "1.234.567,890", "1234567.890"),
    ("number_read", {"locale": "en_IN"}, "12,34,567", "1234567"),
    (
        "number_text",
        {"decimals": 2, "locale": "de"},
        "12345678901234567890.005",
        "12.345.678.901.234.567.890,00",
    ),
    ("number_text", {"decimals": 1, "rounding": "half_up", "group": False}, 1234.25, "1234.3"),
    ("number_text", {}, 1234.5, "1,234.5"),
    ("round", {"decimals": 0}, "2.5", "2"),
    ("round", {"decimals": 2, "rounding": "up"}, "1.001", "1.01"),
    ("minor_units", {"to": "minor", "currency": "EUR"}, "12.34", 1234),
    ("minor_units", {"to": "minor", "currency": "JPY"}, 500, 500),
    ("minor_units", {"to": "major", "currency": "KWD"}, 1234, "1.234"),
    ("money_text", {"currency": "EUR", "locale": "de"}, 1234.5, "1.234,50\xa0€"),
    ("unit", {"from": "in", "to": "cm"}, 12, "30.48"),
    ("unit", {"from": "F", "to": "C"}, "212", "100"),
    ("unit", {"from": "cm", "to": "in"}, 1, "0.393700787401575"),
    ("unit", {"from": "GiB", "to": "B"}, "1.5", "1610612736"),
    ("take", {"count": 2}, [1, 2, 3], [1, 2]),
    ("take", {"count": 2, "end": "last"}, [1, 2, 3], [2, 3]),
    ("pluck", {"path": "team.id"}, PEOPLE, [1, 2, 1]),
    ("pluck", {"path": "age"}, PEOPLE, [41, 7, None]),
    ("filter", {"path": "team.id", "value": 1}, PEOPLE, [PEOPLE[0], PEOPLE[2]]),
    ("filter", {"path": "age", "test": "missing"}, PEOPLE, [PEOPLE[2]]),
    ("filter", {"path": "name", "test": "not_in", "value": ["Al", "Bo"]}, PEOPLE, [PEOPLE[2]]),
    ("filter", {"path": "$", "value": 1}, [1, True, "1"], [1]),
    ("sort", {"path": "age"}, PEOPLE, [PEOPLE[1], PEOPLE[0], PEOPLE[2]]),
    ("sort", {"path": "age", "order": "descending"}, PEOPLE, [PEOPLE[0], PEOPLE[1], PEOPLE[2]]),
    ("sort", {}, ["b", 10, 9, "a"], [9, 10, "a", "b"]),
    (
        "group",
        {"path": "team.id"},
        PEOPLE,
        [{"key": 1, "items": [PEOPLE[0], PEOPLE[2]]}, {"key": 2, "items": [PEOPLE[1]]}],
    ),
    ("flatten", {}, [[1, [2]], 3], [1, [2], 3]),
    ("unique", {}, [1, "1", True, 1, {"a": 1}, {"a": 1}], [1, "1", True, {"a": 1}]),
    ("aggregate", {"function": "count"}, [1, None, 2], 2),
    ("aggregate", {"function": "sum"}, [0.1, 0.2, "0.3"], "0.6"),
    ("aggregate", {"function": "max"}, [3, "12345678901234567890"], "12345678901234567890"),
    ("aggregate", {"function": "sum"}, ["1e30", "1e-30"], f"1{'0' * 30}.{'0' * 29}1"),
    ("aggregate", {"function": "mean"}, [1, 2], "1.5"),
    ("aggregate", {"function": "min"}, [], None),
]  # fmt: skip
REFUSED = [
    ("upper", {}, 5, "takes text"),
    ("join", {}, "a", "takes a list"),
    ("base64", {"direction": "decode"}, "%%%", "takes base64 of UTF-8 text"),
    ("hex", {"direction": "decode"}, "zz", "takes hexadecimal digits"),
    ("percent", {"direction": "decode"}, "%ff", "takes percent-encoded UTF-8"),
    ("url_part", {"part": "host"}, "example.com/a", "takes an absolute address"),
    ("url_part", {"part": "port"}, "http://a:99999/", "takes an absolute address"),
    ("lookup", {"table": {"a": 1}}, "b", "takes one of a"),
    ("lookup", {"table": {"a": 1}}, {"a": 1}, "takes a single value"),
    ("json_text", {"direction": "decode"}, "{", "takes JSON"),
    ("email", {}, "ada", "takes an e-mail address"),
    ("phone", {}, "030 901820", "`country` says whose"),
    ("phone", {"country": "DE"}, "12", "exists in its country"),
    ("iban", {}, "DE00370400440532013000", "takes an IBAN"),
    ("iso_code", {"of": "country"}, "Narnia", "English name of a country"),
    ("in_zone", {"zone": "UTC"}, "2026-01-01T00:00:00", "with its zone"),
    ("in_zone", {"zone": "UTC"}, "2026-01-01", "not a date alone"),
    ("epoch", {"to": "datetime"}, "5", "takes a number"),
    ("epoch", {"to": "datetime"}, 10**18, "between the years"),
    ("shift", {"by": 1, "unit": "hours"}, "2026-01-01", "takes a moment"),
    ("shift", {"by": 1_000_000_000}, "2026-01-01", "between the years"),
    ("shift", {"by": 1}, "31.01.2026", "ISO 8601"),
    ("date_text", {"form": "HH:mm"}, "2026-01-01", "takes a moment"),
    ("number_read", {"locale": "de"}, "1,234.5", "takes a number as de writes it"),
    ("number_text", {}, "1e5000", "finite number"),
    ("number_text", {}, True, "takes a number"),
    ("round", {"decimals": 2}, "NaN", "finite number"),
    ("minor_units", {"to": "minor", "currency": "EUR"}, "1.005", "smallest coin"),
    ("aggregate", {"function": "sum"}, [1, "x"], "takes a number"),
    ("pluck", {"path": "a"}, "text", "takes a list"),
]  # fmt: skip
BAD_OPTIONS = [
    ("case", {"style": "leet"}, "/style"),
    ("pad", {"length": 10**9}, "/length"),
    ("truncate", {"length": 1, "end": "…!"}, ""),
    ("url_part", {"part": "parameter"}, ""),
    ("in_zone", {"zone": "Mars/Base"}, ""),
    ("date_text", {"locale": "xx_YY_ZZZ"}, ""),
    ("minor_units", {"to": "minor", "currency": "QQQ"}, ""),
    ("money_text", {"currency": "QQQ"}, ""),
    ("unit", {"from": "m", "to": "kg"}, ""),
    ("iso_code", {"of": "currency", "form": "alpha_2"}, ""),
    ("phone", {"country": "QQ"}, ""),
    ("filter", {"path": "a"}, ""),
    ("filter", {"path": "a", "test": "in", "value": 1}, ""),
    ("sort", {"path": "a[*].b"}, ""),
    ("group", {"path": "a..b"}, ""),
    ("hash", {"algorithm": "crc"}, "/algorithm"),
]  # fmt: skip


def ids(case):
    return "-".join(str(part) for part in case[:3])[:60]


def transformed(name, options, value):
    rule = {"source": "v", "target": "v", "transforms": [{"name": name, **options}]}
    return compile_spec({"rules": [rule]}, response=False).run({"v": value})["v"]


@pytest.mark.parametrize("case", WORKS, ids=ids)
def test_it_does_what_it_says(case):
    name, options, value, expected = case
    found = transformed(name, options, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("case", REFUSED, ids=ids)
def test_what_it_does_not_take_is_said_with_the_place(case):
    name, options, value, said = case
    with pytest.raises(TransformFailed) as caught:
        transformed(name, options, value)
    (fault,) = caught.value.errors
    assert said in fault.detail
    assert fault.pointer.startswith("/v")


@pytest.mark.parametrize("case", BAD_OPTIONS, ids=ids)
def test_wrong_options_are_refused_before_any_value_comes(case):
    name, options, at = case
    with pytest.raises(ValidationFailed) as caught:
        transformed(name, options, None)
    assert [f.pointer for f in caught.value.errors] == [f"/rules/0/transforms/0{at}"]


def test_every_one_is_shown_at_work():
    assert {case[0] for case in WORKS} == set(transforms.names())


@pytest.mark.parametrize("name", sorted(transforms.names()))
def test_any_value_is_taken_or_refused(name):
    options = next(case[1] for case in WORKS if case[0] == name)
    for value in ("", "\ud7ff", -0.0, 1e308, 10**400, True, {}, [], [None], [[]], [{}], ["", 1]):
        with suppress(TransformFailed):
            transformed(name, options, value)
