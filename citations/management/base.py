"""What commands that need the database have in common: one line where it is not ready."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError

from citations.engines.busy import is_busy


class DatabaseCommand(BaseCommand):
    """A command that reads or writes the database."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it; raises CommandError with one line where the database has no tables yet, is away, busy or refuses."""
        try:
            return super().execute(*args, **options)
        except (DatabaseError, InterfaceError) as error:
            raise CommandError(_line(error)) from error


def _line(error: Exception) -> str:
    """What is the matter, and what to do."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    if is_busy(error):
        return f"The database is busy with another writer ({reason}): try again."
    if isinstance(error, OperationalError | ProgrammingError | InterfaceError):
        return f"The database is not ready ({reason}): run manage.py prepare, or see whether DATABASE_URL is right."
    return f"The database refused: {reason}."
