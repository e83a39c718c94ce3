from django.db.models import TextChoices


class CredentialStatus(TextChoices):
    ACTIVE = "active"
    REFRESHING = "refreshing"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Reason(TextChoices):
    """Why a token endpoint or a login gave nothing; each has a sentence with what to do."""

    INVALID_GRANT = "invalid_grant"
    REAUTH_NEEDED = "reauth_needed"
    INVALID_CLIENT = "invalid_client"
    INVALID_REQUEST = "invalid_request"
    INVALID_SCOPE = "invalid_scope"
    INCOMPLETE = "incomplete"
    FORBIDDEN_ADDRESS = "forbidden_address"
    NO_METADATA = "no_metadata"
    OTHER_ISSUER = "other_issuer"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    REDIRECTED = "redirected"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    IS_HTML = "is_html"
    NOT_AN_OBJECT = "not_an_object"
    NO_TOKEN = "no_token"  # noqa: S105 - the name of a fault
    BAD_TOKEN = "bad_token"  # noqa: S105 - the name of a fault
    NO_TOKEN_TYPE = "no_token_type"  # noqa: S105 - the name of a fault
    BAD_TOKEN_TYPE = "bad_token_type"  # noqa: S105 - the name of a fault
    BAD_EXPIRY = "bad_expiry"
    BAD_REFRESH_TOKEN = "bad_refresh_token"  # noqa: S105 - the name of a fault
    BAD_SCOPE = "bad_scope"
    UNKNOWN_ERROR = "unknown_error"


class Acquisition(TextChoices):
    """What a failure means: try again later, correct something, or a person must authorise."""

    TRANSIENT = "transient"
    REFUSED = "refused"
    OVER = "over"


class FlowVia(TextChoices):
    """Which way a person was sent to the authorization server, and so where they come back."""

    API = "api"
    ADMIN = "admin"
    LINK = "link"


class AuthOutcome(TextChoices):
    """What an `errors` rule of an `auth` entry can say of an answer."""

    REFRESH = "refresh_then_retry_once"
    NEEDS_REAUTH = "needs_reauth"
    TRANSIENT = "transient"
    PERMISSION = "permission"
