"""`manage.py restore`: a backup back into the database."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

from citations import backups
from citations.management.base import DatabaseCommand
from citations.management.output import INTERRUPTED
from citations.management.steps import steps


class Command(DatabaseCommand):
    """Verify a backup, put it back, and bring it up to this version."""

    help = (
        "Put a backup that `manage.py backup` wrote back into the database, wholly or not at all. It is verified "
        "first; a database that is not empty is only touched with --replace. Later migrations are applied afterwards."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--replace", action="store_true", help="let everything go that the database holds now")
        parser.add_argument("--check", action="store_true", help="only verify FILE; the database is not touched")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        path = Path(options["file"])
        is_back = False
        try:
            with steps(self.stderr) as progress:
                backup = backups.read(path)
                backups.verify(backup, progress)
                if options["check"]:
                    self.stdout.write(
                        f"{path} is whole: {backup.size} bytes of {backup.engine}, as of {backup.made_at}"
                    )
                    return
                backups.put_back(backup, progress, replace=options["replace"])
            is_back = True
            # Also where none is left to be applied: it puts the triggers of the ledger and of the pages back.
            call_command("migrate", interactive=False, verbosity=0)
        except backups.BackupProblem as problem:
            raise CommandError(f"Nothing was restored. {problem}") from None
        except KeyboardInterrupt:
            done = "the backup is restored; run manage.py migrate" if is_back else "nothing was restored"
            raise CommandError(f"Interrupted: {done}.", returncode=INTERRUPTED) from None
        self.stdout.write(f"restored {backup.size} bytes, as of {backup.made_at}, from {path}")
