"""Settings of the hub, all from the environment through `env`; docs/configuration.md lists them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from integration_hub import databases, env, schedules, theme
from integration_hub.api import content_policy, framework
from integration_hub.lib import log

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

# --- credentials: where they may refer to, how old they may get --------------
HUB_SECRET_ENV_PREFIX = env.text("HUB_SECRET_ENV_PREFIX")
HUB_SECRET_DIRS = env.items("HUB_SECRET_DIRS", "/run/secrets")
HUB_SECRET_CACHE_SECONDS = env.integer("HUB_SECRET_CACHE_SECONDS", 60)
HUB_SECRET_STALE_SECONDS = env.integer("HUB_SECRET_STALE_SECONDS", 3_600)
HUB_CREDENTIAL_ROTATION_DAYS = env.integer("HUB_CREDENTIAL_ROTATION_DAYS", 0)
HUB_VAULT_URL = env.text("HUB_VAULT_URL").rstrip("/")
HUB_VAULT_TOKEN = env.text("HUB_VAULT_TOKEN")
HUB_VAULT_MOUNT = env.text("HUB_VAULT_MOUNT", "secret")
HUB_VAULT_NAMESPACE = env.text("HUB_VAULT_NAMESPACE")
HUB_VAULT_CA = env.text("HUB_VAULT_CA")

# --- limits ------------------------------------------------------------------
HUB_OUTBOUND_POLICY = env.choice("HUB_OUTBOUND_POLICY", "public", ("public", "allowlist"))
HUB_OUTBOUND_ALLOW = env.items("HUB_OUTBOUND_ALLOW")
HUB_OUTBOUND_PROXY = env.text("HUB_OUTBOUND_PROXY")
HUB_API_RATE = env.text("HUB_API_RATE")
HUB_CONNECT_RATE = env.text("HUB_CONNECT_RATE", "60/m")
HUB_CONSUME_URL = env.text("HUB_CONSUME_URL")
HUB_CONSUME_CA = env.text("HUB_CONSUME_CA")
HUB_WEBHOOK_RATE = env.text("HUB_WEBHOOK_RATE", "3000/m")
HUB_EXECUTION_RETENTION_DAYS = env.integer("HUB_EXECUTION_RETENTION_DAYS", 30, minimum=1)
HUB_PAYLOAD_RETENTION_DAYS = env.integer("HUB_PAYLOAD_RETENTION_DAYS", 0)  # 0: as executions
HUB_EXECUTION_MAX_GB = env.integer("HUB_EXECUTION_MAX_GB", 0)  # 0: no bound but the time
HUB_DATABASE_MIN_FREE_BYTES = env.integer("HUB_DATABASE_MIN_FREE_BYTES", 100 * 1024 * 1024)
HUB_MAX_REQUEST_BYTES = env.integer("HUB_MAX_REQUEST_BYTES", 10 * 1024 * 1024, minimum=1024)
HUB_MAX_RESPONSE_BYTES = env.integer("HUB_MAX_RESPONSE_BYTES", 10 * 1024 * 1024, minimum=1024)
HUB_FILES_DIR = Path(env.text("HUB_FILES_DIR", str(VAR_DIR / "files")))
HUB_MAX_FILE_BYTES = env.integer("HUB_MAX_FILE_BYTES", 100 * 1024 * 1024, minimum=1024)
HUB_FILES_MIN_FREE_BYTES = env.integer("HUB_FILES_MIN_FREE_BYTES", 100 * 1024 * 1024, minimum=0)
HUB_SQLITE_DIR = env.text("HUB_SQLITE_DIR")
HUB_EXPRESSION_ENGINE = env.text("HUB_EXPRESSION_ENGINE", "jlens")
HUB_EXPRESSION_MS = env.integer("HUB_EXPRESSION_MS", 500, minimum=10)
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
    "executor.inbound",
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
DATABASES = {"default": databases.database(VAR_DIR)}
IS_SQLITE = databases.is_sqlite(DATABASES["default"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")
CACHES = {"default": databases.cache(REDIS_URL)}

# --- background work (docs/adr/0006: the row is the truth, the queue a hint) ---
HUB_WORKERS = env.integer("HUB_WORKERS", 1 if IS_SQLITE else 2, minimum=1)
Q_CLUSTER = schedules.CLUSTER | {"workers": HUB_WORKERS}
HUB_WORKER_THREADS = env.integer("HUB_WORKER_THREADS", 8, minimum=1)
HUB_SCHEDULES = schedules.SCHEDULES
HUB_WEB_THREADS = env.integer("HUB_WEB_THREADS", 16, minimum=4)
HUB_STATUS_PAGE = env.flag("HUB_STATUS_PAGE")
HUB_RELEASE = env.text("HUB_RELEASE")
HUB_METRICS_DIR = VAR_DIR / "metrics"
HUB_CHECK_EVENTS = DEBUG  # compare every event with its schema: tests and development only

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

# --- browser safety (TLS rules in production mode only) ------------------------
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
CONTENT_SECURITY_POLICY = content_policy.CONTENT_POLICY

# --- files, logs -------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "files": {"BACKEND": env.text("HUB_FILES_STORAGE", "executor.files.storage.FilesDirectory")},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING_CONFIG = None
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
log.configure(env.choice("HUB_LOG_FORMAT", "console" if DEBUG else "json", ("json", "console")))

# --- how the libraries are set up, told beside the rooms that use them ---------
REST_FRAMEWORK = framework.REST_FRAMEWORK
SPECTACULAR_SETTINGS = framework.SPECTACULAR
UNFOLD = theme.UNFOLD
