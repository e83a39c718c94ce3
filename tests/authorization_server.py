"""A strict authorization server on loopback: it counts, rotates, and takes nothing on trust.

`POST /token` checks the client, every assertion (signature, audience, life, `jti` seen
once) and the grant. A refresh token works once; the second use revokes its family, as
RFC 9700 §4.14 says, and is counted. `queue` sets what the next answers are instead.
`GET /api/…` is a resource server: 200 with a live access token, else 401.
"""

from __future__ import annotations

import argparse
import json
import secrets
import ssl
import threading
import time
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.authorization_http import Answer, Handler, Http, Refused

__all__ = ["Answer", "AuthorizationServer", "Refused"]

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class Client:
    client_id: str
    secret: str = ""
    public_key: str = ""
    subject: str = ""  # the common name of its certificate (RFC 8705 §2.1)
    method: str = "client_secret_basic"


class AuthorizationServer:
    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """`tls` may ask for a certificate, which then says who a client is."""
        self.clients: dict[str, Client] = {}
        self.queue: list[Answer] = []
        self.requests: list[dict] = []
        self.resources: list[dict] = []  # the headers of each call of the resource server
        self.counts: Counter[str] = Counter()
        self.published: dict[str, Answer] = {}  # what stands below /.well-known/, by path
        self.delay = 0.0
        self.lifetime: object = 3600
        self.rotates = True
        self.always_401 = False
        self._live: dict[str, str] = {}  # access token -> family
        self._refresh: dict[str, str] = {}  # refresh token -> family
        self._spent: dict[str, str] = {}
        self._revoked: set[str] = set()
        self._jtis: set[str] = set()
        self._lock = threading.Lock()
        self._server = Http(("127.0.0.1", port), Handler)
        self._server.authorizer = self
        self._server.tls = tls
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    # --- for tests ---------------------------------------------------------
    @property
    def url(self) -> str:
        scheme = "https" if self._server.tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    def start(self) -> AuthorizationServer:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def add_client(self, client_id: str = "hub", **members: str) -> Client:
        self.clients[client_id] = Client(client_id, **members)
        return self.clients[client_id]

    def grant(self, family: str = "person") -> str:
        """A refresh token, as if a person had authorised."""
        with self._lock:
            return self._new_refresh(family)

    def issue(self, family: str = "person") -> str:
        """A live access token."""
        with self._lock:
            return self._new_access(family)

    def revoke(self, family: str = "person") -> None:
        with self._lock:
            self._revoked.add(family)

    def kill_access(self) -> None:
        """Every access token is dead from now on; refresh tokens live."""
        with self._lock:
            self._live.clear()

    def answer_next(self, status: int = 200, body: object = b"", **members) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.queue.append(Answer(status, content, **members))

    def publish(self, path: str = "/.well-known/oauth-authorization-server", **changes) -> None:
        """Its metadata (RFC 8414) at this path; a member that is None is left out."""
        told = {
            "issuer": self.url,
            "token_endpoint": self.token_url,
            "authorization_endpoint": f"{self.url}/authorize",
            "response_types_supported": ["code"],
            **changes,
        }
        document = {name: value for name, value in told.items() if value is not None}
        self.published[path] = Answer(body=json.dumps(document).encode())

    # --- the token endpoint ------------------------------------------------
    def token(self, form: dict[str, str], authorization: str, subject: str = "") -> dict:
        """`subject`: whose certificate the connection showed; empty where none was."""
        client = self._client(form, authorization, subject)
        grant = form.get("grant_type", "")
        self.counts[grant or "none"] += 1
        if grant == "client_credentials":
            return self._tokens(f"client:{client.client_id}", refresh=False)
        if grant == "refresh_token":
            return self._tokens(self._spend(form.get("refresh_token", "")), refresh=self.rotates)
        if grant == JWT_GRANT:
            self._check_assertion(client, form.get("assertion", ""))
            return self._tokens(f"jwt:{client.client_id}", refresh=False)
        raise Refused("unsupported_grant_type")

    def _client(self, form: dict[str, str], authorization: str, subject: str) -> Client:
        client_id, secret, method = _shown(form, authorization, subject)
        client = self.clients.get(client_id)
        if client is None and form.get("grant_type") == JWT_GRANT and method == "none":
            client = next((c for c in self.clients.values() if c.public_key), None)
        if client is None or client.method != method:
            raise Refused("invalid_client", 401)
        if method == "private_key_jwt":
            self._check_assertion(client, form.get("client_assertion", ""))
        elif not secrets.compare_digest(
            secret.encode(), (client.subject or client.secret).encode()
        ):
            raise Refused("invalid_client", 401)
        return client

    def _check_assertion(self, client: Client, assertion: str) -> None:
        try:
            token = jwt.decode(assertion, RSAKey.import_key(client.public_key), ["RS256"])
        except (JoseError, ValueError) as error:
            raise Refused("invalid_client", 401) from error
        claims, now = token.claims, time.time()
        if claims.get("aud") != self.token_url or claims.get("iss") != client.client_id:
            raise Refused("invalid_client", 401)
        if not now - 5 <= claims["exp"] <= now + 60 or claims["exp"] - claims["iat"] > 60:
            raise Refused("invalid_client", 401)
        with self._lock:
            if not claims.get("jti") or claims["jti"] in self._jtis:
                self.counts["assertion replays"] += 1
                raise Refused("invalid_client", 401)
            self._jtis.add(claims["jti"])

    def _spend(self, token: str) -> str:
        with self._lock:
            if token in self._spent:
                self.counts["reuse"] += 1
                self._revoked.add(self._spent[token])
            family = self._refresh.get(token)
            if family is None or family in self._revoked:
                raise Refused("invalid_grant")
            if self.rotates:
                self._spent[token] = self._refresh.pop(token)
            return family

    def _tokens(self, family: str, *, refresh: bool) -> dict:
        with self._lock:
            made = {"access_token": self._new_access(family), "token_type": "Bearer"}
            if refresh:
                made["refresh_token"] = self._new_refresh(family)
        if self.lifetime is not None:
            made["expires_in"] = self.lifetime
        return made

    def _new_access(self, family: str) -> str:
        token = f"at-{secrets.token_urlsafe(18)}"
        self._live[token] = family
        return token

    def _new_refresh(self, family: str) -> str:
        token = f"rt-{secrets.token_urlsafe(18)}"
        self._refresh[token] = family
        return token

    def is_live(self, authorization: str) -> bool:
        with self._lock:
            family = self._live.get(authorization.removeprefix("Bearer "))
            return family is not None and family not in self._revoked and not self.always_401


def _shown(form: dict[str, str], authorization: str, subject: str) -> tuple[str, str, str]:
    """Who asks, what proves it, and by which method (RFC 7591's names)."""
    client_id = form.get("client_id", "")
    if authorization.startswith("Basic "):
        raw = b64decode(authorization[6:]).decode()
        client_id, secret = (unquote_plus(part) for part in raw.split(":", 1))
        return client_id, secret, "client_secret_basic"
    if "client_secret" in form:
        return client_id, form["client_secret"], "client_secret_post"
    if form.get("client_assertion_type") == JWT_BEARER:
        return client_id, "", "private_key_jwt"
    if subject:
        return client_id, subject, "tls_client_auth"
    return client_id, "", "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = AuthorizationServer(options.port).start()
    print(server.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
