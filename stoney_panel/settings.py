"""All settings. What differs between installations comes from the environment, see docs/running.md."""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from stoney_panel import env, people

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(env.text("PANEL_DATA", str(BASE_DIR / "var"))).resolve()

DEBUG = False
SECRET_KEY = env.secret("PANEL_SECRET_KEY", kept_in=DATA / "secret-key")
ALLOWED_HOSTS = env.words("PANEL_HOSTS", "localhost,127.0.0.1,[::1]")

INSTALLED_APPS = [
    "stoney_panel",
    "vms",
    "directory",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "template_partials",
    "csp",
    "axes",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # blurs lengths, and tokens differ on each page: BREACH learns nothing
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "stoney_panel.words.watching.fresh_words",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "stoney_panel.auditing.EveryRequestIsWrittenDown",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "stoney_panel.middleware.visits_are_seen",
    "django.contrib.messages.middleware.MessageMiddleware",
    "stoney_panel.middleware.last_event_id",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "stoney_panel.chrome.chrome",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])],
                )
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    },
]
ROOT_URLCONF = "stoney_panel.urls"
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite://{DATA / 'panel.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "directory.Person"
# The door first: whoever is locked out is asked of nobody, neither here nor in the directory.
# Then local accounts: they are a way in when the directory is down, and it never learns their passwords.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "directory.backends.DirectoryBackend",
    "directory.backends.RoleBackend",
]
DIRECTORY = people.directory_from_environment()
RIGHTS_OF_ROLES = people.RIGHTS_OF_ROLES
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_TRIES = env.number("PANEL_LOGIN_TRIES", 5, least=2, most=100)
LOGIN_WAIT = timedelta(minutes=env.number("PANEL_LOGIN_WAIT", 15, least=1, most=1440))
AXES_HANDLER = "directory.locking.Door"
AXES_FAILURE_LIMIT = LOGIN_TRIES
AXES_COOLOFF_TIME = LOGIN_WAIT
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # what a login that works forgives; Door knows more locks
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else strangers could keep somebody out for ever
AXES_LOCKOUT_CALLABLE = "directory.views.logging_in.say_that_it_is_locked"
AXES_CLIENT_IP_CALLABLE = "stoney_panel.addresses.network_of"
AXES_USERNAME_CALLABLE = "directory.locking.name_given"
AXES_SENSITIVE_PARAMETERS = ["username", "csrfmiddlewaretoken", "old_password", "new_password1", "new_password2"]
AXES_VERBOSE = False
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "vms:list"
LOGOUT_REDIRECT_URL = "login"

HTTPS = env.flag("PANEL_HTTPS", default=False)
PROXIES = env.networks("PANEL_PROXIES")
SESSION_COOKIE_NAME = "__Host-panel" if HTTPS else "panel"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-panel-csrf" if HTTPS else "panel-csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_TRUSTED_ORIGINS = env.words("PANEL_ORIGINS", "")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES: list[tuple[str, object]] = [
    ("en", _("English")),
    ("de", _("German")),
    ("fr", _("French")),
    ("it", _("Italian")),
]
PSEUDO_LANGUAGE = env.flag("PANEL_PSEUDO_LANGUAGE", default=False)
if PSEUDO_LANGUAGE:
    LANGUAGES.append(("en-xa", "English (pseudo)"))
CATALOGUES = BASE_DIR / "locale"
LOCALE_PATHS = [DATA / "words"]  # compiled from the catalogues, see docs/decisions/words.md
WATCH_WORDS = env.flag("PANEL_WATCH_WORDS", default=False)
LANGUAGE_COOKIE_NAME = "panel-language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = env.time_zone("PANEL_TIME_ZONE")
FORMAT_MODULE_PATH = ["stoney_panel.formats"]
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "stoney_panel.static_files.PanelStaticFiles"},
}

FILE_UPLOAD_HANDLERS = ["stoney_panel.no_files.NoFiles"]

REDIS_URL = env.text("REDIS_URL", f"unix://{DATA / 'redis.sock'}")
CELERY_BROKER_URL = env.broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 7 * 24 * 60 * 60,  # longer than anything: the operation row rings again, not the broker
    "max_retries": 0,  # who rings and finds no broker goes on at once; the sweep rings again
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "ring again for operations whose bell was not heard": {
        "task": "vms.operations.tasks.sweep",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "begin backups whose time has come": {
        "task": "vms.operations.tasks.keep_to_schedules",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "check old backups again": {
        "task": "vms.operations.tasks.check_old_backups",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget dynamic machines that were thrown away long ago": {
        "task": "vms.operations.tasks.forget_thrown_away",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "let people's roles follow the directory": {
        "task": "stoney_panel.tasks.refresh_people",
        "schedule": 300.0,
        "options": {"expires": 240},
    },
    "forget sessions that have ended": {
        "task": "stoney_panel.tasks.forget_what_has_ended",
        "schedule": 3600.0,
        "options": {"expires": 1800},
    },
}

HYPERVISOR_DRIVER = "vms.hypervisor.libvirt_driver"
PEOPLE = "directory.finding"
SHUTDOWN_TIME_LIMIT = env.number("PANEL_SHUTDOWN_TIME_LIMIT", 90, least=5, most=3600)
GUEST_TIME_LIMIT = env.number("PANEL_GUEST_TIME_LIMIT", 60, least=5, most=3600)
NODE_PATIENCE = env.number("PANEL_NODE_PATIENCE", 120, least=5, most=86400)
STREAMS_PER_NODE = env.number("PANEL_STREAMS_PER_NODE", 2, least=1, most=100)
STREAM_LIMIT = env.number("PANEL_STREAM_LIMIT", 0, least=0, most=100_000)  # MiB per second; 0: none
BACKUP_LIMIT = env.number("PANEL_BACKUP_LIMIT", 0, least=0, most=100_000)  # MiB per second; 0: none
MIGRATIONS_PER_NODE = env.number("PANEL_MIGRATIONS_PER_NODE", 2, least=1, most=100)
BACKUPS_PER_NODE = env.number("PANEL_BACKUPS_PER_NODE", 2, least=1, most=100)
SHARED_FOLDERS = env.words("PANEL_SHARED_FOLDERS", "")
VIRTUALISATION = env.choice("PANEL_VIRTUALISATION", "auto", among=("auto", "kvm", "qemu"))
UPLOADS = DATA / "uploads"
UPLOAD_LIMIT = env.number("PANEL_UPLOAD_LIMIT", 20, least=1, most=10_000)  # GiB
CONSOLES_AT_ONCE = env.number("PANEL_CONSOLES", 100, least=1, most=10_000)
AGENT_CHECK_SECONDS = env.number("PANEL_AGENT_CHECK_SECONDS", 10, least=2, most=3600)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env.text("PANEL_LOG_LEVEL", "INFO")},
}
