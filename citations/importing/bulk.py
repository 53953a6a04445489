"""Bulk files into the database: batch by batch, each in one transaction, in bounded memory, resumed by file and line.

New papers and citations are written straight into the tables. A record on what the collection knows already takes the
path of all other imports, so that curators, better sources and what was said before are respected there. Indexes that
an empty table can do without are made at the end. So are summaries and the full text, for the papers concerned: until
then pages show the counts from before the run.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from citations import engines, summaries
from citations.importing import bulk_work, runs
from citations.importing.bulk_indexes import drop_indexes_of_empty_tables, restore_indexes
from citations.importing.bulk_links import Nodes, rejected, store_links
from citations.importing.bulk_papers import NewPapers, sort_records
from citations.importing.bulk_transactions import REFUSALS, persistently, refused
from citations.importing.bulk_work import Task
from citations.importing.facts import LARGEST_COUNT
from citations.importing.runs import Counts, ImportStopped, Report
from citations.models import Citation, ImportRun, RejectedRecord
from citations.sources.records import CitationRecord, Page, PaperRecord, Rejected, SourceError
from citations.sources.snapshots import Item, LinesOf, Link, Snapshot, SnapshotFile, Step
from citations.summaries import Cause

# Items of one transaction. A paper may be large; so are works with thousands of authors.
PAPERS_PER_BATCH = 2_000
LINKS_PER_BATCH = 50_000
# Records that take the path of all other imports, in one stretch.
_PAGE = 500
# Hubs counted, and papers indexed, in one transaction.
HUBS_PER_BATCH = 1_000
# Of a run that is full of the same fault, the first so many rejected records are kept; the others are counted.
MOST_REJECTED_KEPT = 10_000
_SUMMARIES, _TEXT = "summaries", "full text"


@dataclass(frozen=True)
class Progress:
    """How far a run is: the step and, of it, how many units are done, of how many ("bytes" or "papers")."""

    step: str
    unit: str
    done: int
    total: int
    report: BulkReport


@dataclass
class BulkReport(Report):
    """What a bulk import did, by step; `counts` is the sum. Papers that only links name are not counted."""

    steps: dict[str, Counts] = field(default_factory=dict)


Shown = Callable[[Progress], None]


def import_snapshot(
    snapshot: Snapshot,
    arguments: dict[str, Any],
    *,
    name: str,
    started_by: User | None = None,
    dry_run: bool = False,
    progress: Shown | None = None,
) -> BulkReport:
    """Take in all files of a snapshot; repeatable, and resumable by the same arguments and the same files.

    Each record of a file (a work, a pair of papers) is counted once, as `runs.run_import` counts. `name` is what the
    run is recorded as. With `dry_run` all is done in one transaction and taken back; others cannot write meanwhile.

    Raises `SourceError` when a file cannot be read, and `ImportStopped` when the database is in the way; the run is
    then marked as failed with the reason, and can be resumed, as it can after an interruption.
    """
    with engines.bulk.session(connection) if not connection.in_atomic_block else nullcontext():
        if dry_run:
            return _try_out(snapshot, progress)
        arguments = {**arguments, "files": _fingerprint_of_files(snapshot)}
        unfinished = runs._unfinished_run(name, arguments)
        run = unfinished or runs._new_run(name, arguments, started_by)
        load = _Load(snapshot, run, progress, is_resumed=unfinished is not None)
        try:
            load.everything()
            runs._finish(run, load.report)
        except runs.RunsElsewhere:
            raise
        except (SourceError, ImportStopped) as error:
            _fail(run, str(error))
            raise
        return load.report


def _try_out(snapshot: Snapshot, progress: Shown | None) -> BulkReport:
    """The report of a load that is then undone."""
    load = _Load(snapshot, None, progress)
    try:
        with transaction.atomic():
            load.read_all()
            transaction.set_rollback(True)
    except REFUSALS as error:
        raise refused(error) from error
    return load.report


def _fail(run: ImportRun, reason: str) -> None:
    """Mark a run that ended early; it can be resumed."""
    run.status, run.message, run.finished_at = ImportRun.FAILED, reason, timezone.now()
    run.save(update_fields=["status", "message", "finished_at"])


def _fingerprint_of_files(snapshot: Snapshot) -> str:
    """What tells these files from those of another release in the same place: a hash of names and sizes."""
    digest = hashlib.sha256()
    for step in snapshot.steps:
        for file in step.files:
            digest.update(f"{step.name}\0{file.name}\0{file.size}\n".encode())
    return digest.hexdigest()


# One run -------------------------------------------------------------------------------------------------------------


class _Load:
    """One run through a snapshot, from where it stands. Without a `run`, nothing is kept of it."""

    def __init__(
        self, snapshot: Snapshot, run: ImportRun | None, progress: Shown | None, *, is_resumed: bool = False
    ) -> None:
        self._snapshot, self._run, self._progress, self._is_resumed = snapshot, run, progress, is_resumed
        self._cursor: dict[str, Any] = dict(run.cursor) if run else {}
        steps = {name: Counts(*four) for name, four in self._cursor.get("steps", {}).items()}
        counts = sum(steps.values(), Counts())
        reasons = runs._reasons_of(run) if run else Counter()
        self.report = BulkReport(counts, run=run, resumed_after=counts.total, steps=steps, reasons=reasons)
        self._papers = NewPapers(snapshot.source)
        self._nodes = Nodes(snapshot, self._papers)
        self._kept = RejectedRecord.objects.filter(run=run).count() if run else 0
        self._is_first = not Citation.objects.exists()

    def everything(self) -> None:
        """Read the files, put indexes back, count and index. Indexes are back also when it ends early."""
        if not self._is_resumed:
            restore_indexes()
        drop_indexes_of_empty_tables()
        try:
            self.read_all()
        except BaseException:
            # Where the database itself is the trouble, the next start puts them back.
            with suppress(DatabaseError, ImportStopped):
                restore_indexes()
            raise
        restore_indexes(lambda done, total: self._show("indexes", "indexes", done, total))
        self._work_off(_SUMMARIES, Task.COUNT, self._count)
        self._work_off(_TEXT, Task.INDEX, lambda ids: engines.refresh_text(connection, ids))
        persistently(bulk_work.drop_if_done)

    # Reading ---------------------------------------------------------------------------------------------------------

    def read_all(self) -> None:
        """Read what was not read yet."""
        steps = self._snapshot.steps
        names = [step.name for step in steps]
        at = self._cursor.get("step")
        for step in steps[names.index(at) if at in names else 0 :]:
            self._read(step)

    def _read(self, step: Step) -> None:
        """Read the files of a step."""
        total, before = sum(file.size for file in step.files), 0
        for file in step.files:
            after = self._position(step, file)
            if after is not None:
                for batch, line, bytes_read in _batches(step, file, after):
                    cursor = {"step": step.name, "file": file.name, "line": line}
                    self._store(step, file, batch, cursor)
                    self._show(step.name, "bytes", before + bytes_read, total)
            before += file.size

    def _position(self, step: Step, file: SnapshotFile) -> int | None:
        """The line behind which a file is to be read; None where it was read to its end."""
        if self._cursor.get("step") != step.name or self._cursor["file"] < file.name:
            return 0
        if self._cursor["file"] > file.name or self._cursor["line"] is None:
            return None
        return int(self._cursor["line"])

    # Storing ---------------------------------------------------------------------------------------------------------

    def _store(self, step: Step, file: SnapshotFile, batch: Sequence[Item], cursor: dict[str, Any]) -> None:
        """Store a batch and the cursor behind it in one transaction."""
        before = list(self.report.notes), Counter(self.report.reasons), self._kept

        def take_in() -> tuple[Counts, dict[str, Counts]]:
            counts = self._take_in(file, batch)
            steps = {**self.report.steps, step.name: self.report.steps.get(step.name, Counts()) + counts}
            cursor["steps"] = {name: list(asdict(own).values()) for name, own in steps.items()}
            self._keep_position(self.report.counts + counts, cursor)
            return counts, steps

        def take_back() -> None:
            self.report.notes, self.report.reasons, self._kept = list(before[0]), Counter(before[1]), before[2]
            self._nodes.forget()

        # A dry run is one transaction; a fault in it is its end.
        counts, steps = persistently(take_in, taken_back=take_back) if self._run else take_in()
        self.report.counts += counts
        self.report.steps, self._cursor = steps, cursor
        if self._run:
            self._run.cursor = cursor

    def _take_in(self, file: SnapshotFile, batch: Sequence[Item]) -> Counts:
        """Write one batch; returns what became of its records."""
        if self._run:
            runs._take_turn(self._run)
            bulk_work.prepare()
        refused = [item for item in batch if isinstance(item, Rejected)]
        papers = [item for item in batch if isinstance(item, PaperRecord)]
        links = [item for item in batch if isinstance(item, Link)]
        counts = Counts()
        if papers:
            counts += self._take_in_papers(papers, refused)
        if links:
            counts += self._take_in_links(file, links, refused)
        self._keep(refused)
        return counts + Counts(rejected=len(refused))

    def _take_in_papers(self, papers: Sequence[PaperRecord], refused: list[Rejected]) -> Counts:
        """New papers in bulk, the others as all other imports."""
        found = sort_records(papers)
        refused += [Rejected(reason, record.raw) for reason, record in found.rejected]
        self._remember(Task.INDEX, self._papers.add(found.new))
        return Counts(created=len(found.new)) + self._as_other_imports(found.known)

    def _take_in_links(self, file: SnapshotFile, links: Sequence[Link], refused: list[Rejected]) -> Counts:
        """New citations in bulk, the others as all other imports."""
        stored = store_links(links, self._nodes, self._snapshot, self._run, is_first=self._is_first)
        self._nodes.refuse_merges()
        refused += [rejected(file.name, reason, link) for reason, link in stored.rejected]
        self._remember(Task.COUNT, stored.hubs)
        self._remember(Task.INDEX, {*stored.citing, *stored.new_papers})
        counts = Counts(created=stored.created, unchanged=stored.unchanged)
        return counts + self._as_other_imports(stored.again)

    def _as_other_imports(self, records: Sequence[PaperRecord | CitationRecord]) -> Counts:
        """Records on what is there already: compared field by field, and counted at once."""
        counts = Counts()
        for start in range(0, len(records), _PAGE):
            page = Page(records=tuple(records[start : start + _PAGE]))
            counts += runs._store(page, self._snapshot.source, self._run, self.report)
        if records and self._run:
            self._trim_rejected()
        return counts

    def _remember(self, task: Task, paper_ids: Sequence[int] | set[int]) -> None:
        """Leave work for the end."""
        if self._run and paper_ids:
            bulk_work.remember(task, paper_ids)

    def _keep(self, refused: Sequence[Rejected]) -> None:
        """Store what was not taken in, as far as there is room."""
        self.report.reasons.update(one.reason for one in refused)
        room = max(0, MOST_REJECTED_KEPT - self._kept)
        if self._run and refused:
            RejectedRecord.objects.bulk_create(
                RejectedRecord(run=self._run, reason=one.reason[: runs._REASON_LENGTH], raw=runs._as_text(one.raw))
                for one in refused[:room]
            )
            self._kept += len(refused[:room])
        if len(refused) > room:
            note = f"Of the rejected records, the first {MOST_REJECTED_KEPT:,} are kept; the others are only counted."
            runs._note(self.report, [note])

    def _trim_rejected(self) -> None:
        """Conflicts of identity are kept among the rejected records, and are as many as there are."""
        kept = RejectedRecord.objects.filter(run=self._run)
        self._kept = kept.count()
        if self._kept > MOST_REJECTED_KEPT:
            newest = kept.order_by("-pk").values_list("pk", flat=True)[: self._kept - MOST_REJECTED_KEPT]
            RejectedRecord.objects.filter(pk__in=list(newest)).delete()
            self._kept = MOST_REJECTED_KEPT

    def _keep_position(self, counts: Counts, cursor: dict[str, Any]) -> None:
        """Write down how far the run is, in the transaction that went so far."""
        if self._run is None:
            return
        # The columns end at two thousand million; the cursor holds the numbers as they are.
        shown = {name: min(n, LARGEST_COUNT) for name, n in asdict(counts).items()}
        ImportRun.objects.filter(pk=self._run.pk).update(cursor=cursor, **shown)

    # Afterwards ------------------------------------------------------------------------------------------------------

    def _work_off(self, step: str, task: Task, do: Callable[[list[int]], None]) -> None:
        """Do what a load has left to be done, of this run and of others that were killed."""

        def some() -> list[int]:
            bulk_work.prepare()
            ids = bulk_work.take(task, HUBS_PER_BATCH)
            do(ids)
            return ids

        persistently(bulk_work.prepare)
        total, done = bulk_work.count(task), 0
        while ids := persistently(some):
            done += len(ids)
            self._show(step, "papers", done, max(total, done))

    def _count(self, hubs: list[int]) -> None:
        summaries.recount(hubs, Cause("A bulk import brought citations.", import_run=self._run))

    def _show(self, step: str, unit: str, done: int, total: int) -> None:
        if self._progress:
            self._progress(Progress(step, unit, done, total, self.report))


def _batches(step: Step, file: SnapshotFile, after: int) -> Iterator[tuple[list[Item], int | None, int]]:
    """What a file says behind a line, in stretches: the items, the last line (None at the end) and the bytes read."""
    lines = LinesOf(file, after)
    batch: list[Item] = []
    for number, items in step.read(file, lines):
        batch += items
        if len(batch) >= PAPERS_PER_BATCH and (len(batch) >= LINKS_PER_BATCH or not isinstance(items[-1], Link)):
            yield batch, number, lines.bytes_read
            batch = []
    yield [*batch, *([lines.fault] if lines.fault else [])], None, file.size
