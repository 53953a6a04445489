"""The index of merged citations holds those alone, so that a load need not write into it for each row; and feeds get
an index of what came last to a hub, for which SQLite had taken that one.
"""

import django.db.models.deletion
from django.db import migrations, models

TABLE, COLUMN = "citations_citation", "merged_into_id"


def drop_whole_index(apps, schema_editor):
    """Drop the index that came with the foreign key. `AlterField` would copy the whole table on SQLite."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TABLE)
    names = [
        name
        for name, facts in found.items()
        if facts["columns"] == [COLUMN] and facts["index"] and not facts["foreign_key"] and name != "citation_merged"
    ]
    for name in names:
        schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_whole_index(apps, schema_editor):
    """Make it again, under a name of its own."""
    name = schema_editor.quote_name(f"{TABLE}_{COLUMN}")
    schema_editor.execute(f"CREATE INDEX {name} ON {schema_editor.quote_name(TABLE)} ({COLUMN})")


class Migration(migrations.Migration):
    dependencies = [("citations", "0011_best_of_each_role")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_whole_index, make_whole_index)],
            state_operations=[
                migrations.AlterField(
                    model_name="citation",
                    name="merged_into",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_citations",
                        to="citations.citation",
                    ),
                )
            ],
        ),
        migrations.AddIndex(
            model_name="citation",
            index=models.Index(
                fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="citation_merged"
            ),
        ),
        migrations.AddIndex(
            model_name="citation",
            index=models.Index(
                fields=["cited", "-id"], condition=models.Q(merged_into__isnull=True), name="citation_added"
            ),
        ),
    ]
