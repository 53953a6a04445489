"""Entries in words: what changed from what to what, who did it and why. What is private is not among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from citations.formatting import count, date_text, plural
from citations.history.counting import Group
from citations.history.effects import NO_EFFECT, Effect, effects
from citations.history.entries import Entry, Kind, Position
from citations.history.people import public_name
from citations.models import ClassChange, HubPin, ImportRun, Label, Merge, Paper, Report
from citations.vocabulary import DecidedBy, HubClass, Polarity, Role, source_label

# What is read with the rows of each table. Abstracts, the largest column, are not.
_PAPERS = {
    Kind.CLASS: ("hub",),
    Kind.LABEL: ("citation__citing", "citation__cited", "citation__merged_into__citing"),
    Kind.PIN: ("hub", "citation__citing"),
    Kind.MERGE: ("survivor", "loser"),
}
_OTHERS = {
    Kind.CLASS: ("curator",),
    Kind.LABEL: ("mention", "curator"),
    Kind.PIN: ("curator", "removed_by"),
    Kind.MERGE: ("curator",),
}
_TABLES: dict[Kind, type[Any]] = {
    Kind.CLASS: ClassChange,
    Kind.LABEL: Label,
    Kind.PIN: HubPin,
    Kind.MERGE: Merge,
    Kind.IMPORT: ImportRun,
}


@dataclass(frozen=True)
class Step:
    """One thing that became another; None: nobody had decided, or nobody has now. `of`: "role", "polarity", "class"."""

    of: str
    before: Role | Polarity | HubClass | None
    after: Role | Polarity | HubClass | None

    @property
    def words(self) -> str:
        """The step in words: "Background to Extension"."""
        nothing = {"role": "Not classified", "polarity": "Not assessed"}.get(self.of, "no class")
        before, after = (said.label if said else nothing for said in (self.before, self.after))
        return f"{before} to {after}"


@dataclass(frozen=True)
class Told:
    """One entry as a page or a feed prints it.

    `anchor` names it within the history; `what` is what happened, in a word or two; `why` are sentences; `flags` words
    that stand in place of a step.
    """

    anchor: str
    at: datetime
    kind: Kind
    title: str
    url: str
    what: str
    by: str
    hub: Paper | None = None
    steps: tuple[Step, ...] = ()
    why: tuple[str, ...] = ()
    flags: tuple[tuple[str, str], ...] = field(default=())


def records(places: Sequence[Position]) -> dict[tuple[Kind, int], Entry]:
    """The records of these places, with what `tell` prints of them; one query a table."""
    found: dict[tuple[Kind, int], Entry] = {}
    for kind in {place.kind for place in places}:
        table = Kind.PIN if kind is Kind.UNPIN else kind
        related = (*_PAPERS.get(table, ()), *_OTHERS.get(table, ()))
        rows = _TABLES[table].objects.select_related(*related) if related else _TABLES[table].objects.all()
        rows = rows.defer(*(f"{paper}__abstract" for paper in _PAPERS.get(table, ())))
        by_id = rows.in_bulk([place.pk for place in places if place.kind is kind])
        found |= {
            (kind, place.pk): Entry(place.at, kind, by_id[place.pk])
            for place in places
            if place.kind is kind and place.pk in by_id
        }
    return found


def tell(entries: Sequence[Entry | Group], hub: Paper | None = None) -> list[Told]:
    """The entries in words. `hub`: the one whose history is told; None for that of the collection."""
    labels = [entry.record for entry in entries if isinstance(entry, Entry) and entry.kind is Kind.LABEL]
    changed = effects(labels) if labels else {}
    accepted = Report.objects.filter(label__in=[label.pk for label in labels]) if labels else ()
    reports = {report.label_id: report for report in accepted}
    return [
        _group(entry, hub) if isinstance(entry, Group) else _entry(entry, hub, changed, reports) for entry in entries
    ]


def _entry(entry: Entry, hub: Paper | None, changed: Mapping[int, Effect], reports: Mapping[Any, Report]) -> Told:
    record = entry.record
    if isinstance(record, Label):
        return _label(entry, record, changed.get(record.pk, NO_EFFECT), reports.get(record.pk))
    if isinstance(record, ClassChange):
        return _class_change(entry, record)
    if isinstance(record, HubPin):
        return _pin(entry, record)
    if isinstance(record, Merge):
        return _merge(entry, record, hub)
    return _run(entry, record)


# Labels ---------------------------------------------------------------------------------------------------------------


def _label(entry: Entry, label: Label, effect: Effect, report: Report | None) -> Told:
    citation = label.citation.merged_into or label.citation
    steps = _steps(label, effect)
    by_curator = label.decided_by == DecidedBy.CURATOR
    return Told(
        anchor=f"label-{label.pk}",
        at=entry.at,
        kind=entry.kind,
        title=citation.citing.title,
        url=f"{reverse('citation', args=[citation.pk])}#label-{label.pk}",
        what=_what(label),
        by=public_name(label.curator) if by_curator else source_label(label.source),
        hub=label.citation.cited,
        steps=steps,
        why=tuple(_reasons(label, effect, report, steps)),
    )


def _what(label: Label) -> str:
    if label.retracts_id is not None:
        return "label taken back"
    return "label confirmed" if label.confirms_id is not None else "label"


def _steps(label: Label, effect: Effect) -> tuple[Step, ...]:
    """What the label changed; where it changed nothing, what it states."""
    before, after = effect.before, effect.after
    role = Step("role", _role(before.role), _role(after.role))
    polarity = Step("polarity", _polarity(before.polarity), _polarity(after.polarity))
    steps = tuple(step for step in (role, polarity) if step.before != step.after)
    if steps or label.retracts_id is not None:
        return steps
    return tuple(step for step, stated in ((role, label.role), (polarity, label.polarity)) if stated)


def _reasons(label: Label, effect: Effect, report: Report | None, steps: Sequence[Step]) -> list[str]:
    """Why, in sentences: the ledger's part first, then what the curator wrote."""
    before, after = effect.before, effect.after
    said = []
    if label.retracts_id is not None:
        said.append(f"Label {label.retracts_id} was taken back. It stays in the ledger and no longer counts.")
        if not steps:
            said.append("What is shown stays as it was.")
    elif label.confirms_id is not None:
        said.append(f"Label {label.confirms_id} was confirmed.")
    elif before.role_by == DecidedBy.IMPORT and before.role != after.role:
        said.append(f"Replaced a label imported from {source_label(before.source)}.")
    if not label.role and not label.retracts_id and after.role:
        said.append(f"The role stays {Role(after.role).label}.")
    if report is not None:
        said.append(f"Accepts a reader's report (number {report.pk}) of {date_text(report.created_at)}.")
    if label.mention_id and label.mention and label.mention.sentence:
        section = f" in the section {label.mention.section}" if label.mention.section else ""
        said.append(f"From one sentence{section}.")
    note = label.note.removeprefix(f"Report {report.pk}.").strip() if report else label.note
    if note:
        said.append(f"{'Answer' if report else 'Note'}: “{note}”")
    return said


def _role(value: str) -> Role | None:
    return Role(value) if value else None


def _polarity(value: str) -> Polarity | None:
    return Polarity(value) if value else None


# Hubs and papers ------------------------------------------------------------------------------------------------------


def _class_change(entry: Entry, change: ClassChange) -> Told:
    by = "an import" if change.import_run_id else "this site"
    before = HubClass(change.from_class) if change.from_class else None
    return Told(
        anchor=f"class-{change.pk}",
        at=entry.at,
        kind=entry.kind,
        title="Class of this hub",
        url=change.hub.get_hub_url(),
        what="class",
        by=public_name(change.curator) if change.curator_id else by,
        hub=change.hub,
        steps=(Step("class", before, HubClass(change.to_class)),),
        why=(change.cause,) if change.cause else (),
    )


def _pin(entry: Entry, pin: HubPin) -> Told:
    removed = entry.kind is Kind.UNPIN
    if pin.citation is not None:
        title, url = pin.citation.citing.title, reverse("citation", args=[pin.citation.pk])
        what = "representative citing paper"
    else:
        title, url = "Class of this hub", pin.hub.get_hub_url()
        what = f"class {HubClass(pin.hub_class).label}" if pin.hub_class else "class"
    said = f"The pin of this {what} was removed. It had been set with the reason:" if removed else f"Pinned: {what}. "
    return Told(
        anchor=f"{'unpin' if removed else 'pin'}-{pin.pk}",
        at=entry.at,
        kind=entry.kind,
        title=title,
        url=url,
        what="pin removed" if removed else "pin",
        by=public_name(pin.removed_by if removed else pin.curator),
        hub=pin.hub,
        why=(f"{said.strip()} “{pin.reason}”" if removed else f"{said}Reason: “{pin.reason}”",),
        flags=(("no longer pinned" if removed else "pinned", ""),),
    )


def _merge(entry: Entry, merge: Merge, hub: Paper | None) -> Told:
    of_hub = hub is not None and hub.pk == merge.survivor_id
    what = "this hub" if of_hub else "one citing paper" if hub is not None else "one paper"
    reason = (f"Reason: “{merge.reason}”",) if merge.reason else ()
    return Told(
        anchor=f"merge-{merge.pk}",
        at=entry.at,
        kind=entry.kind,
        title=f"Two records of {what}",
        url=merge.survivor.get_absolute_url(),
        what="merge",
        by=public_name(merge.curator),
        hub=None,
        why=(f"“{merge.loser.title}” was merged into “{merge.survivor.title}”. Nothing was lost.", *reason),
        flags=(("merged", ""),),
    )


# Imports --------------------------------------------------------------------------------------------------------------


def _group(group: Group, hub: Paper | None) -> Told:
    assert hub is not None
    words = [
        f"{count(n)} {' and '.join(part for part in (_label_of(Role, role), _label_of(Polarity, polarity)) if part)}"
        for (role, polarity), n in sorted(group.numbers.items(), key=lambda item: (-item[1], item[0]))
    ]
    where = f"{reverse('history', args=[hub.slug])}?run={group.run}" if group.run else ""
    return Told(
        anchor=f"run-{group.run}-{group.source}",
        at=group.last,
        kind=Kind.IMPORT,
        title=f"Labels from {source_label(group.source)}",
        url=where,
        what=f"import {group.run}" if group.run else "import",
        by=source_label(group.source),
        hub=hub,
        why=(f"{'; '.join(words)}. A label that a curator gave stands before them.",),
        flags=((f"{count(group.n)} {plural(group.n, 'label')}", where),),
    )


def _label_of(vocabulary: type[Role] | type[Polarity], value: str) -> str:
    return vocabulary(value).label if value else ""


def _run(entry: Entry, run: ImportRun) -> Told:
    numbers = f"{count(run.created)} created, {count(run.updated)} updated, {count(run.rejected)} rejected"
    return Told(
        anchor=f"run-{run.pk}",
        at=entry.at,
        kind=entry.kind,
        title=f"Import from {source_label(run.source)}",
        url=f"{reverse('about_data')}#runs",
        what=f"import {run.pk}",
        by=source_label(run.source),
        why=(f"Records: {numbers}.",),
    )
