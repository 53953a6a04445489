"""Each constraint of the database bites, on both engines."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction
from django.db.models import CheckConstraint, UniqueConstraint
from django.utils import timezone

from citations import models as tables
from citations.models import (
    Audit,
    AuditEntry,
    Author,
    Authorship,
    Citation,
    CitedByCount,
    ClassChange,
    HubPin,
    HubSummary,
    HubTally,
    Identifier,
    ImportRun,
    Label,
    Mention,
    Merge,
    Paper,
    RejectedRecord,
    Report,
    Skip,
    Venue,
)

pytestmark = pytest.mark.django_db

Rows = dict[str, Any]


@pytest.fixture
def rows() -> Rows:
    """One row of each kind that others refer to."""
    hub = Paper.objects.create(slug="hub", title="Hub")
    citing = Paper.objects.create(slug="citing", title="Citing")
    third = Paper.objects.create(slug="third", title="Third")
    citation = Citation.objects.create(citing=citing, cited=hub)
    return {
        "hub": hub,
        "citing": citing,
        "third": third,
        "citation": citation,
        "other": Citation.objects.create(citing=third, cited=hub),
        "curator": User.objects.create(username="curator"),
        "run": ImportRun.objects.create(source="sample", fingerprint="f"),
        "label": Label.objects.create(citation=citation, role="method", decided_by="import", source="sample"),
    }


def label(rows: Rows, **values: Any) -> Label:
    """An import's label, with `values` changed."""
    given = {"citation": rows["citation"], "role": "method", "decided_by": "import", "source": "sample"} | values
    return Label(**given)


def pin(rows: Rows, **values: Any) -> HubPin:
    return HubPin(**({"hub": rows["hub"], "curator": rows["curator"], "reason": "because"} | values))


def summary(rows: Rows, **values: Any) -> HubSummary:
    given = {"paper": rows["third"], "hub_class": "mixed-use", "computed_class": "mixed-use", "known": 3} | values
    return HubSummary(**given)


def report(rows: Rows, **values: Any) -> Report:
    return Report(**({"citation": rows["citation"], "role": "method"} | values))


def skip(rows: Rows, **values: Any) -> Skip:
    return Skip(**({"citation": rows["citation"], "curator": rows["curator"], "reason": "field"} | values))


def audit(rows: Rows, **values: Any) -> Audit:
    """An open audit of the hub, with `values` changed."""
    given = {"hub": rows["hub"], "curator": rows["curator"], "seed": 1, "population": 9, "planned": 2} | values
    return Audit(**given)


def entry(rows: Rows, **values: Any) -> AuditEntry:
    """An entry of an audit, which is saved unless it is given."""
    if "audit" not in values:
        values["audit"] = Audit.objects.first() or audit(rows)
        values["audit"].save()
    return AuditEntry(**({"citation": rows["citation"], "position": 1} | values))


def after(first: models.Model, make: Callable[..., models.Model], rows: Rows, **values: Any) -> models.Model:
    """Save one, and hand out another."""
    first.save()
    return make(rows, **values)


def update(instance: models.Model, **values: Any) -> models.Model:
    """The instance with columns set behind the back of every form."""
    for name, value in values.items():
        setattr(instance, name, value)
    return instance


def twice(make: Callable[[], models.Model]) -> models.Model:
    """Save one, and hand out its twin."""
    make().save()
    return make()


# constraint -> the row that it must refuse
REFUSED: dict[str, Callable[[Rows], models.Model]] = {
    "venue_has_slug": lambda rows: Venue(slug="", name="Nowhere"),
    "paper_has_slug": lambda rows: Paper(slug="", title="Untold"),
    "paper_has_title": lambda rows: Paper(slug="untitled", title=""),
    "paper_year_plausible": lambda rows: Paper(slug="early", title="Early", year=202),
    "paper_notice_known": lambda rows: Paper(slug="odd", title="Odd", notice="regretted"),
    "paper_kind_known": lambda rows: Paper(slug="odd", title="Odd", kind="leaflet"),
    "paper_not_merged_into_itself": lambda rows: update(rows["hub"], merged_into=rows["hub"]),
    "identifier_names_one_paper": lambda rows: twice(
        lambda: Identifier(paper=rows["hub"], scheme="doi", value="10.1000/one")
    ),
    "identifier_scheme_known": lambda rows: Identifier(paper=rows["hub"], scheme="isbn", value="1"),
    "identifier_has_value": lambda rows: Identifier(paper=rows["hub"], scheme="doi", value=""),
    "author_has_key": lambda rows: Author(key="", name="Nobody"),
    "authorship_one_per_position": lambda rows: twice(
        lambda: Authorship(
            paper=rows["hub"], author=Author.objects.get_or_create(key="a", name="A")[0], position=0, name="A"
        )
    ),
    "cited_by_count_one_per_source": lambda rows: twice(
        lambda: CitedByCount(paper=rows["hub"], source="openalex", count=1, as_of=datetime.date(2026, 1, 1))
    ),
    "citation_once_per_pair": lambda rows: Citation(citing=rows["citing"], cited=rows["hub"]),
    "citation_not_of_itself": lambda rows: Citation(citing=rows["hub"], cited=rows["hub"]),
    "citation_role_known": lambda rows: update(rows["citation"], role="tool", role_by="import", source="sample"),
    "citation_polarity_known": lambda rows: update(
        rows["citation"], polarity="likes", polarity_by="import", polarity_source="sample"
    ),
    "citation_suggested_role_known": lambda rows: update(
        rows["citation"], suggested_role="tool", suggested_confidence=0.9
    ),
    "citation_role_has_decider": lambda rows: update(
        rows["citation"], role="method", role_by="classifier", source="linear-1"
    ),
    "citation_polarity_has_decider": lambda rows: update(
        rows["citation"], polarity="supports", polarity_by="", polarity_source="scite"
    ),
    "citation_role_has_source": lambda rows: update(rows["citation"], role="method", role_by="import"),
    "citation_polarity_has_source": lambda rows: update(
        rows["citation"], polarity="supports", polarity_by="import", source="scite"
    ),
    "citation_suggestion_has_confidence": lambda rows: update(rows["citation"], suggested_role="method"),
    "mention_once_per_citation": lambda rows: twice(
        lambda: Mention(citation=rows["citation"], sentence="Once.", source="sample", content_hash="h")
    ),
    "mention_has_hash": lambda rows: Mention(citation=rows["citation"], sentence="Once.", source="sample"),
    "mention_has_source": lambda rows: Mention(
        citation=rows["citation"], sentence="Once.", source="", content_hash="h"
    ),
    "label_role_known": lambda rows: label(rows, role="tool"),
    "label_polarity_known": lambda rows: label(rows, polarity="likes"),
    "label_decided_by_known": lambda rows: label(rows, decided_by="oracle"),
    "label_has_source": lambda rows: label(rows, source=""),
    "label_says_something": lambda rows: label(rows, role=""),
    "label_of_a_curator_names_one": lambda rows: label(rows, decided_by="curator", source="curator"),
    "label_of_a_classifier_has_confidence": lambda rows: label(rows, decided_by="classifier", source="linear-1"),
    "label_confidence_in_range": lambda rows: label(rows, confidence=1.5),
    "label_coarse_needs_role": lambda rows: label(rows, role="", polarity="supports", coarse=True),
    "label_retraction_says_nothing_else": lambda rows: label(rows, retracts=rows["label"]),
    "hub_class_known": lambda rows: summary(rows, hub_class="famous"),
    "hub_computed_class_known": lambda rows: summary(rows, computed_class="famous"),
    "hub_parts_within_known": lambda rows: summary(rows, classified=3, unclear=1),
    "hub_disputes_within_assessed": lambda rows: summary(rows, assessed=1, confirmed_disputes=2),
    "tally_one_per_cell": lambda rows: twice(lambda: HubTally(hub=rows["hub"], role="method", n=1)),
    "tally_counts_something": lambda rows: HubTally(hub=rows["hub"], n=0),
    "pin_of_a_class_or_a_citation": lambda rows: pin(rows, hub_class="foundation", citation=rows["citation"]),
    "pin_has_reason": lambda rows: pin(rows, hub_class="foundation", reason=""),
    "pin_removed_by_someone": lambda rows: pin(rows, hub_class="foundation", removed_at=timezone.now()),
    "pin_one_class_per_hub": lambda rows: twice(lambda: pin(rows, hub_class="foundation")),
    "pin_once_per_citation": lambda rows: twice(lambda: pin(rows, citation=rows["citation"])),
    "class_change_changes": lambda rows: ClassChange(
        hub=rows["hub"], from_class="foundation", to_class="foundation", cause="none"
    ),
    "class_change_to_known": lambda rows: ClassChange(hub=rows["hub"], to_class="famous", cause="none"),
    "class_change_from_known": lambda rows: ClassChange(
        hub=rows["hub"], from_class="famous", to_class="foundation", cause="none"
    ),
    "merge_of_two_papers": lambda rows: Merge(survivor=rows["hub"], loser=rows["hub"], curator=rows["curator"]),
    "report_status_known": lambda rows: report(rows, status="lost", answered_at=timezone.now()),
    "report_says_something": lambda rows: report(rows, role=""),
    "report_answered_once_closed": lambda rows: report(rows, status="accepted"),
    "skip_reason_known": lambda rows: skip(rows, reason="tired"),
    "skip_once_per_curator": lambda rows: twice(lambda: skip(rows)),
    "audit_drawn_from_population": lambda rows: audit(rows, population=1),
    "audit_one_open": lambda rows: twice(lambda: audit(rows)),
    "audit_entry_once_per_position": lambda rows: after(entry(rows), entry, rows, citation=rows["other"]),
    "audit_entry_once_per_citation": lambda rows: after(entry(rows), entry, rows, position=2),
    "audit_entry_stands_for_itself": lambda rows: entry(rows, weight=0.5),
    "audit_entry_reading_known": lambda rows: entry(rows, reading="tool"),
    "import_run_status_known": lambda rows: ImportRun(source="sample", fingerprint="f", status="lost"),
    "import_run_has_source": lambda rows: ImportRun(source="", fingerprint="f"),
    "rejected_record_has_reason": lambda rows: RejectedRecord(run=rows["run"], reason="", raw="{}"),
}


@pytest.mark.parametrize("constraint", sorted(REFUSED))
def test_a_constraint_refuses_its_row(rows: Rows, constraint: str) -> None:
    row = REFUSED[constraint](rows)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        if isinstance(row, Label):
            row.save()
        else:
            models.Model.save(row)
    assert names_constraint(str(refusal.value), constraint, type(row))


def names_constraint(message: str, constraint: str, model: type[models.Model]) -> bool:
    """PostgreSQL and SQLite name a failed check; of a uniqueness SQLite names the columns instead."""
    if constraint in message:
        return True
    declared = next(c for c in model._meta.constraints if c.name == constraint)
    if not isinstance(declared, UniqueConstraint):
        return False
    columns = [
        f"{model._meta.db_table}.{field.column}"
        for field in model._meta.concrete_fields
        if field.name in declared.fields
    ]
    return all(column in message for column in columns)


def test_every_declared_constraint_is_tried() -> None:
    declared = {
        constraint.name
        for name in tables.__all__
        if isinstance(getattr(tables, name), type)
        for constraint in getattr(tables, name)._meta.constraints
        if isinstance(constraint, CheckConstraint | UniqueConstraint)
    }
    assert declared == set(REFUSED)


@pytest.mark.parametrize(
    ("model", "values"),
    [(Paper, {"title": "Another"}), (Venue, {"name": "Another"})],
)
def test_a_slug_is_taken_once(model: type[models.Model], values: dict[str, str]) -> None:
    model._default_manager.create(slug="taken", **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        model._default_manager.create(slug="taken", **values)


def test_an_author_key_is_taken_once() -> None:
    Author.objects.create(key="orcid:0000-0002-1825-0097", name="A")
    with pytest.raises(IntegrityError), transaction.atomic():
        Author.objects.create(key="orcid:0000-0002-1825-0097", name="B")


def test_a_pin_that_was_removed_makes_room_for_another(rows: Rows) -> None:
    pin(rows, hub_class="foundation", removed_at=timezone.now(), removed_by=rows["curator"]).save()
    pin(rows, hub_class="foundation").save()
    assert HubPin.objects.count() == 2


def test_a_paper_with_a_citation_is_not_deleted(rows: Rows) -> None:
    with pytest.raises(models.ProtectedError):
        rows["hub"].delete()


def test_a_curator_with_labels_is_not_deleted(rows: Rows) -> None:
    label(rows, decided_by="curator", source="curator", curator=rows["curator"], decision=uuid.uuid4()).save()
    with pytest.raises(models.ProtectedError):
        rows["curator"].delete()


def test_a_foreign_key_that_points_nowhere_is_refused(rows: Rows) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Mention.objects.create(citation_id=10**9, sentence="Lost.", source="sample", content_hash="h")
        from django.db import connection

        connection.check_constraints()


def test_folded_titles_sort_by_bytes_on_both_engines() -> None:
    """Languages put spaces, hyphens and tildes elsewhere; sort keys of other scripts begin with a tilde."""
    titles = ["a b", "a-b", "ab", "~004e2d", "zeta", "a", "1999"]
    for number, title in enumerate(titles):
        Paper.objects.create(slug=f"p{number}", title=title, sort_title=title)
    assert list(Paper.objects.order_by("sort_title").values_list("sort_title", flat=True)) == sorted(titles)
