"""The authorization server with people in it: a login and consent page, codes, and PKCE.

It is strict: every parameter once, the redirect URI to the letter, S256 alone, a code
once and for the client, the redirect URI, the verifier and the `resource` it was
asked with, and never a secret in a URL. `counts` tells what it refused and why.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import secrets
import threading
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.authorization_http import Handler, Refused
from tests.authorization_server import AuthorizationServer

USER, PASSWORD = "dora@customer.example", "doras-own-password"
NEVER_IN_A_URL = {"client_secret", "code_verifier", "access_token", "refresh_token"}
PAGE = """<!doctype html><html lang="en"><head><title>Acme login</title>
<link rel="icon" href="data:,"></head><body>
<h1>Acme</h1><p>Integration Hub asks for: {scope}</p><p>{error}</p>
<form method="post">
<label>User <input name="user"></label> <label>Password <input name="password" type="password">
</label> <button name="do" value="allow">Allow</button> <button name="do" value="deny">Deny</button>
</form></body></html>"""


class ConsentServer(AuthorizationServer):
    """`redirect_uri` is the one registered; `granted` replaces the scope in token answers."""

    def __init__(self, redirect_uri: str, port: int = 0) -> None:
        super().__init__(port)
        self._server.RequestHandlerClass = _ConsentHandler
        self.redirect_uri = redirect_uri
        self.granted: str | None = None
        self.sends_iss = True
        self.denial = "The user denied the request."
        self.asked: list[dict[str, str]] = []
        self.seen_urls: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._used: set[str] = set()
        self._lock_codes = threading.Lock()

    @property
    def authorize_url(self) -> str:
        return f"{self.url}/authorize"

    def consent(self, address: str, *, allow: bool = True) -> dict[str, str]:
        """What a person's browser would bring back from this address."""
        assert address.startswith(self.authorize_url + "?"), address
        self.saw(address)
        return self.decide(self.checked(urlsplit(address).query), allow=allow)

    def saw(self, address: str) -> None:
        self.seen_urls.append(address)
        names = {name for name, _ in parse_qsl(urlsplit(address).query)}
        self.counts["secret in a URL"] += len(names & NEVER_IN_A_URL)

    def checked(self, query: str) -> dict[str, str]:
        """The request as it has to be, else Refused."""
        several = parse_qs(query, keep_blank_values=True)
        if any(len(values) > 1 for name, values in several.items() if name != "resource"):
            raise Refused("invalid_request: doubled")
        asked = {name: values[-1] for name, values in several.items()}
        if asked.get("client_id") not in self.clients:
            raise Refused("invalid_client")
        if asked.get("redirect_uri") != self.redirect_uri:
            raise Refused("redirect_uri_mismatch")
        if asked.get("response_type") != "code" or len(asked.get("state", "")) < 40:
            raise Refused("invalid_request: type or state")
        if asked.get("code_challenge_method") != "S256" or len(asked["code_challenge"]) != 43:
            raise Refused("invalid_request: PKCE")
        return asked

    def decide(self, asked: dict[str, str], *, allow: bool) -> dict[str, str]:
        self.asked.append(asked)
        back = {"state": asked["state"]} | ({"iss": self.url} if self.sends_iss else {})
        if not allow:
            return {**back, "error": "access_denied", "error_description": self.denial}
        code = f"code-{secrets.token_urlsafe(24)}"
        with self._lock_codes:
            self._codes[code] = asked
        return {**back, "code": code}

    def token(self, form: dict[str, str], authorization: str, subject: str = "") -> dict:
        if form.get("grant_type") != "authorization_code":
            return super().token(form, authorization, subject)
        client = self._client(form, authorization, subject)
        self.counts["authorization_code"] += 1
        asked = self._spend_code(form.get("code", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        checks = {
            "verifier": urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"],
            "client": client.client_id == asked["client_id"],
            "redirect": form.get("redirect_uri") == asked["redirect_uri"],
            "resource": form.get("resource") == asked.get("resource"),
        }
        for name, good in checks.items():
            if not good:
                self.counts[f"bad {name}"] += 1
                raise Refused("invalid_grant")
        made = self._tokens("person", refresh=True)
        granted = asked.get("scope", "") if self.granted is None else self.granted
        return {**made, "scope": granted} if granted else made

    def _spend_code(self, code: str) -> dict[str, str]:
        with self._lock_codes:
            if code in self._used:
                self.counts["code reuse"] += 1
            asked = self._codes.pop(code, None)
            if asked is None:
                raise Refused("invalid_grant")
            self._used.add(code)
            return asked


class _ConsentHandler(Handler):
    def do_GET(self) -> None:
        if urlsplit(self.path).path != "/authorize":
            super().do_GET()
            return
        server = self.server.authorizer
        assert isinstance(server, ConsentServer)
        server.saw(self.path)
        self._page()

    def do_POST(self) -> None:
        if urlsplit(self.path).path != "/authorize":
            super().do_POST()
            return
        server = self.server.authorizer
        assert isinstance(server, ConsentServer)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = dict(parse_qsl(body))
        allow = form.get("do") == "allow"
        if allow and (form.get("user"), form.get("password")) != (USER, PASSWORD):
            self._page("Wrong user or password.")
            return
        asked = server.checked(urlsplit(self.path).query)
        back = server.decide(asked, allow=allow)
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self, error: str = "") -> None:
        server = self.server.authorizer
        assert isinstance(server, ConsentServer)
        try:
            asked = server.checked(urlsplit(self.path).query)
        except Refused as refused:
            self._html(400, f"<!doctype html><p>{html.escape(refused.error)}</p>")
            return
        scope = html.escape(asked.get("scope", "nothing named"))
        self._html(200, PAGE.format(scope=scope, error=html.escape(error)))

    def _html(self, status: int, page: str) -> None:
        body = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def sample(redirect_uri: str, port: int = 0) -> ConsentServer:
    """The server of docs/credentials.md, with its one client."""
    server = ConsentServer(redirect_uri, port)
    server.add_client("hub", secret="sample-secret")
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--redirect-uri", default="http://localhost:8000/api/v1/oauth2/callback")
    options = parser.parse_args()
    server = sample(options.redirect_uri, options.port).start()
    print(
        f"{server.authorize_url}  client hub / sample-secret, user {USER} / {PASSWORD}", flush=True
    )
    threading.Event().wait()


if __name__ == "__main__":
    main()
