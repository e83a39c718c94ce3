"""What six services say of themselves in their public documentation, as data for one test.

`pages` are the answers to one call of `method`, `queries` what tells its requests apart,
`refusals` further answers with what the hub makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.catalogue.service import Answer

XML = {"Content-Type": "application/xml"}
TOKEN = "tok-9b1f7d3a5c"


@dataclass(frozen=True)
class Refusal:
    """`code` of the hub's problem; `reason` where it judges the credential; `said` of the body."""

    answer: Answer
    code: str
    said: str
    reason: str = ""


@dataclass(frozen=True)
class Case:
    slug: str
    auth: str
    data: dict[str, str]
    sign: tuple[str, str]  # the header that carries the credential, and how it begins
    base: str
    method: str
    parameters: dict[str, Any]
    pages: tuple[Answer, ...]
    result: Any
    queries: tuple[dict[str, str], ...]
    busy: Answer
    refusals: tuple[Refusal, ...]
    config: dict[str, str] = field(default_factory=dict)
    type: str = "bearer"
    again: int = 1  # seconds after which `busy` may be asked again, where it is told otherwise


GITHUB = Case(
    slug="github",
    auth="token",
    data={"token": TOKEN},
    sign=("authorization", f"Bearer {TOKEN}"),
    base="",
    method="list_repositories",
    parameters={"visibility": "private"},
    pages=(
        Answer(
            body=[{"id": 1, "full_name": "octocat/one"}],
            headers={"Link": '<{url}/user/repos?per_page=100&page=2>; rel="next"'},
        ),
        Answer(body=[{"id": 2, "full_name": "octocat/two"}]),
    ),
    result=[{"id": 1, "full_name": "octocat/one"}, {"id": 2, "full_name": "octocat/two"}],
    queries=({"visibility": "private", "per_page": "100"}, {"per_page": "100", "page": "2"}),
    busy=Answer(429, {"message": "API rate limit exceeded"}, {"Retry-After": "60"}),
    again=60,
    refusals=(
        Refusal(Answer(404, {"message": "Not Found", "status": "404"}), "INTEGRATION_ERROR", "Not"),
        Refusal(Answer(401, {"message": "Bad credentials"}), "AUTH_ERROR", "Bad", "needs_reauth"),
        Refusal(
            Answer(
                403,
                {"message": "You have exceeded a secondary rate limit."},
                {"Retry-After": "60"},
            ),
            "INTEGRATION_ERROR",
            "secondary rate limit",
            "transient",
        ),
        Refusal(
            Answer(403, {"message": "Resource not accessible by personal access token"}),
            "AUTH_ERROR",
            "not accessible",
            "permission",
        ),
    ),
)

SLACK = Case(
    slug="slack",
    auth="bot",
    data={"token": TOKEN},
    sign=("authorization", f"Bearer {TOKEN}"),
    base="/api",
    method="list_channels",
    parameters={"exclude_archived": True},
    pages=(
        Answer(
            body={
                "ok": True,
                "channels": [{"id": "C012AB3CD", "name": "general"}],
                "response_metadata": {"next_cursor": "dGVhbTpDMDYxRkE1UEI="},
            }
        ),
        Answer(
            body={
                "ok": True,
                "channels": [{"id": "C061EG9T2", "name": "random"}],
                "response_metadata": {"next_cursor": ""},
            }
        ),
    ),
    result=[{"id": "C012AB3CD", "name": "general"}, {"id": "C061EG9T2", "name": "random"}],
    queries=(
        {"exclude_archived": "true", "limit": "200"},
        {"exclude_archived": "true", "limit": "200", "cursor": "dGVhbTpDMDYxRkE1UEI="},
    ),
    busy=Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}),
    again=30,
    refusals=(
        Refusal(
            Answer(200, {"ok": False, "error": "invalid_auth"}),
            "AUTH_ERROR",
            "invalid_auth",
            "needs_reauth",
        ),
        Refusal(
            Answer(200, {"ok": False, "error": "missing_scope", "needed": "channels:read"}),
            "AUTH_ERROR",
            "missing_scope",
            "permission",
        ),
        Refusal(Answer(200, {"ok": False, "error": "invalid_cursor"}), "RESPONSE_INVALID", ""),
    ),
)

_DECLINED = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
STRIPE = Case(
    slug="stripe",
    auth="key",
    data={"token": TOKEN},
    sign=("authorization", f"Bearer {TOKEN}"),
    base="/v1",
    method="list_customers",
    parameters={},
    pages=(
        Answer(body={"object": "list", "has_more": True, "data": [{"id": "cus_1"}]}),
        Answer(body={"object": "list", "has_more": False, "data": []}),
    ),
    result=[{"id": "cus_1"}],
    queries=({"limit": "100"}, {"limit": "100", "starting_after": "cus_1"}),
    busy=Answer(
        429,
        {"error": {"type": "invalid_request_error", "code": "rate_limit"}},
        {"Retry-After": "10"},
    ),
    again=10,
    refusals=(
        Refusal(Answer(402, {"error": _DECLINED}), "INTEGRATION_ERROR", "card_declined"),
        Refusal(
            Answer(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}),
            "AUTH_ERROR",
            "Invalid API Key",
            "needs_reauth",
        ),
    ),
)

ZENDESK = Case(
    slug="zendesk",
    auth="api_token",
    type="basic",
    data={"username": "ada@example.com/token", "password": TOKEN},
    sign=("authorization", "Basic "),
    base="",
    method="list_tickets",
    parameters={},
    pages=(
        Answer(
            body={
                "tickets": [{"id": 1, "status": "open"}],
                "meta": {"has_more": True},
                "links": {"next": "{url}/api/v2/tickets.json?page[size]=100&page[after]=xxx"},
            }
        ),
        Answer(
            body={
                "tickets": [{"id": 2, "status": "new"}],
                "meta": {"has_more": False},
                "links": {"next": None},
            }
        ),
    ),
    result=[{"id": 1, "status": "open"}, {"id": 2, "status": "new"}],
    queries=({"page[size]": "100"}, {"page[size]": "100", "page[after]": "xxx"}),
    busy=Answer(429, {"error": "APIRateLimitExceeded"}, {"Retry-After": "93"}),
    again=93,
    refusals=(
        Refusal(
            Answer(422, {"error": "RecordInvalid", "description": "Record validation errors"}),
            "INTEGRATION_ERROR",
            "RecordInvalid",
        ),
        Refusal(
            Answer(401, {"error": "Couldn't authenticate you"}),
            "AUTH_ERROR",
            "authenticate",
            "needs_reauth",
        ),
    ),
)

_LIST = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{}</ListBucketResult>'
_OBJECT = "<Contents><Key>{}</Key><Size>7</Size></Contents>"
_ERROR = "<Error><Code>{}</Code><Message>No.</Message></Error>"
S3 = Case(
    slug="amazon-s3",
    auth="keys",
    type="aws_sigv4",
    data={"access_key_id": "AKIDEXAMPLE", "secret_access_key": TOKEN},
    sign=("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
    base="",
    config={"region": "eu-central-1"},
    method="list_objects",
    parameters={"prefix": "2026-"},
    pages=(
        Answer(
            body=_LIST.format(
                "<NextContinuationToken>1ueGcxLPRx1Tr</NextContinuationToken>"
                + _OBJECT.format("2026-01.csv")
            ),
            headers=XML,
        ),
        Answer(body=_LIST.format("<IsTruncated>false</IsTruncated>"), headers=XML),
    ),
    result=[{"key": "2026-01.csv", "size": 7}],
    queries=(
        {"list-type": "2", "prefix": "2026-", "max-keys": "1000"},
        {
            "list-type": "2",
            "prefix": "2026-",
            "max-keys": "1000",
            "continuation-token": "1ueGcxLPRx1Tr",
        },
    ),
    busy=Answer(503, _ERROR.format("SlowDown"), {**XML, "Retry-After": "20"}),
    again=20,
    refusals=(
        Refusal(Answer(404, _ERROR.format("NoSuchBucket"), XML), "INTEGRATION_ERROR", "NoSuch"),
        Refusal(
            Answer(403, _ERROR.format("SignatureDoesNotMatch"), XML),
            "AUTH_ERROR",
            "SignatureDoesNotMatch",
            "needs_reauth",
        ),
        Refusal(
            Answer(403, _ERROR.format("AccessDenied"), XML),
            "AUTH_ERROR",
            "AccessDenied",
            "permission",
        ),
    ),
)

GMAIL = Case(
    slug="gmail",
    auth="oauth",
    type="oauth2",
    data={"access_token": TOKEN, "client_id": "hub", "client_secret": "tok-8c0a"},
    sign=("authorization", f"Bearer {TOKEN}"),
    base="/gmail/v1",
    method="list_messages",
    parameters={"q": "is:unread"},
    pages=(
        Answer(body={"messages": [{"id": "18c2"}], "nextPageToken": "099"}),
        Answer(body={"resultSizeEstimate": 0}),  # an empty page has no `messages`
    ),
    result=[{"id": "18c2"}],
    queries=(
        {"q": "is:unread", "maxResults": "100"},
        {"q": "is:unread", "maxResults": "100", "pageToken": "099"},
    ),
    busy=Answer(429, {"error": {"status": "RESOURCE_EXHAUSTED"}}, {"Retry-After": "5"}),
    again=5,
    refusals=(
        Refusal(
            Answer(400, {"error": {"code": 400, "status": "INVALID_ARGUMENT"}}),
            "INTEGRATION_ERROR",
            "INVALID_ARGUMENT",
        ),
        Refusal(
            Answer(
                403,
                {"error": {"errors": [{"reason": "userRateLimitExceeded"}]}},
                {"Retry-After": "5"},
            ),
            "INTEGRATION_ERROR",
            "userRateLimitExceeded",
            "transient",
        ),
        Refusal(
            Answer(403, {"error": {"errors": [{"reason": "insufficientPermissions"}]}}),
            "AUTH_ERROR",
            "insufficientPermissions",
            "permission",
        ),
    ),
)

CASES = (GITHUB, SLACK, STRIPE, ZENDESK, S3, GMAIL)
