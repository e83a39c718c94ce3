"""Settings of the hub, all from the environment through `env`; docs/configuration.md lists them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_hub import env, theme
from integration_hub.lib import log
from integration_hub.schedules import SCHEDULES

env.read_dotenv()

BASE_DIR = env.BASE_DIR
VAR_DIR = Path(env.text("HUB_VAR_DIR", str(BASE_DIR / "var")))

# --- who and where -----------------------------------------------------------
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
FERNET_KEYS = env.items("FERNET_KEYS")
HUB_PUBLIC_URL = env.text("HUB_PUBLIC_URL", "https://localhost").rstrip("/")
HUB_PRODUCTION = not DEBUG and not env.is_loopback_http(HUB_PUBLIC_URL)
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "" if HUB_PRODUCTION else "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
HUB_PROXY_COUNT = env.integer("HUB_PROXY_COUNT", 0)

# --- limits (contract §10) ---------------------------------------------------
HUB_OUTBOUND_POLICY = env.choice("HUB_OUTBOUND_POLICY", "public", ("public", "allowlist"))
HUB_OUTBOUND_ALLOW = env.items("HUB_OUTBOUND_ALLOW")
HUB_API_RATE = env.text("HUB_API_RATE")
HUB_EXECUTION_RETENTION_DAYS = env.integer("HUB_EXECUTION_RETENTION_DAYS", 30, minimum=1)
HUB_MAX_REQUEST_BYTES = env.integer("HUB_MAX_REQUEST_BYTES", 10 * 1024 * 1024, minimum=1024)
HUB_MAX_RESPONSE_BYTES = env.integer("HUB_MAX_RESPONSE_BYTES", 10 * 1024 * 1024, minimum=1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = HUB_MAX_REQUEST_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- apps --------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "health_check",
    "axes",
    "integration_hub.coordination",
    "integration_hub.sealing",
    "integration_hub.audit",
    "integration_hub.access",
    "integration_hub.api",
    "integration_hub.events",
    "registry",
    "credentials",
    "transformer",
    "executor",
    "integration_hub.monitoring",
]

MIDDLEWARE = [
    "integration_hub.api.middleware.RequestIdMiddleware",
    "integration_hub.api.middleware.ProblemMiddleware",
    "integration_hub.api.middleware.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "integration_hub.api.csp.HubCSPMiddleware",
    "integration_hub.api.pages.SessionMiddleware",
    "integration_hub.api.pages.LocaleMiddleware",
    "integration_hub.api.pages.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "integration_hub.api.pages.AuthenticationMiddleware",
    "integration_hub.api.pages.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "integration_hub.urls"
WSGI_APPLICATION = "integration_hub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

# --- data --------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {"default": env.database(f"sqlite:///{VAR_DIR}/hub.sqlite3")}
_db = DATABASES["default"]
IS_SQLITE = str(_db["ENGINE"]).endswith("sqlite3")
_db["CONN_MAX_AGE"] = 600  # django-q2 drains 8 tasks a second without it, 430 with it
_db["CONN_HEALTH_CHECKS"] = True
_db.setdefault("OPTIONS", {})
if IS_SQLITE:
    _db["ENGINE"] = "integration_hub.coordination.engines.sqlite3"  # the same, for many threads
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    _db["OPTIONS"] |= {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "PRAGMA busy_timeout=20000; PRAGMA foreign_keys=ON;"
        ),
    }
else:
    _db["OPTIONS"] |= {
        "connect_timeout": 3,
        # The plan mode and the threshold are for coordination/prepared.py, whose statements
        # go by primary key: no values make another plan better. Other cursors prepare nothing.
        "options": (
            "-c statement_timeout=30000 -c lock_timeout=5000 -c plan_cache_mode=force_generic_plan"
        ),
        "prepare_threshold": 0,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "hub",
        "OPTIONS": {
            "socket_timeout": 0.1,
            "socket_connect_timeout": 0.1,
            "retry": Retry(NoBackoff(), 0),  # redis-py's default multiplies a hang
        },
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- background work (docs/adr/0006: the row is the truth, the queue a hint) ---
Q_CLUSTER: dict[str, Any] = {
    "name": "hub",
    "orm": "default",
    "broker_class": "executor.delivery.broker.HubBroker",
    "workers": env.integer("HUB_WORKERS", 1 if IS_SQLITE else 2, minimum=1),
    "timeout": 420,
    "retry": 480,
    "max_attempts": 1,
    "ack_failures": True,
    "bulk": 1,
    "queue_limit": 1,
    "save_limit": -1,
    "guard_cycle": 1,
    "poll": 0.2,
    "catch_up": False,
    "recycle": 5_000,
    "label": "Queue",
}
HUB_WORKER_THREADS = env.integer("HUB_WORKER_THREADS", 8, minimum=1)
HUB_SCHEDULES = SCHEDULES
HUB_WEB_THREADS = env.integer("HUB_WEB_THREADS", 16, minimum=4)
HUB_METRICS_DIR = VAR_DIR / "metrics"
HUB_CHECK_EVENTS = DEBUG  # compare every event with its schema: tests and development only

# --- API ---------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "integration_hub.api.authentication.TokenAuthentication",
        "integration_hub.api.authentication.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["integration_hub.api.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["integration_hub.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["integration_hub.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "integration_hub.api.pagination.PagePagination",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "integration_hub.api.negotiation.HubNegotiation",
    "DEFAULT_FILTER_BACKENDS": [
        "integration_hub.api.filters.KnownParameters",
        "integration_hub.api.filters.StrictFilterBackend",
        "rest_framework.filters.SearchFilter",
        "integration_hub.api.filters.StrictOrdering",
    ],
    "DEFAULT_SCHEMA_CLASS": "integration_hub.api.schema.HubSchema",
    "DEFAULT_THROTTLE_CLASSES": ["integration_hub.api.throttling.OwnerThrottle"],
    "EXCEPTION_HANDLER": "integration_hub.api.problem.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # the header Accept decides; `format` is a parameter like others
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Integration Hub",
    "DESCRIPTION": "Describe external systems, connect them, call them, and see every call.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "integration_hub.api.schema.describe_problems",
    ],
}

# --- people ------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_VERBOSE = False  # no banner on every command
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_IPWARE_PROXY_COUNT = HUB_PROXY_COUNT
AXES_HANDLER = "integration_hub.access.handlers.CountingHandler"
LOGIN_URL = "admin:login"
SESSION_COOKIE_AGE = 12 * 3600
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["integration_hub.formats"]

# --- browser safety (contract §8: TLS rules in production mode only) -----------
SECURE_SSL_REDIRECT = HUB_PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HUB_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HUB_PRODUCTION
SECURE_HSTS_PRELOAD = HUB_PRODUCTION
# Only a proxy that we are told of may say that the outside spoke TLS.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HUB_PROXY_COUNT else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HUB_PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- files, logs -------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING_CONFIG = None
log.configure(env.choice("HUB_LOG_FORMAT", "console" if DEBUG else "json", ("json", "console")))

UNFOLD = theme.UNFOLD
