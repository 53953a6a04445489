"""All settings, read strictly from the environment; docs/deploying.md lists the variables.

A malformed value, and a variable that looks like ours but is not, end the process with one line that names the
variable. That is a SystemExit rather than an exception of Django's, so that nobody is shown a traceback, whichever
program reads the settings.
"""

from __future__ import annotations

import datetime
import difflib
import os
import re
import stat
import tempfile
import warnings
import zoneinfo
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ValidationError
from django.core.management.utils import get_random_secret_key
from django.core.validators import validate_email
from whitenoise.compress import Compressor

BASE_DIR = Path(__file__).resolve().parent.parent

# --- reading the environment ------------------------------------------------------------------------------------------

# Every variable that the site reads. ACCESS_LOG, HOST, PORT and WEB_CONCURRENCY are read in
# gunicorn.conf.py.
VARIABLES = frozenset(
    {
        "ACCESS_LOG",
        "ALLOWED_HOSTS",
        "API_RATE",
        "ARXIV_API_URL",
        "CACHE_URL",
        "CONTACT_EMAIL",
        "CROSSREF_API_KEY",
        "CROSSREF_API_URL",
        "CSRF_TRUSTED_ORIGINS",
        "DATABASE_REPLICA_URLS",
        "DATABASE_URL",
        "DATA_DIR",
        "DEBUG",
        "EUROPE_PMC_API_URL",
        "HOST",
        "LOG_FORMAT",
        "LLM_API_KEY",
        "LLM_API_URL",
        "LLM_MODEL",
        "LOG_LEVEL",
        "OPENALEX_API_KEY",
        "OPENALEX_API_URL",
        "OPENCITATIONS_API_KEY",
        "OPENCITATIONS_API_URL",
        "PORT",
        "REPORT_RATE",
        "REPLICA_MAX_LAG",
        "SECRET_KEY",
        "SECURE",
        "SEMANTIC_SCHOLAR_API_KEY",
        "SEMANTIC_SCHOLAR_API_URL",
        "SIGN_IN_FAILURES",
        "SLOW_QUERY_MS",
        "TEMPLATE_CACHE",
        "TIME_ZONE",
        "WEB_CONCURRENCY",
    }
)
# A variable that begins like this is meant for this site: unknown, it is a slip of the pen, and is not passed over.
OWN_PREFIXES = (
    "EXPLORER_",
    "ALLOWED_",
    "DATABASE_REPLICA",
    "REPLICA_",
    "CSRF_",
    "LOG_",
    "SIGN_IN_",
    "SLOW_",
    "SEMANTIC_SCHOLAR_",
    "SEMANTICSCHOLAR_",
    "OPENALEX_",
    "OPEN_ALEX_",
    "OPENCITATIONS_",
    "OPEN_CITATIONS_",
    "CROSSREF_",
    "LLM_",
    "ARXIV_",
    "EUROPE_PMC_",
    "EUROPEPMC_",
)

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# A host name, an IPv4 address or an IPv6 address in brackets, with a leading dot for subdomains; or the lone asterisk.
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")


def _stop(variable: str, problem: str) -> NoReturn:
    """End the process with one line that names the variable."""
    raise SystemExit(f"Citation Explorer cannot start: {variable}: {problem}")


def _text(variable: str, default: str) -> str:
    """The value of a variable without surrounding blanks; empty is malformed, for it is how a lost secret looks.

    Taken from os.environ itself: django-environ reads a value that begins with $ as the name of another variable.
    """
    value = os.environ.get(variable, default).strip()
    if not value and variable in os.environ:
        _stop(variable, "is set but empty; give it a value or unset it")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        _stop(variable, "contains a control character, such as a line break")
    return value


def _boolean(variable: str, default: bool) -> bool:
    """A switch. Any word that is not plainly yes or no stops the start: a guess here can expose a site."""
    value = _text(variable, str(default)).lower()
    if value not in _TRUE | _FALSE:
        _stop(variable, f"{value!r} is neither true/yes/on/1 nor false/no/off/0")
    return value in _TRUE


def _number_or_off(variable: str, default: int, most: int) -> int | None:
    """A whole number from 1 to `most`; None for "off"."""
    value = _text(variable, str(default)).lower()
    if value == "off":
        return None
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:10]) <= most):
        _stop(variable, f"{value!r} is neither a whole number from 1 to {most} nor off")
    return int(value)


def _list(variable: str, default: list[str]) -> list[str]:
    """Values separated by commas; blanks around them and empty places are dropped."""
    return [part.strip() for part in _text(variable, ",".join(default)).split(",") if part.strip()]


def _web_address(variable: str, default: str) -> str:
    """An http or https address without its last slash."""
    value = _text(variable, default)
    try:
        parts = urlsplit(value)
        readable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        readable = False
    if not readable:
        _stop(variable, f"{value!r} is not an address that begins with http:// or https://")
    return value.rstrip("/")


def _refuse_unknown_variables() -> None:
    """Stop at a variable that begins like ours and is not: the setting that it was meant for would be ignored."""
    for variable in sorted(os.environ):
        if variable.startswith(OWN_PREFIXES) and variable not in VARIABLES:
            near = difflib.get_close_matches(variable.removeprefix("EXPLORER_"), VARIABLES, n=1)
            hint = f"did you mean {near[0]}?" if near else "docs/deploying.md lists those that exist"
            _stop(variable, f"is not a setting; {hint}")


_refuse_unknown_variables()

# --- where data lives -------------------------------------------------------------------------------------------------


def _data_folder() -> Path:
    """The private folder for everything that the site itself writes; made when it is missing."""
    folder = BASE_DIR / Path(_text("DATA_DIR", "var")).expanduser()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        _stop("DATA_DIR", f"cannot make the folder {folder}: {problem.strerror}")
    if not os.access(folder, os.W_OK | os.X_OK):
        _stop("DATA_DIR", f"cannot write into the folder {folder}")
    return folder


DATA_DIR = _data_folder()


# What Django's own generator makes, and its check at deployment asks for; in characters.
SHORTEST_KEY = 50


def _kept_secret_key(file: Path) -> str:
    """The secret key in `file`, made at first start; mode 0600.

    The new key is written to a file of its own first (mkstemp: O_EXCL, 0600), then linked to its name, which fails
    where the name exists: of several processes that start together one wins, and none reads a half-written key.
    """
    try:
        if not file.exists():
            handle, made = tempfile.mkstemp(prefix=".secret_key.", dir=file.parent)
            try:
                with os.fdopen(handle, "w", encoding="ascii") as stream:
                    stream.write(get_random_secret_key())
                os.link(made, file)
            except FileExistsError:
                pass  # another process was first: its key is read below
            finally:
                os.unlink(made)
        mode = stat.S_IMODE(file.stat().st_mode)
        key = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        _stop("SECRET_KEY", f"is not set, and {file} cannot be made or read: {problem}")
    if mode & 0o077:
        _stop("SECRET_KEY", f"is not set, and {file} can be read by others; chmod 600 it, or delete it for a new key")
    if len(key) < SHORTEST_KEY:
        _stop("SECRET_KEY", f"is not set, and {file} holds no usable key; delete it for a new one")
    return key


def _secret_key() -> str:
    """The key of the environment, which nobody must be able to guess, else the one that is kept."""
    key = _text("SECRET_KEY", "")
    if key and len(key) < SHORTEST_KEY:
        _stop(
            "SECRET_KEY",
            f"has {len(key)} characters, fewer than {SHORTEST_KEY}; unset it, and a random key is made and kept",
        )
    return key or _kept_secret_key(DATA_DIR / "secret_key")


SECRET_KEY = _secret_key()

# --- safety -----------------------------------------------------------------------------------------------------------

DEBUG = _boolean("DEBUG", False)


def _hosts() -> list[str]:
    """The host names that the site answers to."""
    hosts = _list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    if not hosts:
        _stop("ALLOWED_HOSTS", "names no host: the site would answer nobody")
    for host in hosts:
        if not _HOST.fullmatch(host):
            _stop("ALLOWED_HOSTS", f"{host!r} is not a host name (no scheme, port or path; IPv6 in brackets)")
    return hosts


def _origins() -> list[str]:
    """Origins other than the site's own that may send its forms: https://explorer.example.org."""
    origins = _list("CSRF_TRUSTED_ORIGINS", [])
    for origin in origins:
        if not re.fullmatch(r"https?://[^/\s?#@]+", origin):
            _stop("CSRF_TRUSTED_ORIGINS", f"{origin!r} is not an origin such as https://explorer.example.org")
    return origins


ALLOWED_HOSTS = _hosts()
CSRF_TRUSTED_ORIGINS = _origins()

# Behind a proxy that terminates TLS and sets X-Forwarded-Proto itself (docs/deploying.md).
SECURE = _boolean("SECURE", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes ask the server itself, without TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0  # a year, the least that browsers' lists take seriously
# Not ours to decide: both would bind every other name under the operator's domain.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "citations.views.errors.csrf_failure"
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None  # gone when the browser is closed, as the form for readers' reports says

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"

# Failed attempts to sign in, after which one address is refused for a while (citations/views/signing_in.py). They are
# counted in the database: the memory of a process forgets them at a restart, and each process would count on its own.
SIGN_IN_FAILURES = _number_or_off("SIGN_IN_FAILURES", 10, 1000)
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_ENABLED = SIGN_IN_FAILURES is not None
AXES_FAILURE_LIMIT = SIGN_IN_FAILURES or 1
AXES_COOLOFF_TIME = datetime.timedelta(minutes=15)
# Not by name: else anybody could keep a curator out.
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_CLIENT_IP_CALLABLE = "citations.views.signing_in.client_address"
AXES_LOCKOUT_CALLABLE = "citations.views.signing_in.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Who signs in stands in the log; no table of who did when, which nobody would ever empty.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_SENSITIVE_PARAMETERS = ["csrfmiddlewaretoken"]

# --- the application --------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",  # the development server serves static files as gunicorn does
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "citations.apps.CitationsConfig",
]

# Sessions, users and messages are there for the admin; a public page touches none of them and so sets no cookie.
MIDDLEWARE = [
    "citations.views.observing.ObservingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "citations.views.reading.ReplicaMiddleware",
    "citations.views.pages.PageMiddleware",
    "citations.api.middleware.ApiMiddleware",
    "citations.views.middleware.AddressMiddleware",
    "citations.views.middleware.MethodMiddleware",
    "citations.views.middleware.AdminErrorMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "explorer.urls"
WSGI_APPLICATION = "explorer.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _template_cache() -> str | None:
    """The private folder in which compiled templates wait for the next start; None for "off".

    What lies in it is run as code: it must be nobody else's and nobody else may write to it.
    """
    value = _text("TEMPLATE_CACHE", str(DATA_DIR / "templates"))
    if value.lower() in _FALSE:
        return None
    folder = BASE_DIR / Path(value).expanduser()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.stat()
    except OSError as problem:
        _stop("TEMPLATE_CACHE", f"cannot make the folder {folder}: {problem.strerror}")
    if not stat.S_ISDIR(status.st_mode) or not os.access(folder, os.W_OK | os.X_OK):
        _stop("TEMPLATE_CACHE", f"cannot write into the folder {folder}")
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        _stop("TEMPLATE_CACHE", f"others may write into {folder}, and what lies there is run: chown and chmod 700 it")
    return str(folder)


TEMPLATE_CACHE = _template_cache()
# Jinja2 for every public page, Django's own language for the admin alone. Jinja2 is asked first; it has no folder
# of the admin's names, so these fall through.
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates" / "jinja2"],
        "APP_DIRS": False,
        "OPTIONS": {"environment": "explorer.jinja2.environment"},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates" / "django"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]

# --- databases and cache ----------------------------------------------------------------------------------------------

# Measured with eight writing processes: write-ahead log with IMMEDIATE transactions and a busy timeout met no "database
# is locked" in 73,000 commits; with deferred transactions it met thousands.
_SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    # Seconds to wait for another writer: pages of imports take one or two, the trial of a long list ten or more.
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;"
        "PRAGMA synchronous=NORMAL;"  # a loss of power may undo the last commits, and never damages the file
        "PRAGMA foreign_keys=ON;"
        "PRAGMA temp_store=MEMORY;"
        # As much of the file as SQLite maps is read without copying, from memory that all processes share and that the
        # system takes back where it needs it. So a connection, of which each thread has one, keeps next to nothing.
        "PRAGMA cache_size=-2000;"
        "PRAGMA mmap_size=2147418112"
    ),
}
_POSTGRESQL_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,  # seconds
    # Parameters bound in the client: the generic plan of a prepared statement took 190 ms instead of 0.7 on the
    # largest hub.
    "server_side_binding": False,
}


# Of replicas alone: a request must not wait long for one that is away, since the primary can answer it.
_REPLICA_OPTIONS: dict[str, Any] = {
    "connect_timeout": 2,  # seconds, the least that libpq takes
    "tcp_user_timeout": 3_000,  # milliseconds after which what nobody acknowledges counts as lost
}


def _database() -> dict[str, Any]:
    """Django's settings of the one database, on SQLite or PostgreSQL."""
    url = _text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'explorer.sqlite3'}")
    scheme = url.partition("://")[0]
    if scheme not in ("sqlite", "postgres", "postgresql"):
        # The value is not printed, here and below: it may carry a password.
        _stop(
            "DATABASE_URL",
            "is for neither of the two databases; write sqlite:///path or postgres://user:password@host/name",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a host in an SQLite address is no more than a warning there
            database: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, UserWarning):
        _stop("DATABASE_URL", "cannot be read; write sqlite:///path or postgres://user:password@host:port/name")
    return _completed(database, url, scheme)


def _completed(database: dict[str, Any], url: str, scheme: str) -> dict[str, Any]:
    """Settings that were read from `url`, with what every connection has."""
    database["CONN_MAX_AGE"] = 60  # seconds; a connection for each request made PostgreSQL answer a third as often
    database["CONN_HEALTH_CHECKS"] = True
    own = _SQLITE_OPTIONS if scheme == "sqlite" else _POSTGRESQL_OPTIONS
    database["OPTIONS"] = own | database.get("OPTIONS", {})
    if scheme == "sqlite":
        _complete_sqlite(database, url)
    elif not database["NAME"]:
        _stop("DATABASE_URL", "names no database; write postgres://user:password@host:port/name")
    return database


def _complete_sqlite(database: dict[str, Any], url: str) -> None:
    """Make the path of an SQLite file absolute, below the project where it is relative, and check its folder."""
    if url == "sqlite://:memory:":
        return
    if "?" in url or database["NAME"] == ":memory:":
        _stop(
            "DATABASE_URL",
            "write sqlite:///path, with three slashes before a relative path, four before an absolute one, no options",
        )
    file = BASE_DIR / database["NAME"]
    if not file.parent.is_dir():
        _stop("DATABASE_URL", f"the folder {file.parent} does not exist")
    if file.is_dir():
        _stop("DATABASE_URL", f"{file} is a folder, not a file")
    database["NAME"] = str(file)


def _replicas(primary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Django's settings of the streaming replicas of the primary, by alias: replica1, replica2, ..."""
    found: dict[str, dict[str, Any]] = {}
    example = "write postgres://user:password@host:port/name, several separated by commas"
    for place, url in enumerate(_list("DATABASE_REPLICA_URLS", []), start=1):
        which = f"the {place}. address"  # not printed itself: it may carry a password
        scheme = url.partition("://")[0]
        if scheme not in ("postgres", "postgresql"):
            _stop("DATABASE_REPLICA_URLS", f"{which} is not PostgreSQL's; {example}")
        try:
            database: dict[str, Any] = environ.Env.db_url_config(url)
        except ValueError:
            _stop("DATABASE_REPLICA_URLS", f"{which} cannot be read; {example}")
        if not database["NAME"]:
            _stop("DATABASE_REPLICA_URLS", f"{which} names no database; {example}")
        database["OPTIONS"] = _REPLICA_OPTIONS | database.get("OPTIONS", {})
        found[f"replica{place}"] = _completed(database, url, scheme) | {"TEST": {"MIRROR": "default"}}
    if found and "postgresql" not in primary["ENGINE"]:
        _stop("DATABASE_REPLICA_URLS", "needs a PostgreSQL primary in DATABASE_URL: SQLite has no replicas")
    if "DATABASE_REPLICA_URLS" in os.environ and not found:
        _stop("DATABASE_REPLICA_URLS", f"names no replica; {example}, or unset it")
    return found


def _replica_max_lag() -> float:
    """Seconds by which a replica may be behind the primary and still be read."""
    value = _text("REPLICA_MAX_LAG", "10")
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value):
        _stop("REPLICA_MAX_LAG", f"{value!r} is not a whole number of seconds from 1 to 9999")
    return float(value)


# The pages that one process keeps: with the largest entry (citations/views/pages.py) 8 MB, usually a quarter of it.
_PAGES_IN_MEMORY = 256
# Seconds: a page is made sooner than a cache in trouble is waited for.
_REDIS_PATIENCE = 0.5


def _cache(name: str) -> dict[str, Any]:
    """Django's settings of one cache: this process's memory, or Redis.

    Pages have one of their own, so that however many there are they drive out nothing else.
    """
    url = _text("CACHE_URL", "locmem://")
    scheme = url.partition("://")[0]
    if scheme in ("locmem", "locmemcache"):
        in_memory: dict[str, Any] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}
        return in_memory | ({"OPTIONS": {"MAX_ENTRIES": _PAGES_IN_MEMORY}} if name == "pages" else {})
    if scheme not in ("redis", "rediss"):
        _stop("CACHE_URL", "is for neither of the two caches; write locmem:// or redis://host:port/number")
    try:
        readable = bool(urlsplit(url).hostname) and urlsplit(url).port != 0
    except ValueError:
        readable = False
    if not readable:
        _stop("CACHE_URL", "cannot be read; write redis://host:port/number")
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": name,
        "OPTIONS": {
            "socket_timeout": _REDIS_PATIENCE,
            "socket_connect_timeout": _REDIS_PATIENCE,
            "retry": Retry(NoBackoff(), 0),  # its own way is to wait for seconds, and to try three times
        },
    }


DATABASES = {"default": _database()}
DATABASES |= _replicas(DATABASES["default"])
REPLICA_ALIASES = [alias for alias in DATABASES if alias != "default"]
REPLICA_MAX_LAG = _replica_max_lag()
DATABASE_ROUTERS = ["citations.replicas.ReplicaRouter"] if REPLICA_ALIASES else []
CACHES = {"default": _cache("explorer"), "pages": _cache("pages")}
# Pages are answered by the version of their data (citations/views/pages.py); not while somebody works on their code.
PAGE_VERSIONS = not DEBUG

# --- static files -----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "citations.api.finders.UsedFilesFinder",
]
# Only browsers' tools for developers ask for source maps, and they are large: compressing them takes seconds.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
# Pages name files by their hashed names alone: copies under the plain names would be compressed for nobody.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- language and time ------------------------------------------------------------------------------------------------


def _time_zone() -> str:
    """The name of the time zone in which the admin shows times, as the IANA database spells it."""
    name = _text("TIME_ZONE", "UTC")
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        _stop("TIME_ZONE", f"{name!r} is not a time zone such as UTC or Europe/London")
    return name


LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = _time_zone()

# --- services ---------------------------------------------------------------------------------------------------------


def _contact_email() -> str:
    """The address that this site gives to the services that it asks, so that they can complain; may be empty."""
    address = _text("CONTACT_EMAIL", "")
    if address:
        try:
            validate_email(address)
        except ValidationError:
            _stop("CONTACT_EMAIL", f"{address!r} is not an e-mail address")
    return address


SEMANTIC_SCHOLAR_API_URL = _web_address("SEMANTIC_SCHOLAR_API_URL", "https://api.semanticscholar.org")
SEMANTIC_SCHOLAR_API_KEY = _text("SEMANTIC_SCHOLAR_API_KEY", "")
OPENALEX_API_URL = _web_address("OPENALEX_API_URL", "https://api.openalex.org")
OPENALEX_API_KEY = _text("OPENALEX_API_KEY", "")
OPENCITATIONS_API_URL = _web_address("OPENCITATIONS_API_URL", "https://api.opencitations.net")
OPENCITATIONS_API_KEY = _text("OPENCITATIONS_API_KEY", "")
CROSSREF_API_URL = _web_address("CROSSREF_API_URL", "https://api.crossref.org")
CROSSREF_API_KEY = _text("CROSSREF_API_KEY", "")
# arXiv and Europe PMC know no keys.
ARXIV_API_URL = _web_address("ARXIV_API_URL", "https://export.arxiv.org")
EUROPE_PMC_API_URL = _web_address("EUROPE_PMC_API_URL", "https://www.ebi.ac.uk/europepmc/webservices/rest")
CONTACT_EMAIL = _contact_email()
# A language model that may be asked for suggestions; none unless an operator names one.
LLM_API_URL = _web_address("LLM_API_URL", "") if "LLM_API_URL" in os.environ else ""
LLM_MODEL = _text("LLM_MODEL", "")
LLM_API_KEY = _text("LLM_API_KEY", "")

# --- the interface for programs ---------------------------------------------------------------------------------------


def _rate(variable: str, default: str, what: str) -> str | None:
    """How often one address may do `what`: "600/min", say; None for "off", which is no bound."""
    rate = _text(variable, default).lower()
    if rate != "off" and not re.fullmatch(r"[1-9][0-9]{0,5}/(s|sec|second|m|min|minute|h|hour|d|day)", rate):
        _stop(variable, f"{rate!r} is neither a rate such as {default} ({what} per second, min, hour or day) nor off")
    return None if rate == "off" else rate


API_RATE = _rate("API_RATE", "600/min", "requests")
# Of one address, or of one network where addresses are handed out by the block: readers are few, programs many.
REPORT_RATE = _rate("REPORT_RATE", "10/hour", "reports")
REST_FRAMEWORK: dict[str, Any] = {
    # Nobody signs in: there is nothing to write and nothing that is not public.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_THROTTLE_CLASSES": ["citations.api.throttling.RateThrottle"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "citations.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
    # Behind a proxy that terminates TLS the last address in X-Forwarded-For is the one that it saw; without one the
    # header is a claim.
    "NUM_PROXIES": 1 if SECURE else 0,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Citation Explorer",
    "VERSION": "1",
    "DESCRIPTION": (
        "How papers use the papers that they cite: as a tool, as data, as a baseline, as a foundation, as evidence or"
        " as background; whether they support or dispute them; which sentence says so; and who decided that.\n\n"
        "Read-only, without keys and cookies, open to any site. Repeating a parameter means OR, different parameters"
        " mean AND. What is not understood is refused with a problem (RFC 9457), never passed over."
    ),
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": True,
    "ENUM_NAME_OVERRIDES": {
        name: f"citations.api.schemas.{constant}"
        for name, constant in {
            "Role": "ROLES",
            "Polarity": "POLARITIES",
            "Decider": "DECIDERS",
            "LabelAuthor": "LABEL_AUTHORS",
            "HubClass": "HUB_CLASSES",
            "Notice": "NOTICES",
            "Kind": "KINDS",
            "Scheme": "SCHEMES",
            "ChangeKind": "CHANGES",
        }.items()
    },
    "TAGS": [
        {"name": "Hubs", "description": "Papers that others cite, and how."},
        {"name": "Papers", "description": "All papers."},
        {"name": "Citations", "description": "One paper citing another: sentences and labels."},
        {"name": "About", "description": "This interface."},
    ],
}

# --- logging ----------------------------------------------------------------------------------------------------------


def _log_level() -> str:
    """The least severe level that is printed."""
    level = _text("LOG_LEVEL", "INFO").upper()
    if level not in _LOG_LEVELS:
        _stop("LOG_LEVEL", f"{level!r} is none of {', '.join(_LOG_LEVELS)}")
    return level


def _log_format() -> str:
    """How lines are written: a name among citations.logs.FORMATTERS."""
    from citations.logs import FORMATTERS

    name = _text("LOG_FORMAT", "line").lower()
    if name not in FORMATTERS:
        _stop("LOG_FORMAT", f"{name!r} is none of {', '.join(FORMATTERS)}")
    return name


LOG_LEVEL = _log_level()
LOG_FORMAT = _log_format()
# Milliseconds from which on a statement is noted; a page of ours takes a few dozen, all its statements together.
SLOW_QUERY_MS = _number_or_off("SLOW_QUERY_MS", 1000, 3_600_000)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "citations.logs.RequestFilter"}},
    "formatters": {
        "line": {"()": "citations.logs.LineFormatter"},
        "json": {"()": "citations.logs.JsonFormatter"},
        "keyvalue": {"()": "citations.logs.KeyValueFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        # One line for each request to a service would tear progress bars apart.
        "httpx": {"level": "DEBUG" if LOG_LEVEL == "DEBUG" else "WARNING"},
        "axes.apps": {"level": "WARNING"},  # its version at each start of each command
    },
}
