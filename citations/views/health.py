"""Whether the site lives, and whether it is ready to answer: plain text for machines that watch it."""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)

PLAIN_TEXT = "text/plain; charset=utf-8"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """ "ok" as long as the process answers; the database is not asked."""
    return HttpResponse("ok\n", content_type=PLAIN_TEXT)


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """ "ok" where the database answers and every migration is applied; else 503 and a line that says what is wrong."""
    problem = _problem()
    if problem:
        return HttpResponse(f"{problem}\n", status=503, content_type=PLAIN_TEXT)
    return HttpResponse("ok\n", content_type=PLAIN_TEXT)


def _problem() -> str:
    """What keeps the site from answering, in one line; "" for nothing. The details go to the log, not to strangers."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        logger.warning("The database cannot be asked: %s", error)
        return "The database cannot be reached."
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending)
        return f"Migrations are not applied: {names}. Run: .venv/bin/python manage.py migrate"
    return ""
