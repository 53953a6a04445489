"""The application, and what it does after each migration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


def _install_triggers(using: str, **_: Any) -> None:
    """Put triggers back: altering a table on SQLite builds a new one, and silently drops them."""
    from citations import engines
    from citations.engines import site_version

    engines.install_triggers(connections[using])
    engines.install_text_index(connections[using])
    site_version.install(connections[using])


def _watch_statements(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Note slow statements of each connection that is opened, unless that is switched off."""
    from citations.engines import slow_queries

    if settings.SLOW_QUERY_MS is not None:
        slow_queries.watch(connection, settings.SLOW_QUERY_MS)


class CitationsConfig(AppConfig):
    """Everything of this site stands in one application."""

    name = "citations"
    verbose_name = "Citation Explorer"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect what must follow every migration, and every opening of the database."""
        post_migrate.connect(_install_triggers, sender=self, dispatch_uid="citations.install_triggers")
        connection_created.connect(_watch_statements, dispatch_uid="citations.watch_statements")
