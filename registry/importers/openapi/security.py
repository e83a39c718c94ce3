"""Security schemes as `auth` entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry.import_names import snake, unique
from registry.importer import LeftOut, Notes
from registry.importers.openapi.references import References

_GRANTS = {
    "authorizationCode": "authorization_code",
    "accessCode": "authorization_code",
    "clientCredentials": "client_credentials",
    "application": "client_credentials",
}
_HTTP = {"basic": "basic", "bearer": "bearer", "digest": "digest"}
_MOST = 19
Entry = dict[str, Any]


def auth_entries(
    references: References, schemes: Any, *, open_too: bool, notes: Notes
) -> list[Entry]:
    """One entry for each scheme (and OAuth grant); `none` beside where calls need none."""
    made: dict[str, Entry] = {}
    for name, node in schemes.items() if isinstance(schemes, Mapping) else ():
        try:
            scheme = references.solid(node)
        except LeftOut as error:
            notes.say(f"The security scheme {str(name)[:80]!r} is left out: {error.reason}")
            continue
        for entry in _entries(str(name), scheme, notes):
            own = unique(snake(str(name), "auth")[:60], made)
            made[own] = {"id": own, **entry}
    entries = list(made.values())
    if len(entries) > _MOST:
        notes.say(f"Only the first {_MOST} ways to authenticate are kept.")
    if entries and open_too:
        return [*entries[:_MOST], {"id": unique("none", made), "type": "none"}]
    return entries[:_MOST]


def _entries(name: str, scheme: Mapping[str, Any], notes: Notes) -> Iterator[Entry]:
    kind = str(scheme.get("type"))
    if kind == "apiKey" and scheme.get("in") in ("header", "query", "cookie"):
        yield _api_key(scheme)
    elif kind == "basic":
        yield {"type": "basic"}
    elif kind == "http" and str(scheme.get("scheme")).lower() in _HTTP:
        yield {"type": _HTTP[str(scheme["scheme"]).lower()]}
    elif kind == "oauth2":
        yield from _oauth2(name, scheme, notes)
    elif kind == "mutualTLS":
        yield {"type": "mtls"}
    else:
        said = str(scheme.get("openIdConnectUrl", scheme.get("scheme", "")))[:200]
        notes.say(f"The security scheme {name[:80]!r} ({kind[:40]} {said}) is not imported.")


def _api_key(scheme: Mapping[str, Any]) -> Entry:
    name = str(scheme.get("name", ""))
    if scheme["in"] == "header" and name.lower() == "authorization":
        return {"type": "api_key", "in": "header", "name": "Authorization"}
    return {"type": "api_key", "in": scheme["in"], "name": name}


def _oauth2(name: str, scheme: Mapping[str, Any], notes: Notes) -> Iterator[Entry]:
    flows = scheme.get("flows")
    if not isinstance(flows, Mapping):
        flows = {str(scheme.get("flow")): scheme}
    for flow, said in flows.items():
        grant = _GRANTS.get(str(flow))
        if grant is None or not isinstance(said, Mapping):
            notes.say(f"The OAuth flow {str(flow)[:40]!r} of {name[:80]!r} is not imported.")
            continue
        entry: Entry = {"type": "oauth2", "grant": grant}
        if grant == "authorization_code":
            entry |= _address("authorization_url", said.get("authorizationUrl"))
        entry |= _address("token_url", said.get("tokenUrl"))
        scopes = said.get("scopes")
        if isinstance(scopes, Mapping) and scopes:
            entry["scopes"] = [str(scope) for scope in scopes][:200]
            notes.guess(
                f"{name[:80]!r} asks for every scope that is described: keep what you need."
            )
        yield entry


def _address(member: str, url: Any) -> Entry:
    return {member: url} if isinstance(url, str) and url else {}
