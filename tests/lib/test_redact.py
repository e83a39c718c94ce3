"""Nothing that was registered or named secret comes through, and nothing else is touched."""

from __future__ import annotations

import base64
import copy
import html
import json
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_hub.lib import redact
from integration_hub.lib.redact import MASK, Redactor, is_secret_name, registered, sensitive_paths

PLAIN = "canary9Qx7value"
ODD = 's3cr3t/K+y 1"x&y<\\é%41'
KEY = [PLAIN, ODD]


def _words(text: str) -> list[str]:
    return text.split()


SECRET_NAMES = _words(
    "password passwd pwd secret token api_key apiKey APIKey api-key X-Api-Key x-auth-token "
    "Authorization Proxy-Authorization Cookie Set-Cookie private_key privateKey client_secret "
    "clientSecret CLIENT_SECRET access_key secretAccessKey aws_secret_access_key refreshToken "
    "accesstoken id_token OAuthToken DB_PASSWORD password2 new_password password_confirmation "
    "user[password] user.password passphrase credentials signing_key code_verifier apiKeyValue"
)
ORDINARY_NAMES = _words(
    "token_type author keyboard tokens_used tokens total_tokens max_tokens next_page_token "
    "authority authorized authorization_url token_endpoint primary_key public_key key key_id "
    "api_key_id password_policy password_changed_at has_password is_secret secretary cookie_policy "
    "passport bypass compass monkey tokenize expires_in credential_id username"
)
ORDINARY_TEXTS = [
    "The token expired; ask for a new one.",
    "password: must have at least 12 characters",
    "Bearer authentication is required",
    "Basic authentication failed for this realm",
    "token_type=bearer expires_in=3600",
    '{"token_type": "bearer", "tokens_used": 12}',
    "the author of the key note sat at the keyboard",
    "GET /cookies?policy=strict HTTP/1.1",
    "primary_key=42 foreign_key=7",
    "https://example.com/authors/7?page=2",
    "has_password=true",
    "secretary: Jane",
    "max_tokens: 4096, total_tokens: 17",
    "Unauthorized: ask the authority",
    "caller token:01a20643-1300-72a6-b73c-bd25ef8f7c2c was denied",
]


def forms(secret: str) -> dict[str, str]:
    as_json = json.dumps(secret)
    return {
        "raw": secret,
        "url": quote(secret),
        "url, all": quote(secret, safe=""),
        "url, lower hex": quote(secret, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
        "form": quote_plus(secret),
        "json": as_json[1:-1],
        "json, not ascii": json.dumps(secret, ensure_ascii=False)[1:-1],
        "json in json": json.dumps(as_json),
        "json in json in json": json.dumps(json.dumps(as_json)),
        "php json": as_json[1:-1].replace("/", "\\/"),
        "html": html.escape(secret),
        "html in json": json.dumps(html.escape(secret)),
        "url in html": html.escape(quote_plus(secret)),
        "json in url": quote(as_json),
        "url twice": quote(quote(secret, safe=""), safe=""),
        "python": repr(secret),
        "every character as \\u": "".join(f"\\u{ord(c):04x}" for c in secret),
        "every byte as %": "".join(f"%{b:02X}" for b in secret.encode()),
        "decimal entities": "".join(f"&#{ord(c)};" for c in secret),
        "hex": secret.encode().hex(),
        "HEX": secret.encode().hex().upper(),
    }


@pytest.mark.parametrize("secret", KEY, ids=["plain", "odd"])
@pytest.mark.parametrize("form", list(forms("x")))
def test_a_registered_value_is_masked_in_every_form(secret: str, form: str) -> None:
    written = forms(secret)[form]
    masked = Redactor([secret]).text(f"before {written} after")
    assert written not in masked
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@pytest.mark.parametrize("secret", [PLAIN, ODD, "abcd", "hunter2"])
@pytest.mark.parametrize("lead", range(7))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_masked_wherever_the_secret_begins(secret: str, lead: int, encode) -> None:
    written = encode(b"u" * lead + secret.encode() + b"\xffrest").decode()
    for text in (f"x {written} y", f"Authorization: Basic {written}", quote(written, safe="")):
        assert written not in Redactor([secret]).text(text)
    core = base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
    assert core not in Redactor([secret]).text(f"x {encode(secret.encode()).decode()} y")


def test_escaped_base64_is_masked() -> None:
    written = json.dumps(base64.b64encode(b"user:aa>?aa>?aa>?").decode()).replace("/", "\\/")
    assert "***" in Redactor(["aa>?aa>?aa>?"]).text(written)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=8, max_size=40),
    st.sampled_from([quote, quote_plus, html.escape, lambda t: json.dumps(t)[1:-1], str]),
    st.sampled_from([quote, html.escape, lambda t: json.dumps(t)[1:-1], str]),
)
def test_any_text_is_masked_in_any_two_layers(secret: str, inner, outer) -> None:
    written = outer(inner(secret))
    masked = Redactor([secret]).text(f"[{written}]")
    assert MASK in masked
    assert written not in masked or written in MASK


def test_short_values_are_masked_as_whole_tokens_only() -> None:
    redactor = Redactor(["test1"])
    assert redactor.text("latest1 test12 key=test1&x") == "latest1 test12 key=***&x"
    assert Redactor(["abc"]).text("abc key=abc") == "abc key=abc"


def test_overlapping_secrets_leave_no_piece() -> None:
    masked = Redactor(["abcdefgh1234", "1234ijklmnop"]).text("x abcdefgh1234ijklmnop y")
    assert masked == "x *** y"


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_secret_names_are_known_in_any_case_style(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ORDINARY_NAMES)
def test_ordinary_names_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize("text", ORDINARY_TEXTS)
def test_ordinary_sentences_are_left_alone(text: str) -> None:
    assert Redactor([PLAIN, "hunter2"]).text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "password=Xq1 next",
        '"password": "Xq1\\"rest", "id": 1',
        "{'client_secret': 'Xq1'}",
        "client_secret: Xq1",
        "Authorization: Digest username=Xq1, response=Xq1",
        "Cookie: sid=Xq1; other=Xq1",
        "<password kind='x'>Xq1</password>",
        "https://user:Xq1@host/path",
        "https://host/?access_token=Xq1#x",
        json.dumps({"a": json.dumps({"refresh_token": 'Xq1"\\', "b": 2})}),
        "sent Bearer Xq1abcdefg1",
        "-----BEGIN RSA PRIVATE KEY-----\nXq1\n-----END RSA PRIVATE KEY-----",
        "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.Xq1",
        "password: Xq1hunter22",
    ],
)
def test_what_a_text_itself_calls_secret_is_masked(text: str) -> None:
    assert "Xq1" not in Redactor().text(text)


def test_json_is_masked_by_name_and_by_value_in_a_copy() -> None:
    body = {
        "password": "p1",
        "token": None,
        "has_token": True,
        "n": {"api_key": ["a", {"b": 1}], "note": f"see {PLAIN}", PLAIN: 1},
        "items": [{"id": 12345678, "token_type": "bearer", "url": f"/x?k={quote(ODD)}"}],
        "count": 9,
    }
    before = copy.deepcopy(body)
    masked = Redactor([PLAIN, ODD, "12345678"]).value(body)
    assert body == before
    assert masked == {
        "password": MASK,
        "token": None,
        "has_token": True,
        "n": {"api_key": MASK, "note": f"see {MASK}", MASK: 1},
        "items": [{"id": MASK, "token_type": "bearer", "url": f"/x?k={MASK}"}],
        "count": 9,
    }
    masked["n"]["note"] = "changed"
    assert body == before


def test_a_clean_value_is_copied_not_shared() -> None:
    body = {"a": [1, {"b": "c"}]}
    masked = Redactor([PLAIN]).value(body)
    assert masked == body
    assert masked is not body
    assert masked["a"] is not body["a"]


def test_numbers_keep_every_digit_and_odd_strings_pass() -> None:
    body = {"n": 10**30 + 1, "s": "\ud800 lone", "f": 1.5}
    assert Redactor([PLAIN]).value(body) == body
    assert Redactor([PLAIN]).value({"x": f"\ud800{PLAIN}"}) == {"x": f"\ud800{MASK}"}


def test_extra_names_come_from_plug_ins() -> None:
    redactor = Redactor(names=["merchantCode"])
    assert redactor.value({"merchant_code": "m"}) == {"merchant_code": MASK}
    assert redactor.text("merchant-code=m&x=1") == "merchant-code=***&x=1"


def test_by_value_alone_names_mean_nothing() -> None:
    body = {"password": "p", "note": f"password=p1 {PLAIN}"}
    redactor = Redactor([PLAIN], by_name=False)
    assert redactor.value(body) == {"password": "p", "note": f"password=p1 {MASK}"}
    assert redactor.headers({"Authorization": f"Bearer {PLAIN}"}) == {
        "Authorization": f"Bearer {MASK}"
    }
    assert redactor.url(f"/?token=a&sig=b&x={PLAIN}") == f"/?token=a&sig=b&x={MASK}"


def test_headers_are_masked_by_name_and_value() -> None:
    headers = {
        "Authorization": "Bearer x",
        "X-Api-Key": "x",
        "Set-Cookie": "sid=x",
        "Location": f"https://h/?next={quote(ODD)}",
        "Content-Type": "application/json",
    }
    assert Redactor(KEY).headers(headers) == {
        "Authorization": MASK,
        "X-Api-Key": MASK,
        "Set-Cookie": MASK,
        "Location": f"https://h/?next={MASK}",
        "Content-Type": "application/json",
    }


def test_urls_are_masked_in_query_userinfo_and_path() -> None:
    redactor = Redactor(KEY)
    query = urlencode({"q": ODD, "page": "2", "client_secret": "x", "sig": "abc"})
    masked = redactor.url(f"https://u:pw@h/{PLAIN}/x?{query}#top")
    assert (
        masked == f"https://u:{MASK}@h/{MASK}/x?q={MASK}&page=2&client_secret={MASK}&sig={MASK}#top"
    )


def test_masking_comes_before_cutting() -> None:
    redactor = Redactor([PLAIN])
    text = "x" * 95 + PLAIN + "y" * 100_000
    cut = redactor.text(text, limit=100)
    assert cut == "x" * 95 + MASK + "…"
    for limit in range(80, 130):
        assert PLAIN[:4] not in redactor.text(text, limit=limit)
    many = (PLAIN + " ") * 5_000
    assert PLAIN[:4] not in redactor.text(many, limit=500)


def test_sensitive_paths_mask_a_copy() -> None:
    value = {
        "parameters": {"email": "a@b", "list": [{"id": 1}, {"id": 2}], "x.y": "z", "none": None},
        "result": {"id": "9", "rows": [[1, 2], [3, 4]]},
    }
    before = copy.deepcopy(value)
    masked = sensitive_paths(
        value,
        [
            "parameters.email",
            "parameters.list[*].id",
            "parameters.`x.y`",
            "parameters.none",
            "result.rows[1][0]",
            "result.missing.deep",
        ],
    )
    assert value == before
    assert masked == {
        "parameters": {
            "email": MASK,
            "list": [{"id": MASK}, {"id": MASK}],
            "x.y": MASK,
            "none": None,
        },
        "result": {"id": "9", "rows": [[1, 2], [MASK, 4]]},
    }


def test_a_name_on_a_list_means_every_element() -> None:
    value = {"rows": [{"id": 1}, {"id": 2, "n": 3}]}
    assert sensitive_paths(value, ["rows.id"]) == {"rows": [{"id": MASK}, {"id": MASK, "n": 3}]}


@pytest.mark.parametrize("path", ["", ".a", "a..b", "a[", "a[x]", "a b"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        sensitive_paths({"a": 1}, [path])


def test_registered_values_are_masked_inside_and_only_there() -> None:
    with registered(PLAIN):
        assert redact.current().text(PLAIN) == MASK
        with registered("another-secret-1"):
            assert redact.current().text(f"{PLAIN} another-secret-1") == f"{MASK} {MASK}"
        assert redact.current().text("another-secret-1") == "another-secret-1"
    assert redact.current().text(PLAIN) == PLAIN


def test_one_calls_secrets_are_not_masked_in_anothers() -> None:
    def other(_: int) -> str:
        return redact.current().text(PLAIN)

    with registered(PLAIN), ThreadPoolExecutor(1) as pool:
        assert list(pool.map(other, [1])) == [PLAIN]


def test_a_redactor_does_not_show_its_secrets() -> None:
    assert PLAIN not in repr(Redactor([PLAIN])) + str(Redactor([PLAIN]))


@pytest.mark.parametrize(
    "text",
    ["%" * 200_000, "\\" * 200_000, "&" * 200_000, "password" * 25_000, "://a:" * 40_000,
     "-----BEGIN PRIVATE KEY-----" * 4_000, "eyJ" * 60_000, '"token":"' * 20_000, "<key " * 40_000],
)  # fmt: skip
def test_hostile_text_costs_linear_time(text: str) -> None:
    started = time.perf_counter()
    Redactor(KEY).text(text)
    assert time.perf_counter() - started < 5


def test_it_is_cheap_enough_for_every_call() -> None:
    """5 % of a call's CPU is about 85 µs; the bounds leave room for a busy machine."""
    body = {"items": [{"id": i, "name": f"Name {i}", "mail": f"m{i}@x.example"} for i in range(20)]}
    text = json.dumps(body)
    redactor = Redactor([PLAIN])
    assert len(text) > 1_000
    for work, bound in (
        (lambda: Redactor([PLAIN]), 200e-6),
        (lambda: redactor.value(body), 400e-6),
        (lambda: redactor.text(text), 300e-6),
    ):
        best = min(_seconds(work) for _ in range(5))
        assert best < bound


def _seconds(work) -> float:
    started = time.perf_counter()
    for _ in range(50):
        work()
    return (time.perf_counter() - started) / 50
