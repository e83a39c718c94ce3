"""Whether who brings an answer is who asked for it: the state is bound to its starter."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from credentials.choices import FlowVia
from credentials.models import OAuthFlow
from credentials.oauth2 import links
from credentials.oauth2.pkce import digest_of
from credentials.oauth2.start import cookie_of
from integration_hub.access.caller import Caller
from integration_hub.access.services import caller_of_token
from integration_hub.lib.errors import Forbidden

_TOKEN = "token:"  # noqa: S105 - how owners are named


@dataclass(frozen=True, slots=True)
class Visitor:
    """`caller` as the request says; `cookies` only where a browser came back by itself."""

    caller: Caller
    cookies: Mapping[str, str] | None = field(default=None, repr=False)


def caller_for(flow: OAuthFlow, visitor: Visitor) -> Caller:
    """Who finishes the flow. Raises Forbidden for anyone but its starter.

    A browser that a token's owner sent on its way has no account here: it holds the
    state, which only that owner was given, and acts with that token's rights.
    """
    if visitor.cookies is not None and flow.browser_digest:
        _require_same_browser(flow, visitor.cookies)
    if flow.via == FlowVia.LINK:
        return _of_link(flow, visitor)
    if visitor.caller.is_anonymous and flow.started_by.startswith(_TOKEN):
        caller = caller_of_token(flow.started_by.removeprefix(_TOKEN))
        if caller is None:
            raise Forbidden("The token that began this has ended. Start again with another.")
        return caller
    if visitor.caller.owner != flow.started_by:
        raise Forbidden(
            "This connection was begun by someone else, and only they can finish it. If it was "
            "you, log in as you were then and start again; else do not go on."
        )
    return visitor.caller


def _of_link(flow: OAuthFlow, visitor: Visitor) -> Caller:
    if flow.link is None or visitor.cookies is None:
        raise Forbidden("This was begun from a connect link, and ends in the same browser.")
    return links.caller_of(flow.link)


def _require_same_browser(flow: OAuthFlow, cookies: Mapping[str, str]) -> None:
    held = digest_of(cookies.get(cookie_of(flow.pk), ""))
    if not hmac.compare_digest(held, flow.browser_digest):
        raise Forbidden(
            "This connection was not begun in this browser. Start it again and stay in one "
            "browser to the end, with cookies allowed."
        )
