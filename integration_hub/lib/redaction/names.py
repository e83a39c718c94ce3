"""Which member, header or parameter names announce a secret.

A name is cut into words (`clientSecret`, `client-secret`, `CLIENT_SECRET` are the
same two) and counts when its *last* words are a secret's: `refresh_token` does,
`token_type`, `author`, `tokens_used` and `password_changed_at` do not.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")


def _set(listed: str) -> frozenset[str]:
    return frozenset(item.strip() for item in listed.split(","))


_SINGLE = _set(
    "password, passwords, passwd, pwd, passphrase, passcode, secret, secrets, token, authorization,"
    "cookie, cookies, credential, credentials, apikey, apikeys, assertion, otp, jwt"
)
# Words that, in this order at the end of a name, make a secret together.
_PHRASES = _set(
    "api key, api keys, access key, access keys, secret key, secret keys, private key,"
    "private keys, signing key, encryption key, auth key, shared key, master key, account key,"
    "session key, subscription key, ssh key, fernet key, fernet keys, storage key, client key,"
    "service key, webhook key, authorization code, code verifier, auth code, access tokens,"
    "refresh tokens, api tokens, auth tokens, bearer tokens, session tokens, db pass, user pass,"
    "database pass, smtp pass, ftp pass, proxy pass"
)
_JOINED = frozenset(phrase.replace(" ", "") for phrase in _PHRASES) | _set(
    "accesstoken, refreshtoken, authtoken, idtoken, bearertoken, sessiontoken, securitytoken,"
    "csrftoken, xsrftoken, clientsecret, appsecret, sharedsecret, webhooksecret, setcookie,"
    "userpassword, dbpassword"
)
# A secret stays one with these behind it; `password_confirmation` is still the password.
_TAILS = _set(
    "value, values, raw, plain, plaintext, text, hash, hashed, digest, base64, b64, encoded,"
    "encrypted, confirmation, confirm, again, repeat, header, pem, json, string, old, new, current"
)
# `has_password` is a yes or no, `next_page_token` a place in a list, `max_token` a limit.
_HEADS = _set("has, is, are, requires, require, required, needs, no, without, with, uses, use")
_CURSORS = _set("page, next, continuation, prev, previous, max, min, num, count")


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a name in any case style."""
    return tuple(word.lower() for word in _WORD.findall(name[:200]))


@lru_cache(maxsize=8192)
def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is a secret by convention."""
    found = list(words(name))
    while len(found) > 1 and (found[-1].isdigit() or found[-1] in _TAILS):
        found.pop()
    if not found or (len(found) > 1 and found[0] in _HEADS):
        return False
    if found[-1] == "token" and any(word in _CURSORS for word in found[:-1]):
        return False
    return found[-1] in _SINGLE or found[-1] in _JOINED or " ".join(found[-2:]) in _PHRASES
