"""The ledger can be added to, and nothing else: not through the ORM, and not through SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from citations.models import Citation, Label, Paper
from citations.querysets import AppendOnlyError

pytestmark = pytest.mark.django_db

REFUSAL = "append-only"


@pytest.fixture
def label() -> Label:
    citing, cited = (Paper.objects.create(slug=slug, title=slug) for slug in ("citing", "cited"))
    citation = Citation.objects.create(citing=citing, cited=cited)
    return Label.objects.create(citation=citation, role="method", decided_by="import", source="sample", note="Heard.")


def run(sql: str, *parameters: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


ORM_ATTEMPTS: dict[str, Callable[[Label], Any]] = {
    "save": lambda label: label.save(),
    "save some fields": lambda label: label.save(update_fields=["role"]),
    "delete": lambda label: label.delete(),
    "update": lambda label: Label.objects.filter(pk=label.pk).update(role="dataset"),
    "delete many": lambda label: Label.objects.all().delete(),
    "bulk update": lambda label: Label.objects.bulk_update([label], ["role"]),
    "update or create": lambda label: Label.objects.update_or_create(pk=label.pk, defaults={"role": "dataset"}),
    "through the citation": lambda label: label.citation.labels.all().delete(),
}


@pytest.mark.parametrize("attempt", sorted(ORM_ATTEMPTS))
def test_the_orm_refuses_to_change_a_label(label: Label, attempt: str) -> None:
    with pytest.raises(AppendOnlyError, match=REFUSAL), transaction.atomic():
        ORM_ATTEMPTS[attempt](label)
    assert Label.objects.get(pk=label.pk).role == "method"


SQL_ATTEMPTS = {
    "change the role": "UPDATE citations_label SET role = 'dataset' WHERE id = %s",
    "change the note": "UPDATE citations_label SET note = 'Said otherwise.' WHERE id = %s",
    "change the role while emptying the note": "UPDATE citations_label SET note = '', role = 'dataset' WHERE id = %s",
    "delete": "DELETE FROM citations_label WHERE id = %s",
}


def assert_sql_refused(label: Label) -> None:
    for sql in SQL_ATTEMPTS.values():
        with pytest.raises(IntegrityError, match=REFUSAL):
            run(sql, label.pk)
    kept = Label.objects.get(pk=label.pk)
    assert (kept.role, kept.note) == ("method", "Heard.")


def test_sql_cannot_change_or_delete_a_label(label: Label) -> None:
    assert_sql_refused(label)


def test_sql_cannot_replace_a_label(label: Label) -> None:
    """INSERT OR REPLACE fires no delete trigger on SQLite; its place on PostgreSQL is ON CONFLICT DO UPDATE."""
    columns = ", ".join(str(field.column) for field in Label._meta.concrete_fields)
    values = columns.replace(" role,", " 'dataset',")
    copy = f"INTO citations_label ({columns}) SELECT {values} FROM citations_label WHERE id = %s"
    statements = {
        "sqlite": f"INSERT OR REPLACE {copy}",
        "postgresql": f"INSERT {copy} ON CONFLICT (id) DO UPDATE SET role = EXCLUDED.role",
    }
    with pytest.raises(IntegrityError, match=REFUSAL):
        run(statements[connection.vendor], label.pk)
    assert Label.objects.get(pk=label.pk).role == "method"


def test_a_note_may_be_emptied_and_nothing_more(label: Label) -> None:
    run("UPDATE citations_label SET note = '' WHERE id = %s", label.pk)
    assert Label.objects.get(pk=label.pk).note == ""


@pytest.mark.django_db(transaction=True)
def test_the_protection_comes_back_after_the_table_was_altered(label: Label) -> None:
    """SQLite alters a table by building a new one, which has no triggers; every migrate puts them back."""
    try:
        resize_raw_value(100, 120)
        call_command("migrate", verbosity=0)
        assert_sql_refused(label)
    finally:
        resize_raw_value(120, 100)
        call_command("migrate", verbosity=0)
    assert_sql_refused(label)


def resize_raw_value(old: int, new: int) -> None:
    """Alter a column of the ledger as a migration would."""

    def column(max_length: int) -> models.CharField[str, str]:
        field = models.CharField(max_length=max_length, blank=True, default="")
        field.set_attributes_from_name("raw_value")
        field.model = Label
        return field

    with connection.schema_editor() as editor:
        editor.alter_field(Label, column(old), column(new))


def test_the_protection_is_in_place_for_every_new_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            {
                "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' "
                "AND name LIKE 'citations_label_no_%'",
                "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'citations_label'::regclass "
                "AND tgname LIKE 'citations_label_no_%'",
            }[connection.vendor]
        )
        assert cursor.fetchone() == (3,)
