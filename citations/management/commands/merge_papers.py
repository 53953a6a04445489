"""`manage.py merge_papers`: fold one paper into another, as the admin does, however many citations move."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from citations.curation import merge_plan, merging
from citations.curation.merging import MergeError
from citations.management.base import DatabaseCommand
from citations.models import Paper


class Command(DatabaseCommand):
    """Two records of one work become one paper."""

    help = "Fold one paper into another: nothing is deleted, and the old address leads on. Without --reason, only tell."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("keep", metavar="KEEP", help="the slug of the paper that keeps its place")
        parser.add_argument("fold", metavar="FOLD", help="the slug of the paper that is folded into it")
        parser.add_argument("--by", metavar="USER", help="the account of the person who decided it")
        parser.add_argument("--reason", metavar="TEXT", help="why the two are one work; public")
        parser.add_argument("--warnings-read", action="store_true", help="what speaks against it was read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell what would be done; with a reason, do it."""
        keep, fold = (self._paper(options[name]) for name in ("keep", "fold"))
        plan = merge_plan.plan(keep, fold)
        for part in plan.parts:
            between = f", {part.between} between the two are hidden" if part.between else ""
            self.stdout.write(f"{part.name}: {part.move} move, {part.collide} collide{between}")
        for sentence in plan.warnings + plan.refusals:
            self.stdout.write(sentence)
        if not options["reason"]:
            self.stdout.write("Nothing was merged. To do it, give --by and --reason.")
            return
        curator = User.objects.filter(username=options["by"] or "").first()
        if curator is None:
            raise CommandError("Name the account of the person who decided it with --by.")
        read = options["warnings_read"]
        try:
            merging.merge(
                keep.pk, fold.pk, curator, reason=options["reason"], seen=plan.fingerprint, warnings_read=read
            )
        except MergeError as error:
            hint = "" if read or not plan.warnings else " Add --warnings-read if they are one work all the same."
            raise CommandError(f"{error}{hint}") from error
        self.stdout.write(f"{fold.slug} was folded into {keep.slug}.")

    def _paper(self, slug: str) -> Paper:
        """The paper with this slug."""
        paper = Paper.objects.filter(slug=slug).first()
        if paper is None:
            raise CommandError(f"There is no paper with the slug {slug!r}.")
        return paper
