"""What two migrations share: the index of "merged into" is replaced by one of the rows that were merged alone."""

import django.db.models.deletion
from django.db import migrations, models


def replaced(model, related_name, new):
    """Operations on `merged_into` of `model`: the index that came with the foreign key goes, and `new` comes.

    `AlterField` alone would copy the whole table on SQLite.
    """
    table, column = f"citations_{model}", "merged_into_id"

    def drop_whole_index(apps, schema_editor):
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table)
        for name, facts in found.items():
            if facts["columns"] == [column] and facts["index"] and not facts["foreign_key"] and name != new:
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")

    def make_whole_index(apps, schema_editor):
        name = schema_editor.quote_name(f"{table}_{column}")
        schema_editor.execute(f"CREATE INDEX {name} ON {schema_editor.quote_name(table)} ({column})")

    return [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_whole_index, make_whole_index)],
            state_operations=[
                migrations.AlterField(
                    model_name=model,
                    name="merged_into",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name=related_name,
                        to=f"citations.{model}",
                    ),
                )
            ],
        ),
        migrations.AddIndex(
            model_name=model,
            index=models.Index(fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name=new),
        ),
    ]
