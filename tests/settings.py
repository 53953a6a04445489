"""The project's settings as tests use them: cheap where safety costs time, and a data folder of their own.

DATABASE_URL chooses the engine. The processes that tests start inherit the environment that is set here.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

# Workers of pytest-xdist find the folder of the process that started them, which also removes it.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="explorer-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
os.environ["SECRET_KEY"] = "only-for-tests-" + "0123456789" * 4
# How a developer has set the site must not decide what tests say.
for _variable in ("ALLOWED_HOSTS", "CACHE_URL", "CSRF_TRUSTED_ORIGINS", "DEBUG", "LOG_LEVEL", "SECURE", "TIME_ZONE"):
    os.environ.pop(_variable, None)
for _variable in ("DATABASE_REPLICA_URLS", "LOG_FORMAT", "REPLICA_MAX_LAG", "SIGN_IN_FAILURES", "TEMPLATE_CACHE"):
    os.environ.pop(_variable, None)
for _variable in ("ACCESS_LOG", "SLOW_QUERY_MS"):
    os.environ.pop(_variable, None)
for _variable in [
    name for name in os.environ if name == "CONTACT_EMAIL" or "_API_" in name or name in ("API_RATE", "REPORT_RATE")
]:
    os.environ.pop(_variable)

from explorer.settings import *  # noqa: E402, F403
from explorer.settings import DATA_DIR, DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns at each start when it is missing
# So that the tests of a page count its own queries, and see what they wrote inside an open transaction, which moves no
# version; tests/test_pages.py switches it on.
PAGE_VERSIONS = False
# A file, as in use: connections then wait for each other as they do there, and do not share what is not committed.
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}
    _options = DATABASES["default"]["OPTIONS"]
    # Nothing has to survive a crash here, so that nothing is forced to disk.
    _options["init_command"] = f"{_options.get('init_command', '')};PRAGMA synchronous=OFF"
