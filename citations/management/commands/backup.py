"""`manage.py backup`: the whole database into one file, while the site runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from citations import backups
from citations.formatting import plural
from citations.management.base import DatabaseCommand
from citations.management.output import INTERRUPTED
from citations.management.steps import steps


class Command(DatabaseCommand):
    """Write a backup that `restore` puts back."""

    help = (
        "Write the whole database, with accounts and everything else, to FILE as it is at one moment; the site may run "
        "meanwhile. `manage.py restore` puts it back. Keep DATA_DIR/secret_key beside it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--force", action="store_true", help="overwrite FILE when it exists")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, and say how much it was."""
        path = Path(options["file"])
        try:
            with steps(self.stderr) as progress:
                made = backups.write(path, progress, overwrite=options["force"])
        except backups.BackupProblem as problem:
            raise CommandError(f"No backup was made. {problem}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted: {path} was not written.", returncode=INTERRUPTED) from None
        size = path.stat().st_size
        self.stdout.write(
            f"backed up {made.size} bytes to {path} ({size} {plural(size, 'byte')}), as of {made.made_at}"
        )
