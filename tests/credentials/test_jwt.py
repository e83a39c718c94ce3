"""A token for each request: the RFCs' own examples, and servers that verify it by other code."""

from __future__ import annotations

import base64
import hmac
import json
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from credentials.jose import BadKey, compact, private_key, sign
from credentials.scheme import schemes
from credentials.secret_bytes import secret_bytes
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import InstanceNotReady
from tests.credentials.samples import CERTIFICATE
from tests.credentials.verifying import Received, Said

JWT = schemes.get("jwt")
SECRET = "a-shared-secret-of-32-characters"
REQUEST = HttpRequest("GET", "https://h.example/")

# RFC 7515, appendices A.1 and A.2; RFC 8037, appendix A.
A1_KEY = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
PAYLOAD = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
A1_MESSAGE = f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}"
A1_SIGNATURE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
A2_KEY = {
    "kty": "RSA",
    "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0"
    "Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5r"
    "exMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXF"
    "vUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "e": "AQAB",
    "d": "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2"
    "NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51"
    "gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPD"
    "VZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
}
A2_SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj"
    "Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7"
    "K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np"
    "6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)
ED_KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
ED_TOKEN = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3A"
    "IbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

RSA = rsa.generate_private_key(65537, 2048)
SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505 - it is to be refused
KEYS = {
    **dict.fromkeys(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], RSA),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def pem(key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_examples_of_the_rfcs() -> None:
    key = secret_bytes(A1_KEY, "base64")
    assert sign(A1_MESSAGE.encode(), key, "HS256") == decoded(A1_SIGNATURE)
    rs = compact({}, decoded(PAYLOAD), key=json.dumps(A2_KEY), algorithm="RS256")
    assert rs == f"eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{A2_SIGNATURE}"
    payload = b"Example of Ed25519 signing"
    assert compact({}, payload, key=json.dumps(ED_KEY), algorithm="EdDSA") == ED_TOKEN


def verify(algorithm: str, key, message: bytes, signature: bytes) -> None:
    """Raises InvalidSignature."""
    hashed = {"2": hashes.SHA256(), "3": hashes.SHA384(), "5": hashes.SHA512()}.get(algorithm[2])
    match algorithm[:2]:
        case "RS":
            key.public_key().verify(signature, message, padding.PKCS1v15(), hashed)
        case "PS":
            salted = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
            key.public_key().verify(signature, message, salted, hashed)
        case "ES":
            half = len(signature) // 2
            r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
            key.public_key().verify(encode_dss_signature(r, s), message, ec.ECDSA(hashed))
        case "Ed":
            key.public_key().verify(signature, message)


class Resource:
    """Takes each token once, and only while it holds."""

    def __init__(self, algorithm: str, check) -> None:
        self.algorithm, self.check, self.used = algorithm, check, set()

    def __call__(self, request: Received) -> Said:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        message, _, signature = token.rpartition(".")
        header, claims = (json.loads(decoded(part)) for part in message.split("."))
        now = time.time()
        try:
            self.check(message.encode(), decoded(signature))
        except InvalidSignature:
            return Said(401, body=b"{}")
        good = (
            scheme == "Bearer"
            and header == {"alg": self.algorithm, "typ": "JWT", "kid": "hub-2026"}
            and claims["iss"] == "hub"
            and claims["sub"] == "svc"
            and claims["aud"] == "tenant/t-7"
            and now - 5 <= claims["iat"] <= now + 1
            and claims["exp"] == claims["iat"] + 60
            and claims["jti"] not in self.used
        )
        self.used.add(claims["jti"])
        return Said() if good else Said(401, body=b"{}")


AUTH = {"type": "jwt", "claims": {"iss": "hub", "aud": "tenant/{tenant}"}}
DATA = {"key_id": "hub-2026", "claims": {"sub": "svc"}}


@pytest.mark.django_db
@pytest.mark.parametrize("algorithm", KEYS)
def test_a_server_that_verifies_it_accepts_every_request(algorithm, verifier, through) -> None:
    key = KEYS[algorithm]
    server = verifier(Resource(algorithm, lambda m, s: verify(algorithm, key, m, s)))
    data = DATA | {"private_key": pem(key), "algorithm": algorithm}
    call = through(server.url, AUTH, data, config={"tenant": "t-7"})
    assert [call()[0], call("create", {"n": 1})[0], call()[0]] == [200, 200, 200]


@pytest.mark.django_db
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_server_with_the_shared_secret_accepts_it_and_another_does_not(
    algorithm, verifier, through
) -> None:
    def check(message: bytes, signature: bytes) -> None:
        right = hmac.new(SECRET.encode(), message, f"sha{algorithm[2:]}").digest()
        if not hmac.compare_digest(right, signature):
            raise InvalidSignature

    server = verifier(Resource(algorithm, check))
    auth = AUTH | {"algorithm": algorithm}
    config = {"tenant": "t-7"}
    assert through(server.url, auth, DATA | {"secret": SECRET}, config=config)()[0] == 200
    wrong = through(server.url, auth, DATA | {"secret": "x" * 32}, slug="wrong", config=config)
    status, problem = wrong()
    assert (status, problem["code"]) == (502, "AUTH_ERROR")


def test_the_token_is_masked_and_may_stand_elsewhere() -> None:
    data = {"secret": SECRET, "algorithm": "HS256"}
    options = {"header": "X-Token", "prefix": "", "lifetime": 5}
    signed = JWT.apply(REQUEST, data=data, options=options)
    token = signed.request.headers["X-Token"]
    assert set(signed.secrets) == {SECRET, token}
    claims = json.loads(decoded(token.split(".")[1]))
    assert claims["exp"] - claims["iat"] == 5


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        (pem(RSA), "RS256"),
        (pem(KEYS["ES256"]), "ES256"),
        (pem(KEYS["ES512"]), "ES512"),
        (pem(KEYS["EdDSA"]), "EdDSA"),
        (json.dumps(ED_KEY | {"alg": "EdDSA", "use": "sig", "kid": "1"}), "EdDSA"),
    ],
)
def test_a_key_is_used_for_what_it_is_unless_someone_says_otherwise(text, algorithm) -> None:
    assert not list(JWT.check_data({"private_key": text}, {}))
    signed = JWT.apply(REQUEST, data={"private_key": text}, options={})
    header = signed.request.headers["Authorization"].removeprefix("Bearer ").partition(".")[0]
    assert json.loads(decoded(header))["alg"] == algorithm


PUBLIC = {name: value for name, value in ED_KEY.items() if name != "d"}
BAD = {
    "nothing": ({}, "/private_key", "Either"),
    "both": ({"private_key": pem(RSA), "secret": SECRET}, "/private_key", "not both"),
    "a certificate": ({"private_key": CERTIFICATE}, "/private_key", "a certificate"),
    "text": ({"private_key": "canary"}, "/private_key", "no private key"),
    "a public JWK": ({"private_key": json.dumps(PUBLIC)}, "/private_key", "no private key"),
    "a broken JWK": ({"private_key": '{"kty": "RSA", "n": "canary"}'}, "/private_key", "JWK"),
    "no JSON": ({"private_key": '{"kty": canary'}, "/private_key", "JWK"),
    "no key": ({"private_key": '{"kty": "oct", "k": "Y2FuYXJ5"}'}, "/private_key", "JWK"),
    "another kind": ({"private_key": pem(RSA), "algorithm": "ES256"}, "/private_key", "ES256"),
    "another curve": (
        {"private_key": pem(KEYS["ES384"]), "algorithm": "ES256"},
        "/private_key",
        "ES256",
    ),
    "short": (
        {"private_key": pem(SHORT)},
        "/private_key",
        "1024 bits",
    ),
    "a secret for RSA": ({"secret": SECRET, "algorithm": "RS256"}, "/secret", "private key"),
    "a key for HMAC": ({"private_key": pem(RSA), "algorithm": "HS256"}, "/private_key", "secret"),
    "own claims": ({"secret": SECRET, "claims": {"exp": 9}}, "/claims/exp", "lifetime"),
}


@pytest.mark.parametrize(("data", "pointer", "reason"), BAD.values(), ids=BAD)
def test_what_cannot_sign_is_refused_with_the_reason_and_not_quoted(data, pointer, reason) -> None:
    (fault,) = JWT.check_data(data, {})
    assert fault.pointer == pointer
    assert reason in fault.detail
    assert "canary" not in fault.detail
    assert SECRET not in fault.detail


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"claims": {"jti": "1"}}, "/claims/jti"),
        ({"claims": {"a": [{"b": "{open"}]}}, "/claims/a/0/b"),
        ({"header": "Host"}, "/header"),
        ({"prefix": "a\nb"}, "/prefix"),
    ],
)
def test_each_fault_of_the_definition_is_named(options, pointer) -> None:
    assert [fault.pointer for fault in JWT.check_options(options)] == [pointer]


def test_a_missing_member_of_the_config_is_named() -> None:
    with pytest.raises(InstanceNotReady, match=r"config\.tenant"):
        JWT.options_for(AUTH, {})


def test_a_key_is_read_once() -> None:
    text = pem(KEYS["ES256"])
    assert private_key(text, "ES256") is private_key(text, "ES256")
    with pytest.raises(BadKey):
        private_key(text, "ES384")
