"""Which code makes the pages: a page may have been kept by a browser since before the site was upgraded."""

from __future__ import annotations

import time
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from citations.hub_class import RULES_VERSION

# When this process began, in seconds since 1970: its code cannot have changed since.
STARTED_AT = time.time()
# What pages are made of, below the project; and what may stand there besides.
_PARTS = ("citations", "explorer", "templates/jinja2", "static", "requirements.txt")
_PASSED_OVER = frozenset({".pyc", ".pyo"})
# Packages that write parts of pages. `requirements.txt` pins them all, unless somebody installed others.
_PACKAGES = ("Django", "Jinja2", "MarkupSafe")
# Settings that show in pages.
_SETTINGS = ("API_RATE", "SECURE", "STATIC_URL", "TIME_ZONE", "CONTACT_EMAIL")


@cache
def code_version() -> str:
    """A hash over the code, the templates, the static files, the rules of classes and the settings that show in pages:
    16 hexadecimal digits, the same on every machine that runs the same. Takes some milliseconds, once.
    """
    digest = sha256()
    for name in _PACKAGES:
        digest.update(f"{name} {version(name)}\n".encode())
    for name in _SETTINGS:
        digest.update(f"{name} {getattr(settings, name)!r}\n".encode())
    digest.update(f"rules {RULES_VERSION}\n".encode())
    root = Path(settings.BASE_DIR)
    for file in sorted(file for part in _PARTS for file in _files(root / part)):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _files(place: Path) -> list[Path]:
    """A file itself, or all files below a folder."""
    if place.is_file():
        return [place]
    return [file for file in place.rglob("*") if file.suffix not in _PASSED_OVER and file.is_file()]
