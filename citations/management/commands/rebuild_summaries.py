"""`manage.py rebuild_summaries`: everything that is derived, from labels and citations."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import track

from citations import labelling
from citations.labelling import Rebuilt
from citations.management.base import DatabaseCommand
from citations.models import Paper

# On a file or in a log, a line after each so many hubs shows that it is going on.
HUBS_PER_LINE = 1_000


class Command(DatabaseCommand):
    """Recompute effective labels, copied columns, summaries, tallies and full text, or check them."""

    help = "Recompute all that is derived from labels and citations. With --check, only compare, and name what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument(
            "--check", action="store_true", help="write nothing; name each hub that differs, exit with 1"
        )
        parser.add_argument("--hub", metavar="SLUG", help="only this paper")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the hubs, each in a transaction of its own."""
        only = self._hub(options["hub"]) if options["hub"] else None
        hubs = labelling.hubs_to_rebuild() if only is None else [only]
        differing = [rebuilt for rebuilt in self._each(hubs, check=options["check"]) if rebuilt.differed]
        if options["check"]:
            for rebuilt in differing:
                self.stdout.write(rebuilt.slug)
            stale = labelling.stale_texts(only)
            for slug in stale:
                self.stdout.write(f"{slug} (full text)")
            if differing:
                raise CommandError(f"{_hubs(len(differing), 'differs', 'differ')} of {len(hubs)} from their citations.")
            if stale:
                raise CommandError(f"Full-text search knows {len(stale)} papers otherwise than they are.")
            self.stdout.write("all 1 hub agrees" if len(hubs) == 1 else f"all {len(hubs)} hubs agree")
        else:
            labelling.rebuild_texts(only)
            self.stdout.write(f"rebuilt {_hubs(len(hubs))}, {len(differing)} of them differed")

    def _hub(self, slug: str) -> int:
        """The id of the paper with this slug."""
        paper = Paper.objects.filter(slug=slug).values_list("pk", flat=True).first()
        if paper is None:
            raise CommandError(f"There is no paper with the slug {slug!r}.")
        return paper

    def _each(self, hubs: list[int], *, check: bool) -> Iterator[Rebuilt]:
        """Work on one hub after the other, showing how far it is."""
        work = labelling.hub_differs if check else labelling.rebuild_hub
        if self.stdout.isatty():
            console = Console(stderr=True)
            for paper_id in track(hubs, description="Hubs", console=console, transient=True):
                yield work(paper_id)
            return
        for number, paper_id in enumerate(hubs, start=1):
            yield work(paper_id)
            if number % HUBS_PER_LINE == 0:
                self.stderr.write(f"{number} of {len(hubs)} hubs")


def _hubs(n: int, one: str = "", several: str = "") -> str:
    """A number of hubs, with the verb that goes with it."""
    return f"{n} {'hub' if n == 1 else 'hubs'} {one if n == 1 else several}".rstrip()
