"""Indexes of lists hold what is listed and nothing else, and what the whole collection holds is counted from indexes."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

CITED, STANDING = Q(known__gt=0), Q(merged_into__isnull=True)
HUBS = {
    "hub_most_citing": ["-known", "-paper"],
    "hub_most_classified": ["-classified", "-paper"],
    "hub_title": ["sort_title", "paper"],
    "hub_by_class": ["hub_class", "-known", "-paper"],
    "hub_newest": ["-sort_date", "-paper"],
}
NEW_OF_HUBS = {"hub_by_venue": ["venue", "known"], "hub_totals": ["known", "classified", "unclear", "assessed"]}
PAPERS = {
    "paper_newest": ["-sort_date", "-id"],
    "paper_title": ["sort_title", "id"],
    "paper_most_cited": ["-cited_by_count", "-id"],
}
TABLE, COLUMN = "citations_paper", "merged_into_id"


def drop_whole_index(apps, schema_editor):
    """Drop the index that came with the foreign key. `AlterField` would copy the whole table on SQLite."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TABLE)
    for name, facts in found.items():
        if facts["columns"] == [COLUMN] and facts["index"] and not facts["foreign_key"] and name != "paper_merged":
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_whole_index(apps, schema_editor):
    """Make it again, under a name of its own."""
    name = schema_editor.quote_name(f"{TABLE}_{COLUMN}")
    schema_editor.execute(f"CREATE INDEX {name} ON {schema_editor.quote_name(TABLE)} ({COLUMN})")


def added(model, name, fields, condition):
    index = models.Index(fields=fields, condition=condition, name=name)
    return migrations.AddIndex(model_name=model, index=index)


class Migration(migrations.Migration):
    dependencies = [("citations", "0012_merged_index")]
    operations = [
        *(migrations.RemoveIndex(model_name="hubsummary", name=name) for name in HUBS),
        *(migrations.RemoveIndex(model_name="paper", name=name) for name in PAPERS),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_whole_index, make_whole_index)],
            state_operations=[
                migrations.AlterField(
                    model_name="paper",
                    name="merged_into",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_papers",
                        to="citations.paper",
                    ),
                )
            ],
        ),
        *(added("hubsummary", name, fields, CITED) for name, fields in (HUBS | NEW_OF_HUBS).items()),
        *(added("paper", name, fields, STANDING) for name, fields in PAPERS.items()),
        added("paper", "paper_by_venue", ["venue"], Q(merged_into__isnull=True, venue__isnull=False)),
        added("paper", "paper_standing", ["id"], STANDING),
        added("paper", "paper_merged", ["merged_into"], Q(merged_into__isnull=False)),
        added(
            "citation",
            "citation_by_source",
            ["source", "coarse", "role", "polarity"],
            Q(merged_into__isnull=True, source__gt=""),
        ),
    ]
