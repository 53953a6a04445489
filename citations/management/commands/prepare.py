"""`manage.py prepare`: whatever stands between a checkout and a site that can be served, done where it is needed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    """One process for three steps, each skipped where there is nothing to do, so that a second start is quick."""

    help = "Migrates the database, loads the sample into an empty one and collects static files, each only when needed."
    requires_system_checks = ()  # they belong to `make check`; a start should not wait for them

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch."""
        parser.add_argument("--no-sample", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, no_sample: bool = False, **options: Any) -> None:
        """Take the three steps; raises CommandError with one line where the database or the disk refuses."""
        try:
            self.migrate()
            if not no_sample:
                call_command("load_sample", if_empty=True, stdout=self.stdout, stderr=self.stderr)
        except DatabaseError as problem:
            reason = str(problem).strip().splitlines() or [type(problem).__name__]
            raise CommandError(f"The database (DATABASE_URL) refused: {reason[0]}") from problem
        try:
            self.collect_static_files()
        except OSError as problem:
            raise CommandError(f"Static files could not be written to {settings.STATIC_ROOT}: {problem}") from problem

    def migrate(self) -> None:
        """Apply the migrations that the database does not have yet."""
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            self.stdout.write("Preparing the database ...")
            call_command("migrate", interactive=False, verbosity=0)

    def collect_static_files(self) -> None:
        """Collect, hash and compress the static files anew, unless they are the ones that were collected last."""
        stamp = Path(settings.DATA_DIR) / "static.fingerprint"
        fingerprint = fingerprint_of_static_files()
        if Path(settings.STATIC_ROOT).is_dir() and stamp.is_file() and stamp.read_text("ascii") == fingerprint:
            return
        self.stdout.write("Collecting static files ...")
        stamp.unlink(missing_ok=True)
        # Cleared first: collectstatic keeps a copy that is younger than its source, even when the source has become
        # another file since.
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(fingerprint, "ascii")


def fingerprint_of_static_files() -> str:
    """A hash over names, sizes and times of all static files and over how they are stored: 64 hexadecimal digits."""
    lines = [str(settings.STORAGES["staticfiles"])]
    for finder in get_finders():
        for name, storage in finder.list(None):
            status = Path(storage.path(name)).stat()
            lines.append(f"{getattr(storage, 'prefix', None)}/{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
