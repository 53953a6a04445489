"""Whether the site lives, and whether it is ready to answer: plain text for machines that watch it."""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from citations.replicas import REPLICAS, ReplicaReport

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
    """ "ok" where the database answers and every migration is applied; else 503 and a line that says what is wrong.

    Below it a line for each replica, for information: without them the primary answers everything.
    """
    problem = _problem()
    lines = [problem or "ok", *(f"{replica.alias}: {_shown(replica)}" for replica in REPLICAS.report())]
    return HttpResponse("\n".join([*lines, ""]), status=503 if problem else 200, content_type=PLAIN_TEXT)


def _shown(replica: ReplicaReport) -> str:
    """What strangers may know of a replica: what its driver said stands in the log."""
    return replica.said if replica.is_used else "left out"


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
